#include "support/backend.hpp"
#include "support/daemon.hpp"
#include "support/raw_client.hpp"
#include "support/tokens.hpp"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace drawbridge::testing;

namespace {

const std::string good = "the-one-that-is-right-0123456789";

Head bearing(const std::string& token) {
  return Head().set("Authorization", "Bearer " + token);
}

struct Bridge {
  Backend backend{echo()};
  Daemon daemon;

  Bridge(const std::string& listener, const std::string& penalties)
      : daemon(configuration(listener, route("desk", backend.port(), ", auth: [ { tokens: { file: tokens.txt } } ]"),
                             "penalties: { exempt: [], " + penalties + " }\n"),
               {.files = {{"tokens.txt", token_line(good, "alice")}}, .process = {}}) {}

  RawClient come(const std::string& source) { return RawClient(Address{.port = daemon.port(), .source = source}, {}); }
  Answer ask(const std::string& source, const std::string& token) { return come(source).request(bearing(token)); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(penalty)

BOOST_AUTO_TEST_CASE(who_guesses_is_shut_out_and_nobody_else) {
  Bridge bridge(tls_listener(), "credential: 20s, minimum: 30s, maximum: 60s");
  RawClient session = bridge.come("127.0.0.5");
  BOOST_TEST(session.request(bearing(good)).status == 101U);
  RawClient early = bridge.come("127.0.0.5");

  BOOST_TEST(bridge.ask("127.0.0.5", "wrong-0123456789-wrong").reason() == "credential_invalid");
  BOOST_TEST(bridge.ask("127.0.0.5", "wrong-0123456789-again").reason() == "credential_invalid");
  const Record out = bridge.daemon.wait_for("shut_out");
  BOOST_TEST(out["client"] == "127.0.0.5");
  BOOST_TEST(out["for"] == "credential_invalid");
  BOOST_TEST(out["enforced"] == "true");

  // One is told why, also with the right token; the next ones are dropped.
  const Answer told = bridge.ask("127.0.0.5", good);
  BOOST_TEST(told.status == 429U);
  BOOST_TEST(told.reason() == "penalty");
  BOOST_TEST(std::stoi(told.field("Retry-After")) > 20);
  BOOST_TEST(bridge.daemon.refused("penalty")["rule"] == "penalties");
  // Who was here before cannot go on guessing.
  BOOST_TEST(early.request(bearing(good)).reason() == "penalty");

  session.send_frame(Op::binary, "still here");
  BOOST_TEST(session.read_payload(10) == "still here");
  BOOST_TEST(bridge.ask("127.0.0.6", good).status == 101U);
}

BOOST_AUTO_TEST_CASE(missing_and_expired_credentials_are_no_guesses) {
  Bridge bridge(tls_listener(), "credential: 30s");
  for (int i = 0; i < 5; ++i) BOOST_TEST(bridge.come("127.0.0.5").request(Head()).reason() == "credential_missing");
  BOOST_TEST(bridge.ask("127.0.0.5", good).status == 101U);
}

BOOST_AUTO_TEST_CASE(it_can_be_tried_out_first) {
  Bridge bridge(tls_listener(), "enforce: false, credential: 30s");
  BOOST_TEST(bridge.ask("127.0.0.5", "wrong-0123456789-wrong").reason() == "credential_invalid");
  BOOST_TEST(bridge.daemon.wait_for("shut_out")["enforced"] == "false");
  BOOST_TEST(bridge.ask("127.0.0.5", good).status == 101U);
  const Record would = bridge.daemon.wait_for("would_refuse");
  BOOST_TEST(would["reason"] == "penalty");
  BOOST_TEST(would["client"] == "127.0.0.5");
}

BOOST_AUTO_TEST_CASE(it_is_the_client_that_a_proxy_names_who_is_shut_out) {
  Bridge bridge("  - { bind: \"127.0.0.1:0\", proxy_protocol: [ 127.0.0.1 ] }\n", "credential: 30s");
  const auto ask = [&](const std::string& client, const std::string& token) {
    RawClient connection(connect_tcp(bridge.daemon.port()));
    connection.send("PROXY TCP4 " + client + " 127.0.0.1 1 443\r\n" + bearing(token).text());
    return connection.read_answer();
  };
  BOOST_TEST(ask("192.0.2.5", "wrong-0123456789-wrong").reason() == "credential_invalid");
  BOOST_TEST(ask("192.0.2.5", good).reason() == "penalty");
  BOOST_TEST(ask("192.0.2.6", good).status == 101U);
}

BOOST_AUTO_TEST_CASE(breaking_the_protocol_in_a_session_counts_too) {
  Bridge bridge(tls_listener(), "protocol: 30s");
  RawClient session = bridge.come("127.0.0.5");
  BOOST_TEST(session.request(bearing(good)).status == 101U);
  session.send_frame(Op::binary, "x", {.masked = false});
  bridge.daemon.session("protocol_error");
  bridge.daemon.wait_for("shut_out");
  BOOST_TEST(bridge.ask("127.0.0.5", good).reason() == "penalty");
}

BOOST_AUTO_TEST_SUITE_END()
