#include "support/daemon.hpp"
#include "support/pattern.hpp"
#include "support/raw_client.hpp"
#include "support/websocket_client.hpp"

#include <string>

#include <boost/test/unit_test.hpp>

using namespace drawbridge::testing;

namespace {

std::string echo_route(const std::string& more = {}) {
  return "  - { name: desk, path: /desk, origins: [ \"" + std::string(usual_origin) + "\" ], backend: \"echo:\"" +
         more + " }\n";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(echo_backend)

BOOST_AUTO_TEST_CASE(messages_come_back_with_type_and_bounds_and_the_log_says_so) {
  Daemon daemon(configuration(tls_listener(), echo_route()));
  WebSocketClient client(daemon.port());
  const std::string large = pattern(3 << 20);
  client.write("text", true);
  client.write(large);
  client.write_fragment("in two ", false);
  client.write_fragment("pieces", true);
  BOOST_TEST(client.read().text);
  const Message second = client.read();
  BOOST_TEST(!second.text);
  BOOST_TEST(first_difference(second.payload, large) == std::string::npos);
  BOOST_TEST(client.read().payload == "in two pieces");
  client.close();

  const Record record = daemon.session("client_closed");
  BOOST_TEST(record["backend"] == "echo:");
  BOOST_TEST(record.number("up_bytes") == large.size() + 17);
  BOOST_TEST(record.number("down_bytes") == large.size() + 17);
  BOOST_TEST(record.number("up_messages") == 3U);
  BOOST_TEST(record.number("down_messages") == 3U);
  BOOST_TEST(record.number("down_discarded") == 0U);
}

BOOST_AUTO_TEST_CASE(a_browser_that_does_not_read_is_not_read_and_then_gets_all) {
  Daemon daemon(configuration(tls_listener(), echo_route()));
  RawClient client = RawClient::open(daemon.port());
  const std::string message = frame(Op::binary, pattern(1'000));
  const std::size_t sent = client.wire().write_until_stuck(message, std::chrono::milliseconds(300));
  BOOST_TEST(sent > message.size());
  const std::size_t whole = sent / message.size();
  for (std::size_t i = 0; i < whole; ++i) BOOST_REQUIRE(client.read_payload(1'000) == pattern(1'000));
  // Ends the frame that was under way; there was no room for it before.
  client.send(std::string_view(message).substr(sent % message.size()));
  BOOST_REQUIRE(client.read_payload(1'000) == pattern(1'000));
  client.finish();
  const Record record = daemon.session("client_closed");
  BOOST_TEST(record.number("down_messages") == whole + 1);
  BOOST_TEST(record.number("down_discarded") == 0U);
}

BOOST_AUTO_TEST_CASE(a_drain_ends_it_like_any_other_session) {
  Daemon daemon(configuration(tls_listener(), echo_route(), "timeouts: { drain: 1s }\n"));
  RawClient client = RawClient::open(daemon.port());
  client.send_frame(Op::text, "before");
  BOOST_TEST(client.read_payload(6) == "before");
  daemon.terminate();
  BOOST_TEST(client.read_close().code == 1012);
  client.finish();
  daemon.session("drain");
  BOOST_TEST(daemon.process().wait() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
