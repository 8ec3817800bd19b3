#include "support/backend.hpp"
#include "support/daemon.hpp"
#include "support/pattern.hpp"
#include "support/raw_client.hpp"
#include "support/tokens.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace drawbridge::testing;

// A rule is tried out before it is enforced: whom it would refuse comes in, and the log tells of it.

namespace {

const std::string good = "the-one-that-is-right-0123456789";
const std::string taken_back = "the-one-that-was-lost-0123456789";
const std::string brief = "the-one-that-ends-soon-123456789";

Head bearing(const std::string& token) {
  return Head().set("Authorization", "Bearer " + token);
}
Head foreign() {
  return Head().set("Origin", "https://evil.example");
}

const std::string listed = ", origins: [ \"https://app.example.org\" ]";
const std::string by_token = ", auth: [ { tokens: { file: tokens.txt } } ]";
const std::string untried = ", enforce: { auth: false }";

struct Bridge {
  Backend backend{echo()};
  Daemon daemon;

  explicit Bridge(const std::string& route_keys, const std::string& top = "",
                  const std::string& listeners = tls_listener())
      : daemon(configuration(listeners, route("desk", backend.port(), route_keys), top),
               {.files = {{"tokens.txt", token_line(good, "alice") + token_line(taken_back, "mallory") +
                                             token_line(brief, "bob expires=" + timestamp_in(2))},
                          {"revoked.txt", "identity mallory\n"}},
                .process = {}}) {}

  RawClient come(const std::string& source = "127.0.0.1") {
    return RawClient(Address{.port = daemon.port(), .source = source}, {});
  }
  Answer ask(const Head& head, const std::string& source = "127.0.0.1") { return come(source).request(head); }
  // Comes in, crosses, and goes; what the log says of what would have been.
  Record admitted(const Head& head, const std::string& source = "127.0.0.1") {
    RawClient client = come(source);
    BOOST_TEST(client.request(head).status == 101U);
    cross(client);
    client.finish();
    daemon.session("client_closed");
    return daemon.wait_for("would_refuse");
  }
  static void cross(RawClient& client, std::size_t size = 100) {
    const std::string payload = pattern(size);
    client.send_frame(Op::binary, payload);
    BOOST_TEST((client.read_payload(size) == payload));
  }
  std::size_t told() {
    const std::vector<Record> all = daemon.records();
    return static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(), [](const Record& record) { return record["event"] == "would_refuse"; }));
  }
};

void check(const Record& told, const std::string& reason, const std::string& rule) {
  BOOST_TEST(told["reason"] == reason, told.line);
  BOOST_TEST(told["rule"].starts_with(rule), told.line);
  BOOST_TEST(told["route"] == "desk", told.line);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(enforcement)

BOOST_AUTO_TEST_CASE(origins) {
  Bridge tried(listed + ", enforce: { origins: false }");
  const Record told = tried.admitted(foreign());
  check(told, "origin", "origins (");
  BOOST_TEST(told["origin"] == "https://evil.example");
  BOOST_TEST(tried.daemon.log().find("`origins` is not enforced") != std::string::npos);
  // Nothing is told of who is listed, and who sends none is for `allow_missing_origin`.
  BOOST_TEST(tried.ask(Head()).status == 101U);
  BOOST_TEST(tried.ask(Head().without("Origin")).reason() == "origin");
  BOOST_TEST(tried.told() == 1U);

  Bridge enforced(listed + ", enforce: { origins: true }");
  BOOST_TEST(enforced.ask(foreign()).reason() == "origin");
  BOOST_TEST(enforced.told() == 0U);
}

BOOST_AUTO_TEST_CASE(addresses_on_a_route) {
  const std::string rules = ", allow: [ 127.0.0.0/28 ], deny: [ 127.0.0.13 ]";
  Bridge tried(rules + ", enforce: { allow: false, deny: false }");
  check(tried.admitted(Head(), "127.0.0.13"), "client_denied", "deny (");
  check(tried.admitted(Head(), "127.0.0.66"), "client_denied", "allow (");
  BOOST_TEST(tried.ask(Head()).status == 101U);
  BOOST_TEST(tried.told() == 2U);

  // Each for itself.
  Bridge enforced(rules + ", enforce: { allow: false }");
  BOOST_TEST(enforced.ask(Head(), "127.0.0.13").reason() == "client_denied");
  check(enforced.admitted(Head(), "127.0.0.66"), "client_denied", "allow (");
}

BOOST_AUTO_TEST_CASE(addresses_on_a_listener) {
  const auto listener = [](const std::string& more) {
    std::string text = tls_listener();
    return text.insert(text.rfind('}'), ", deny: [ 127.0.0.13 ]" + more + " ");
  };
  Bridge tried("", "", listener(", enforce: { deny: false }"));
  check(tried.admitted(Head(), "127.0.0.13"), "client_denied", "deny (");
  BOOST_TEST(tried.ask(Head()).status == 101U);
  BOOST_TEST(tried.told() == 1U);

  Bridge enforced("", "", listener(""));
  BOOST_CHECK_THROW(enforced.come("127.0.0.13"), std::exception);
  BOOST_TEST(enforced.daemon.refused("client_denied")["client"] == "127.0.0.13");
}

BOOST_AUTO_TEST_CASE(the_address_that_a_proxy_names) {
  Bridge tried("", "",
               "  - { bind: \"127.0.0.1:0\", proxy_protocol: [ 127.0.0.1 ], allow: [ 192.0.2.0/24 ], "
               "enforce: { allow: false } }\n");
  RawClient client(connect_tcp(tried.daemon.port()));
  client.send("PROXY TCP4 198.51.100.7 127.0.0.1 1 443\r\n" + Head().text());
  BOOST_TEST(client.read_answer().status == 101U);
  const Record told = tried.daemon.wait_for("would_refuse");
  check(told, "client_denied", "allow (");
  BOOST_TEST(told["client"] == "198.51.100.7");
}

BOOST_AUTO_TEST_CASE(credentials) {
  Bridge tried(by_token + untried, "penalties: { exempt: [], credential: 30s }\nrevocations: revoked.txt\n");
  check(tried.admitted(Head()), "credential_missing", "auth.tokens (");
  // Nobody is shut out for what is allowed.
  for (int i = 0; i < 3; ++i) {
    check(tried.admitted(bearing("wrong-0123456789-wrong")), "credential_invalid", "auth.tokens (");
  }
  const Record revoked = tried.admitted(bearing(taken_back));
  check(revoked, "revoked", "auth.tokens (");
  BOOST_TEST(revoked["identity"] == "mallory");

  // A good credential says who it is.
  RawClient alice = tried.come();
  BOOST_TEST(alice.request(bearing(good)).status == 101U);
  Bridge::cross(alice);
  alice.finish();
  BOOST_TEST(tried.daemon.wait_for("session", {{"identity", "alice"}})["reason"] == "client_closed");
  BOOST_TEST(tried.told() == 5U);
  BOOST_TEST(tried.daemon.log().find("`auth` is not enforced") != std::string::npos);

  Bridge enforced(by_token);
  BOOST_TEST(enforced.ask(Head()).reason() == "credential_missing");
}

// What a credential would end ends nothing either, not even once it is revoked.
BOOST_AUTO_TEST_CASE(credentials_of_a_session) {
  Bridge tried(by_token + untried, "revocations: revoked.txt\nadmin: [ { bind: 'unix:admin.sock' } ]\n");
  RawClient bob = tried.come();
  BOOST_TEST(bob.request(bearing(brief)).status == 101U);
  RawClient alice = tried.come();
  BOOST_TEST(alice.request(bearing(good)).status == 101U);
  Record told = tried.daemon.wait_for("would_refuse");
  check(told, "credential_expired", "auth (");
  BOOST_TEST(told["identity"] == "bob");
  tried.daemon.write("revoked.txt", "identity alice\n");
  told = tried.daemon.wait_for("would_refuse");
  check(told, "revoked", "auth (");
  BOOST_TEST(told["identity"] == "alice");
  Bridge::cross(bob);
  Bridge::cross(alice);
  // An operator's word is no rule to be tried.
  const Run killed =
      run({program(), "ctl", "-c", tried.daemon.directory().path("drawbridge.yaml"), "close", "--identity", "alice"});
  BOOST_TEST(killed.code == 0, killed.error);
  BOOST_TEST(alice.read_close().text == "killed");
}

BOOST_AUTO_TEST_CASE(sessions_of_a_route) {
  const std::string one = ", limits: { sessions: 1, enforce: { sessions: ";
  Bridge tried(one + "false } }");
  RawClient first = RawClient::open(tried.daemon.port());
  RawClient second = RawClient::open(tried.daemon.port());
  check(tried.daemon.wait_for("would_refuse"), "route_full", "limits.sessions (");
  Bridge::cross(first);
  Bridge::cross(second);
  BOOST_TEST(tried.told() == 1U);

  Bridge enforced(one + "true } }");
  RawClient only = RawClient::open(enforced.daemon.port());
  Bridge::cross(only);
  BOOST_TEST(enforced.ask(Head()).reason() == "route_full");
}

BOOST_AUTO_TEST_CASE(what_would_end_a_session) {
  Bridge tried(
      ", limits: { session_bytes: 1000, enforce: { session_bytes: false } }, "
      "timeouts: { idle: 300ms, lifetime: 600ms, enforce: { idle: false, lifetime: false } }");
  RawClient client = RawClient::open(tried.daemon.port());
  Bridge::cross(client, 5'000);
  check(tried.daemon.wait_for("would_refuse"), "session_bytes", "limits.session_bytes (");
  check(tried.daemon.wait_for("would_refuse"), "idle", "timeouts.idle (");
  check(tried.daemon.wait_for("would_refuse"), "lifetime", "timeouts.lifetime (");
  Bridge::cross(client, 5'000);
  client.finish();
  const Record record = tried.daemon.session("client_closed");
  BOOST_TEST(record.number("up_bytes") == 10'000U);
  BOOST_TEST(record.number("down_discarded") == 0U);
  // Each once.
  BOOST_TEST(tried.told() == 3U);
}

BOOST_AUTO_TEST_CASE(a_client_and_its_limits) {
  const std::string tight = "limits: { sessions_per_client: 1, handshakes_per_client: 0.01/s, handshake_burst: 3, ";
  Bridge tried("", tight + "enforce: { sessions_per_client: false, handshakes_per_client: false } }\n");
  std::vector<RawClient> clients;
  for (int i = 0; i < 5; ++i) {
    clients.push_back(tried.come("127.0.0.5"));
    BOOST_TEST(clients.back().request(Head()).status == 101U);
  }
  for (const char* reason : {"client_sessions", "client_sessions", "rate", "rate"}) {
    const Record told = tried.daemon.wait_for("would_refuse");
    BOOST_TEST(told["reason"] == reason);
    BOOST_TEST(told["client"] == "127.0.0.5");
    BOOST_TEST(told["rule"] ==
               (std::string(reason) == "rate" ? "limits.handshakes_per_client" : "limits.sessions_per_client"));
  }
  for (RawClient& client : clients) Bridge::cross(client);

  Bridge enforced("", tight + "enforce: { handshakes_per_client: false } }\n");
  RawClient first = enforced.come("127.0.0.5");
  BOOST_TEST(first.request(Head()).status == 101U);
  BOOST_TEST(enforced.ask(Head(), "127.0.0.5").reason() == "client_sessions");
}

// The client of a proxy is counted once it is named.
BOOST_AUTO_TEST_CASE(a_client_that_a_proxy_names_and_its_limits) {
  Bridge tried("", "limits: { sessions_per_client: 1, enforce: { sessions_per_client: false } }\n",
               "  - { bind: \"127.0.0.1:0\", trusted_proxies: { from: [ 127.0.0.1 ] } }\n");
  std::vector<RawClient> clients;
  for (int i = 0; i < 2; ++i) {
    clients.emplace_back(connect_tcp(tried.daemon.port()));
    clients.back().send(Head().set("X-Forwarded-For", "192.0.2.5").text());
    BOOST_TEST(clients.back().read_answer().status == 101U);
  }
  const Record told = tried.daemon.wait_for("would_refuse");
  BOOST_TEST(told["reason"] == "client_sessions");
  BOOST_TEST(told["client"] == "192.0.2.5");
  BOOST_TEST(told["rule"] == "limits.sessions_per_client");
}

// It holds from the next connection on; what is structural holds always.
BOOST_AUTO_TEST_CASE(a_reload_ends_the_trial) {
  Bridge tried(listed + ", subprotocols: [ mqtt ], enforce: { origins: false }");
  tried.admitted(foreign());
  BOOST_TEST(tried.ask(foreign().set("Sec-WebSocket-Protocol", "chat")).reason() == "subprotocol");
  BOOST_TEST(tried.ask(foreign().set("Host", "")).reason() == "bad_request");
  tried.daemon.reload(configuration(tls_listener(), route("desk", tried.backend.port())));
  tried.daemon.wait_for("reloaded");
  BOOST_TEST(tried.ask(foreign()).reason() == "origin");
}

BOOST_AUTO_TEST_SUITE_END()
