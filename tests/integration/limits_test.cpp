#include "support/backend.hpp"
#include "support/channel.hpp"
#include "support/daemon.hpp"
#include "support/raw_client.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace drawbridge::testing;
using std::chrono::steady_clock;

namespace {

// Opens until the bridge answers something else than 101, at most `most` times; that answer, or the 101.
Answer open_until_refused(Daemon& daemon, std::vector<RawClient>& open, int most, const std::string& source = {}) {
  Answer answer;
  for (int i = 0; i < most; ++i) {
    RawClient client(Address{.port = daemon.port(), .source = source}, {});
    answer = client.request(Head());
    if (answer.status != 101) return answer;
    open.push_back(std::move(client));
  }
  return answer;
}

double seconds_since(steady_clock::time_point start) {
  return std::chrono::duration<double>(steady_clock::now() - start).count();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(limits_of_sessions)

BOOST_AUTO_TEST_CASE(a_client_may_hold_so_many_sessions_and_others_as_many) {
  const Backend backend(echo());
  Daemon daemon(simple(backend.port(), "", "limits: { sessions_per_client: 3 }\n"));
  std::vector<RawClient> open;
  const Answer fourth = open_until_refused(daemon, open, 10);
  BOOST_TEST(open.size() == 3U);
  BOOST_TEST(fourth.status == 429U);
  BOOST_TEST(fourth.reason() == "client_sessions");
  BOOST_TEST(!fourth.field("Retry-After").empty());
  BOOST_TEST(daemon.refused("client_sessions")["client"].starts_with("127.0.0.1"));

  std::vector<RawClient> others;
  open_until_refused(daemon, others, 10, "127.0.0.2");
  BOOST_TEST(others.size() == 3U);

  // The place is free again once the session is gone, which is just after it was logged.
  open.back().finish();
  daemon.session("client_closed");
  open.pop_back();
  const auto deadline = steady_clock::now() + patience;
  while (open.size() < 3 && steady_clock::now() < deadline) open_until_refused(daemon, open, 1);
  BOOST_TEST(open.size() == 3U);
}

BOOST_AUTO_TEST_CASE(a_route_and_the_whole_are_full_at_their_limits) {
  const Backend backend(echo());
  Daemon daemon(configuration(
      tls_listener(), route("desk", backend.port(), ", limits: { sessions: 2 }") + route("wide", backend.port()),
      "limits: { sessions: 4 }\n"));
  std::vector<RawClient> open;
  const Answer route_full = open_until_refused(daemon, open, 5);
  BOOST_TEST(open.size() == 2U);
  BOOST_TEST(route_full.status == 503U);
  BOOST_TEST(route_full.reason() == "route_full");
  BOOST_TEST(!route_full.field("Retry-After").empty());
  daemon.refused("route_full");
  for (int i = 0; i < 2; ++i) open.push_back(RawClient::open(daemon.port(), Head("/wide")));
  RawClient last(daemon.port());
  const Answer full = last.request(Head("/wide"));
  BOOST_TEST(full.status == 503U);
  BOOST_TEST(full.reason() == "full");
  BOOST_TEST(!full.field("Retry-After").empty());
  daemon.refused("full");
}

BOOST_AUTO_TEST_CASE(who_is_refused_takes_no_place_while_he_is_told) {
  const ClosedPort closed;
  Daemon daemon(simple(closed.port(), ", limits: { sessions: 1 }"));
  RawClient first(daemon.port());
  BOOST_TEST(first.request(Head()).reason() == "backend_refused");  // and does not close
  BOOST_TEST(RawClient(daemon.port()).request(Head()).reason() == "backend_refused");
}

BOOST_AUTO_TEST_CASE(hasty_clients_get_429_and_then_nothing) {
  const Backend backend(echo());
  Daemon daemon(simple(backend.port(), "", "limits: { handshakes_per_client: 0.01/s, handshake_burst: 5 }\n"));
  std::vector<RawClient> open;
  const Answer sixth = open_until_refused(daemon, open, 10);
  BOOST_TEST(open.size() == 5U);
  BOOST_TEST(sixth.status == 429U);
  BOOST_TEST(sixth.reason() == "rate");
  BOOST_TEST(!sixth.field("Retry-After").empty());
  daemon.refused("rate");
  // Up to twice over the rate they are told; beyond that the socket closes before TLS.
  int told = 1;
  bool dropped = false;
  for (int i = 0; i < 10 && !dropped; ++i) {
    try {
      RawClient client(daemon.port());
      BOOST_TEST(client.request(Head()).status == 429U);
      ++told;
    } catch (const std::runtime_error&) {
      dropped = true;
    }
  }
  BOOST_TEST(dropped);
  BOOST_TEST(told == 5);
  std::vector<RawClient> others;
  open_until_refused(daemon, others, 5, "127.0.0.2");
  BOOST_TEST(others.size() == 5U);
}

BOOST_AUTO_TEST_CASE(connections_before_their_upgrade_are_dropped_at_random_when_they_are_many) {
  const Backend backend(echo());
  Daemon daemon(simple(backend.port(), "", "limits: { pending: 8 }\n"));
  std::vector<Wire> mute;
  for (int i = 0; i < 100; ++i) mute.push_back(connect_tcp(daemon.port()));
  daemon.refused("pending_full");
  // All but those between the limit and its double are gone; which, is chance.
  const auto closed = [](Wire& wire) { return wire.readable(std::chrono::milliseconds(0)); };
  const auto deadline = steady_clock::now() + patience;
  std::size_t left = mute.size();
  while (left > 16 && steady_clock::now() < deadline) {
    left = static_cast<std::size_t>(std::count_if(mute.begin(), mute.end(), [&](Wire& wire) { return !closed(wire); }));
  }
  BOOST_TEST(left >= 8U);
  BOOST_TEST(left <= 16U);
  mute.clear();
  const auto opens = [&] {
    try {
      return RawClient(daemon.port()).request(Head()).status == 101;
    } catch (const std::runtime_error&) {  // the ones that left may still be counted
      return false;
    }
  };
  while (!opens()) BOOST_REQUIRE(steady_clock::now() < deadline);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(limits_of_bytes)

BOOST_AUTO_TEST_CASE(a_frame_over_the_cap_is_refused_on_its_header_alone) {
  const Backend backend(echo());
  Daemon daemon(simple(backend.port(), ", limits: { frame: 1KiB }"));
  for (const std::uint64_t announced : {std::uint64_t{1025}, std::uint64_t{1} << 40, (std::uint64_t{1} << 63) - 1}) {
    BOOST_TEST_CONTEXT("announced " << announced) {
      RawClient client = RawClient::open(daemon.port());
      const std::string full(1024, 'x');
      client.send_frame(Op::binary, full);
      BOOST_TEST(client.read_payload(1024) == full);
      client.send(frame(Op::binary, "", {.announce = announced}));
      const Close close = client.read_close();
      BOOST_TEST(close.code == 1009);
      BOOST_TEST(close.text == "frame_too_big");
      client.finish();
      const Record record = daemon.session("frame_too_big");
      BOOST_TEST(record["code"] == "1009");
      BOOST_TEST(record.number("up_bytes") == 1024U);
    }
  }
}

BOOST_AUTO_TEST_CASE(fragments_together_may_not_pass_the_message_cap) {
  const Backend backend(echo());
  Daemon daemon(simple(backend.port(), ", limits: { frame: 1KiB, message: 2KiB }"));
  RawClient client = RawClient::open(daemon.port());
  const std::string kibibyte(1024, 'x');
  client.send(frame(Op::binary, kibibyte, {.fin = false}) + frame(Op::continuation, kibibyte));
  BOOST_TEST(client.read_payload(2048).size() == 2048U);
  client.send(frame(Op::binary, kibibyte, {.fin = false}) + frame(Op::continuation, kibibyte, {.fin = false}));
  BOOST_TEST(client.read_payload(2048).size() == 2048U);
  client.send(frame(Op::continuation, "", {.announce = 1}));
  BOOST_TEST(client.read_close().code == 1009);
  client.finish();
  BOOST_TEST(daemon.session("message_too_big").number("up_bytes") == 4096U);
}

BOOST_AUTO_TEST_CASE(a_session_ends_when_its_bytes_are_used_up) {
  const Backend backend(echo());
  Daemon daemon(simple(backend.port(), ", limits: { session_bytes: 4KiB }"));
  RawClient client = RawClient::open(daemon.port());
  client.send_frame(Op::binary, std::string(1024, 'x'));
  BOOST_TEST(client.read_payload(1024).size() == 1024U);
  client.send_frame(Op::binary, std::string(4096, 'y'));
  const Close close = client.read_close();
  BOOST_TEST(close.code == 1008);
  BOOST_TEST(close.text == "session_bytes");
  client.finish();
  const Record record = daemon.session("session_bytes");
  BOOST_TEST(record.number("up_bytes") + record.number("down_bytes") <= 4096U);
}

BOOST_AUTO_TEST_CASE(rates_shape_and_lose_nothing) {
  Channel<std::string> received;
  const Backend backend([&](Wire& wire) { received.push(wire.read_exactly(300 << 10)); });
  const std::string bytes(300 << 10, 'z');
  const Backend source(serve(bytes));
  Daemon daemon(
      configuration(tls_listener(), route("up", backend.port(), ", limits: { upstream_rate: 100KiB/s }") +
                                        route("down", source.port(), ", limits: { downstream_rate: 100KiB/s }") +
                                        route("few", backend.port(), ", limits: { messages_per_second: 20/s }")));
  // A bucket may start full with a second's worth, so that 300 KiB take two seconds at least.
  auto start = steady_clock::now();
  RawClient up = RawClient::open(daemon.port(), Head("/up"));
  for (std::size_t i = 0; i < bytes.size(); i += 1024) up.send_frame(Op::binary, bytes.substr(i, 1024));
  BOOST_TEST((received.pop() == bytes));
  BOOST_TEST(seconds_since(start) > 1.8);

  start = steady_clock::now();
  RawClient down = RawClient::open(daemon.port(), Head("/down"));
  BOOST_TEST((down.read_payload(bytes.size()) == bytes));
  BOOST_TEST(seconds_since(start) > 1.8);

  start = steady_clock::now();
  RawClient few = RawClient::open(daemon.port(), Head("/few"));
  for (std::size_t i = 0; i < bytes.size(); i += 5 << 10) few.send_frame(Op::binary, bytes.substr(i, 5 << 10));
  BOOST_TEST((received.pop() == bytes));
  BOOST_TEST(seconds_since(start) > 1.8);
}

BOOST_AUTO_TEST_CASE(the_head_may_be_as_large_as_the_limit_says) {
  const Backend backend(echo());
  Daemon daemon(simple(backend.port(), "", "limits: { head: 2KiB }\n"));
  const auto status = [&](std::size_t size) {
    return RawClient(daemon.port()).request(Head().set("X-A", std::string(size, 'a'))).status;
  };
  BOOST_TEST(status(1500) == 101U);
  BOOST_TEST(status(2048) == 431U);
  // What never ends its line is refused at the limit too, not read for ever.
  RawClient endless(daemon.port());
  endless.send("GET /desk HTTP/1.1\r\nX-A: " + std::string(4096, 'a'));
  BOOST_TEST(endless.read_answer().status == 431U);
}

BOOST_AUTO_TEST_CASE(all_sessions_together_hold_no_more_than_the_buffers_limit) {
  // Nobody reads: every session holds what is stuck, up to its bound, until the total is reached; then the bridge ends
  // sessions as overloaded instead of growing.
  const Backend backend([](Wire& wire) {
    const std::string piece(64 << 10, 'b');
    for (;;) wire.write(piece);
  });
  Daemon daemon(simple(backend.port(), "", "limits: { buffers: 128KiB }\n"));
  std::vector<RawClient> stuck;
  for (int i = 0; i < 12; ++i) stuck.push_back(RawClient::open(daemon.port()));
  const Record record = daemon.session("overload");
  BOOST_TEST(record["code"] == "1013");
}

BOOST_AUTO_TEST_SUITE_END()
