#include "support/backend.hpp"
#include "support/channel.hpp"
#include "support/daemon.hpp"
#include "support/pattern.hpp"
#include "support/raw_client.hpp"
#include "support/websocket_client.hpp"

#include <chrono>
#include <string>

#include <boost/test/unit_test.hpp>

using namespace drawbridge::testing;
using std::chrono::steady_clock;
using namespace std::chrono_literals;

BOOST_TEST_DONT_PRINT_LOG_VALUE(Close)

BOOST_AUTO_TEST_SUITE(timeouts)

BOOST_AUTO_TEST_CASE(a_session_without_payload_is_idle_and_pings_do_not_count) {
  const Backend backend(echo());
  Daemon daemon(simple(backend.port(), ", timeouts: { idle: 600ms, ping: 100ms }"));
  WebSocketClient client(daemon.port());
  const auto start = steady_clock::now();
  while (steady_clock::now() - start < 900ms) {  // payload keeps it alive past the limit
    client.write("x");
    BOOST_TEST(client.read_bytes(1) == "x");
  }
  BOOST_TEST((client.read_close() == Close{1001, "idle"}));  // answers the pings that come while it waits
  BOOST_TEST(daemon.session("idle")["code"] == "1001");
}

BOOST_AUTO_TEST_CASE(a_session_ends_at_its_lifetime_however_busy) {
  const Backend backend(echo());
  Daemon daemon(simple(backend.port(), ", timeouts: { lifetime: 500ms }"));
  RawClient client = RawClient::open(daemon.port());
  const auto start = steady_clock::now();
  for (;;) {
    client.send_frame(Op::binary, "busy");
    const Frame next = client.read_frame();
    if (next.opcode != Op::close) continue;
    BOOST_TEST(next.payload == close_payload(1001, "lifetime"));
    break;
  }
  BOOST_TEST((steady_clock::now() - start >= 450ms));
  client.finish();
  BOOST_TEST(daemon.session("lifetime")["code"] == "1001");
}

BOOST_AUTO_TEST_CASE(a_browser_that_answers_no_ping_is_dead) {
  const Backend backend(echo());
  Daemon daemon(simple(backend.port(), ", timeouts: { ping: 200ms, dead: 700ms, close: 300ms }"));
  RawClient client = RawClient::open(daemon.port());
  int pings = 0;
  Frame next = client.read_frame();
  for (; next.opcode == Op::ping; next = client.read_frame()) ++pings;
  BOOST_TEST(pings >= 1);
  BOOST_TEST((next.opcode == Op::close));
  BOOST_TEST(next.payload == close_payload(1001, "dead"));
  BOOST_TEST(daemon.session("dead")["code"] == "1001");
}

BOOST_AUTO_TEST_CASE(any_byte_counts_as_life) {
  const Backend backend(echo());
  Daemon daemon(simple(backend.port(), ", timeouts: { ping: 100ms, dead: 500ms }"));
  RawClient client = RawClient::open(daemon.port());
  const auto start = steady_clock::now();
  // Not pongs to the pings, but unasked ones; never the data that would be payload.
  while (steady_clock::now() - start < 1500ms) {
    BOOST_REQUIRE((client.read_frame().opcode == Op::ping));
    client.send_frame(Op::pong, "unasked");
  }
  client.send_frame(Op::binary, "alive");
  BOOST_TEST(client.read_payload(5) == "alive");
}

BOOST_AUTO_TEST_CASE(a_browser_held_back_by_its_backend_is_not_called_dead) {
  Channel<bool> go;
  Channel<std::string> received;
  const std::string bytes = pattern(32 << 20);
  const Backend backend([&](Wire& wire) {
    go.pop(1min);
    received.push(wire.read_exactly(bytes.size()));
    read_until_stopped(wire);
  });
  Daemon daemon(simple(backend.port(), ", timeouts: { ping: 100ms, dead: 300ms, stall: 60s }"));
  RawClient client = RawClient::open(daemon.port());
  std::string wire;
  for (const std::string_view piece : pieces(bytes, 1 << 20, 5)) wire += frame(Op::binary, piece);
  // While it is stuck the bridge does not read: no pong could be seen, however long it takes.
  const std::size_t taken = client.wire().write_until_stuck(wire, 1200ms);
  BOOST_REQUIRE(taken < wire.size());
  go.push(true);
  client.send(std::string_view(wire).substr(taken));
  BOOST_TEST((received.pop() == bytes));
  BOOST_TEST((daemon.log().find("\"dead\"") == std::string::npos));
}

BOOST_AUTO_TEST_CASE(a_backend_that_never_reads_ends_as_stall) {
  const Backend backend([](Wire& wire) { wire.do_nothing(); });
  Daemon daemon(simple(backend.port(), ", timeouts: { stall: 500ms }"));
  RawClient client = RawClient::open(daemon.port());
  const std::string wire = frame(Op::binary, pattern(15 << 20));
  BOOST_TEST(client.wire().write_until_stuck(wire, 200ms) < wire.size());
  const Close close = client.read_close();
  BOOST_TEST(close.code == 1013);
  BOOST_TEST(close.text == "stall");
  const Record record = daemon.session("stall");
  BOOST_TEST(record["code"] == "1013");
  BOOST_TEST(record.number("up_discarded") > 0U);
}

BOOST_AUTO_TEST_CASE(a_browser_that_never_reads_ends_as_stall) {
  const Backend backend([](Wire& wire) {
    const std::string bytes = pattern(1 << 20);
    for (;;) wire.write(bytes);
  });
  Daemon daemon(simple(backend.port(), ", timeouts: { stall: 500ms, close: 500ms }"));
  RawClient client = RawClient::open(daemon.port());
  const Record record = daemon.session("stall");
  BOOST_TEST(record.number("down_discarded") > 0U);
}

BOOST_AUTO_TEST_CASE(pings_come_and_none_means_none) {
  const Backend backend(echo());
  Daemon daemon(configuration(
      tls_listener(), route("often", backend.port(), ", timeouts: { ping: 100ms }") +
                          route("never", backend.port(), ", timeouts: { ping: none, dead: none, stall: none }")));
  RawClient often = RawClient::open(daemon.port(), Head("/often"));
  RawClient never = RawClient::open(daemon.port(), Head("/never"));
  for (int i = 0; i < 3; ++i) {
    const Frame ping = often.read_frame();
    BOOST_TEST((ping.opcode == Op::ping));
    often.send_frame(Op::pong, ping.payload);
  }
  BOOST_TEST(!never.wire().readable(0ms));
}

BOOST_AUTO_TEST_SUITE_END()
