#include "support/backend.hpp"
#include "support/channel.hpp"
#include "support/daemon.hpp"
#include "support/pattern.hpp"
#include "support/raw_client.hpp"
#include "support/websocket_client.hpp"

#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <sys/socket.h>

using namespace drawbridge::testing;

namespace {

constexpr auto equal = std::string_view::npos;  // of first_difference
constexpr std::size_t mebibyte = 1 << 20;

}  // namespace

BOOST_AUTO_TEST_SUITE(bytes_cross_whole)

BOOST_AUTO_TEST_CASE(every_size_around_a_boundary_comes_back) {
  const Backend backend(echo());
  Daemon daemon(simple(backend.port()));
  RawClient client = RawClient::open(daemon.port());
  std::uint64_t total = 0;
  for (const std::size_t edge : {0U, 1U, 125U, 126U, 4096U, 16380U, 16384U, 32768U, 65535U, 65536U, 131072U}) {
    for (const std::size_t size : {edge == 0 ? 0 : edge - 1, edge, edge + 1}) {
      const std::string bytes = pattern(size, size + 1);
      client.send_frame(Op::binary, bytes);
      BOOST_TEST(first_difference(client.read_payload(size), bytes) == equal, "size " << size);
      total += size;
    }
  }
  client.finish();
  const Record record = daemon.session("client_closed");
  BOOST_TEST(record.number("up_bytes") == total);
  BOOST_TEST(record.number("down_bytes") == total);
}

BOOST_AUTO_TEST_CASE(mixed_messages_of_an_independent_client_come_back) {
  const Backend backend(echo());
  Daemon daemon(simple(backend.port()));
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const std::string bytes = pattern(16 * mebibyte, seed);
    const std::vector<std::string_view> messages = pieces(bytes, mebibyte, seed);
    WebSocketClient client(daemon.port());
    BOOST_TEST(first_difference(client.exchange(messages, bytes.size()), bytes) == equal);
    BOOST_TEST(client.close().code == 1000);
    const Record record = daemon.session("client_closed");
    BOOST_TEST(record.number("up_messages") == messages.size());
    BOOST_TEST(record.number("up_bytes") == bytes.size());
    BOOST_TEST(record.number("down_bytes") == bytes.size());
  }
}

BOOST_AUTO_TEST_CASE(frames_cut_anywhere_by_the_network_come_back) {
  const Backend backend(echo());
  Daemon daemon(simple(backend.port()));
  RawClient client = RawClient::open(daemon.port());
  const std::string bytes = pattern(200'000);
  std::string wire;
  for (const std::string_view piece : pieces(bytes, 5000, 7)) wire += frame(Op::binary, piece);
  std::string received;
  for (const std::string_view cut : pieces(wire, 3000, 8)) client.send(cut);
  BOOST_TEST(first_difference(client.read_payload(bytes.size()), bytes) == equal);
}

BOOST_AUTO_TEST_CASE(a_service_that_speaks_first_is_heard) {
  const Backend backend(greet("RFB 003.008\n"));
  Daemon daemon(simple(backend.port()));
  WebSocketClient client(daemon.port());
  BOOST_TEST(client.read_bytes(12) == "RFB 003.008\n");
  client.write("RFB");
  BOOST_TEST(client.read_bytes(3) == "RFB");
}

// As telnet's Synch. A read stops at an urgent byte, though more is there.
BOOST_AUTO_TEST_CASE(urgent_bytes_stay_where_they_are_in_the_stream) {
  const Backend backend([](Wire& wire) {
    for (const std::string_view urgent : {"first!", "second!", "third!"}) {
      wire.write("quiet,");
      if (::send(wire.descriptor(), urgent.data(), urgent.size(), MSG_OOB) < 0) throw std::runtime_error("send");
      wire.write("behind,");
      wire.read_exactly(1);
    }
    wire.read_to_end();
  });
  Daemon daemon(simple(backend.port()));
  WebSocketClient client(daemon.port());
  for (const std::string expected : {"quiet,first!behind,", "quiet,second!behind,", "quiet,third!behind,"}) {
    BOOST_TEST(client.read_bytes(expected.size()) == expected);
    client.write("+");
  }
}

BOOST_AUTO_TEST_CASE(many_bytes_down_are_all_there_before_the_close) {
  const std::string bytes = pattern(32 * mebibyte);
  const Backend backend(serve(bytes));
  Daemon daemon(simple(backend.port()));
  WebSocketClient client(daemon.port());
  std::string payload;
  BOOST_TEST((client.read_close(&payload) == Close{1000, "backend_closed"}));
  BOOST_TEST(first_difference(payload, bytes) == equal);
  BOOST_TEST(daemon.session("backend_closed").number("down_bytes") == bytes.size());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(ends)

BOOST_AUTO_TEST_CASE(the_last_bytes_of_a_browser_that_closes_reach_the_backend) {
  Channel<std::string> received;
  const Backend backend([&](Wire& wire) { received.push(wire.read_to_end()); });
  Daemon daemon(simple(backend.port()));
  RawClient client = RawClient::open(daemon.port());
  const std::string bytes = pattern(3 * mebibyte);
  client.send(frame(Op::binary, bytes) + frame(Op::close, close_payload(1000)));
  BOOST_TEST((client.read_close() == Close{1000, ""}));
  BOOST_TEST(first_difference(received.pop(), bytes) == equal);  // and then a FIN, not a reset
  BOOST_TEST(client.wire().read_to_end() == "");
  const Record record = daemon.session("client_closed");
  BOOST_TEST(record.number("up_bytes") == bytes.size());
  BOOST_TEST(record.number("up_discarded") == 0U);
}

BOOST_AUTO_TEST_CASE(what_a_backend_sends_after_the_browsers_close_is_counted_as_discarded) {
  const Backend backend([](Wire& wire) {
    wire.read_to_end();
    wire.write("too late");
  });
  Daemon daemon(simple(backend.port()));
  RawClient client = RawClient::open(daemon.port());
  client.send_frame(Op::close, close_payload(1000));
  std::string payload;
  client.read_close(&payload);
  BOOST_TEST(payload.empty());
  BOOST_TEST(daemon.session("client_closed").number("down_discarded") == 8U);
}

BOOST_AUTO_TEST_CASE(a_backend_that_half_closes_and_reads_on_loses_nothing) {
  Channel<std::string> received;
  const Backend backend([&](Wire& wire) {
    wire.write("that is all from me");
    wire.shutdown_write();
    received.push(wire.read_to_end());
  });
  Daemon daemon(simple(backend.port()));
  RawClient client = RawClient::open(daemon.port());
  std::string payload;
  BOOST_TEST((client.read_close(&payload) == Close{1000, "backend_closed"}));
  BOOST_TEST(payload == "that is all from me");
  const std::string late = pattern(2 * mebibyte);  // sent after the bridge's Close, before the browser's
  client.send_frame(Op::binary, late);
  client.send_frame(Op::close, close_payload(1000));
  BOOST_TEST(first_difference(received.pop(), late) == equal);
  const Record record = daemon.session("backend_closed");
  BOOST_TEST(record.number("up_bytes") == late.size());
  BOOST_TEST(record.number("up_discarded") == 0U);
}

BOOST_AUTO_TEST_CASE(a_browser_that_does_not_answer_the_close_is_waited_for_so_long) {
  const Backend backend(serve("bye"));
  Daemon daemon(simple(backend.port(), ", timeouts: { close: 300ms }"));
  RawClient client = RawClient::open(daemon.port());
  client.read_close();
  client.wire().read_to_end_or_reset();
  daemon.session("backend_closed");
}

BOOST_AUTO_TEST_CASE(a_backend_that_closes_while_the_browser_sends_still_delivers_its_last_word) {
  const std::string last = pattern(mebibyte);
  const Backend backend([&](Wire& wire) {
    wire.read_exactly(100'000);
    wire.write(last);
    wire.shutdown_write();
    read_until_stopped(wire);
  });
  Daemon daemon(simple(backend.port()));
  RawClient client = RawClient::open(daemon.port());
  for (int i = 0; i < 10; ++i) client.send_frame(Op::binary, pattern(50'000));
  std::string payload;
  BOOST_TEST((client.read_close(&payload) == Close{1000, "backend_closed"}));
  BOOST_TEST(first_difference(payload, last) == equal);
  client.finish();
  BOOST_TEST(daemon.session("backend_closed").number("up_bytes") == 500'000U);
}

BOOST_AUTO_TEST_CASE(a_backend_that_resets_is_1011) {
  const Backend backend([](Wire& wire) {
    wire.read_exactly(5);
    wire.reset();
  });
  Daemon daemon(simple(backend.port()));
  WebSocketClient client(daemon.port());
  client.write("hello");
  BOOST_TEST((client.read_close() == Close{1011, "backend_reset"}));
  BOOST_TEST(daemon.session("backend_reset")["code"] == "1011");
}

BOOST_AUTO_TEST_CASE(a_browser_that_vanishes_ends_the_session_and_the_backend_hears_of_it) {
  Channel<std::string> received;
  const Backend backend([&](Wire& wire) { received.push(wire.read_to_end_or_reset()); });
  Daemon daemon(simple(backend.port()));
  for (const bool reset : {false, true}) {
    RawClient client = RawClient::open(daemon.port());
    client.send_frame(Op::binary, "last words");
    if (reset)
      client.wire().reset();
    else
      client.wire().close();
    const std::string heard = received.pop();
    if (!reset) BOOST_TEST(heard == "last words");
    const Record record = daemon.session("client_gone");
    BOOST_TEST(record["route"] == "desk");
  }
}

BOOST_AUTO_TEST_CASE(half_a_tls_record_and_then_the_end_is_no_crash) {
  const Backend backend(echo());
  Daemon daemon(simple(backend.port()));
  RawClient other = RawClient::open(daemon.port());
  {
    RawClient client = RawClient::open(daemon.port());
    const char header[] = "\x17\x03\x03\x40\x00half";
    BOOST_REQUIRE(::send(client.wire().descriptor(), header, sizeof header - 1, MSG_NOSIGNAL) > 0);
  }
  daemon.session("client_gone");
  {
    RawClient client = RawClient::open(daemon.port());
    const char record[] = "\x17\x03\x03\x00\x20this is no record of this session!!!!!!!";
    BOOST_REQUIRE(::send(client.wire().descriptor(), record, sizeof record - 1, MSG_NOSIGNAL) > 0);
    daemon.session("tls_error");
  }
  other.send_frame(Op::binary, "unharmed");
  BOOST_TEST(other.read_payload(8) == "unharmed");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(back_pressure)

BOOST_AUTO_TEST_CASE(a_backend_that_does_not_read_holds_the_browser_back_and_nothing_is_lost) {
  Channel<bool> go;
  Channel<std::string> received;
  const std::string bytes = pattern(64 * mebibyte);
  const Backend backend([&](Wire& wire) {
    go.pop();
    received.push(wire.read_exactly(bytes.size()));
  });
  Daemon daemon(simple(backend.port()));
  RawClient client = RawClient::open(daemon.port());
  client.send_frame(Op::binary, "", {.announce = 0});
  std::string wire;
  for (const std::string_view piece : pieces(bytes, mebibyte, 3)) wire += frame(Op::binary, piece);
  const std::size_t before = daemon.process().resident_bytes();
  const std::size_t taken = client.wire().write_until_stuck(wire, std::chrono::milliseconds(500));
  const std::size_t grown = daemon.process().resident_bytes() - before;
  BOOST_TEST(taken < wire.size());
  if (!sanitized) BOOST_TEST(static_cast<std::ptrdiff_t>(grown) < std::ptrdiff_t{4 * mebibyte});
  go.push(true);
  client.send(std::string_view(wire).substr(taken));
  BOOST_TEST(first_difference(received.pop(), bytes) == equal);
}

BOOST_AUTO_TEST_CASE(a_browser_that_does_not_read_holds_the_backend_back_and_nothing_is_lost) {
  Channel<std::size_t> stuck;
  const std::string bytes = pattern(64 * mebibyte);
  const Backend backend([&](Wire& wire) {
    const std::size_t taken = wire.write_until_stuck(bytes, std::chrono::milliseconds(500));
    stuck.push(taken);
    wire.write(std::string_view(bytes).substr(taken));
    read_until_stopped(wire);
  });
  Daemon daemon(simple(backend.port()));
  const std::size_t before = daemon.process().resident_bytes();
  RawClient client = RawClient::open(daemon.port());
  BOOST_TEST(stuck.pop() < bytes.size());
  const std::size_t grown = daemon.process().resident_bytes() - before;
  if (!sanitized) BOOST_TEST(static_cast<std::ptrdiff_t>(grown) < std::ptrdiff_t{4 * mebibyte});
  BOOST_TEST(first_difference(client.read_payload(bytes.size()), bytes) == equal);
}

BOOST_AUTO_TEST_CASE(a_stuck_direction_does_not_stop_the_other) {
  // The backend reads nothing but speaks on demand; the browser's pings are answered as long as it is read.
  Channel<bool> speak;
  const Backend backend([&](Wire& wire) {
    while (speak.pop()) wire.write("tick");
  });
  Daemon daemon(simple(backend.port()));
  RawClient client = RawClient::open(daemon.port());
  std::string wire;
  while (wire.size() < 32 * mebibyte) wire += frame(Op::binary, pattern(mebibyte));
  BOOST_TEST(client.wire().write_until_stuck(wire, std::chrono::milliseconds(300)) < wire.size());
  for (int i = 0; i < 3; ++i) {
    speak.push(true);
    BOOST_TEST(client.read_payload(4) == "tick");
  }
  speak.push(false);
}

BOOST_AUTO_TEST_SUITE_END()
