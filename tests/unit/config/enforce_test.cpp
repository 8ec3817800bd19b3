#include "config/load.hpp"

#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace drawbridge::config;

namespace {

class OneFile final : public Files {
 public:
  explicit OneFile(std::string text) : text_(std::move(text)) {}
  std::optional<std::string> read(const std::string&, std::string&) override { return text_; }
  std::vector<std::string> match(const std::string&) override { return {}; }

 private:
  std::string text_;
};

const std::string local = "bind: 127.0.0.1:1";

// One listener, and one route, whose mappings go on so; the route's keys begin at 4:1.
Loaded loaded(const std::string& route, const std::string& listener = local, const std::string& top = "") {
  OneFile files("listeners: [ { " + listener +
                " } ]\n"
                "routes: [ { name: r, path: /, backend: 'echo:',\n"
                "origins: [ https://a.example ],\n" +
                route + " } ]\n" + top);
  return load("d.yaml", files);
}

std::string said(const Loaded& loaded) {
  std::string all;
  for (const Diagnostic& diagnostic : loaded.diagnostics) all += diagnostic.text() + "\n";
  return all;
}

bool says(const Loaded& loaded, std::string_view words) {
  return said(loaded).find(words) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(enforce)

BOOST_AUTO_TEST_CASE(every_rule_is_enforced_unless_it_is_named) {
  const Loaded plain = loaded("accepts: any");
  BOOST_TEST(said(plain) == "");
  const Route& route = plain.config.routes.at(0);
  BOOST_TEST((route.enforce_origins && route.enforce_auth && route.access.enforce_allow && route.access.enforce_deny));
  BOOST_TEST((route.limits.enforce_sessions && route.limits.enforce_session_bytes));
  BOOST_TEST((route.timeouts.enforce_idle && route.timeouts.enforce_lifetime));
  const Limits& limits = plain.config.limits;
  BOOST_TEST((limits.enforce_sessions_per_client && limits.enforce_handshakes_per_client));
}

BOOST_AUTO_TEST_CASE(enforce_names_the_rules_beside_it) {
  const Loaded config = loaded(
      "allow: [ 10.0.0.0/8 ], deny: [ 10.0.0.1 ], auth: [ { tokens: { file: t } } ],\n"
      "enforce: { origins: false, allow: false, auth: false },\n"
      "limits: { sessions: 1, session_bytes: 1KiB, enforce: { session_bytes: false } },\n"
      "timeouts: { idle: 1s, lifetime: 1s, enforce: { lifetime: false, idle: true } }",
      local + ", deny: [ 10.0.0.2 ], enforce: { deny: false }",
      "limits: { enforce: { handshakes_per_client: false, sessions_per_client: false } }\n");
  BOOST_TEST_REQUIRE(config.valid(), said(config));
  const Route& route = config.config.routes.at(0);
  BOOST_TEST(!route.enforce_origins);
  BOOST_TEST(!route.enforce_auth);
  BOOST_TEST(!route.access.enforce_allow);
  BOOST_TEST(route.access.enforce_deny);
  BOOST_TEST(route.limits.enforce_sessions);
  BOOST_TEST(!route.limits.enforce_session_bytes);
  BOOST_TEST(route.timeouts.enforce_idle);
  BOOST_TEST(!route.timeouts.enforce_lifetime);
  const Access& access = config.config.listeners.at(0).access;
  BOOST_TEST(access.enforce_allow);
  BOOST_TEST(!access.enforce_deny);
  BOOST_TEST(!config.config.limits.enforce_sessions_per_client);
  BOOST_TEST(!config.config.limits.enforce_handshakes_per_client);
}

BOOST_AUTO_TEST_CASE(what_opens_a_door_is_a_warning_where_it_stands) {
  const Loaded config = loaded(
      "allow: [ 10.0.0.0/8 ], deny: [ 10.0.0.1 ], auth: [ { tokens: { file: t } } ],\n"
      "enforce: { origins: false, allow: false, deny: false, auth: false }",
      local + ", deny: [ 10.0.0.2 ], enforce: { deny: false }");
  BOOST_TEST(said(config) ==
             "d.yaml:1:72: warning: `deny` is not enforced: whom it keeps out can come, and the log only tells of it\n"
             "d.yaml:5:21: warning: `origins` is not enforced: pages of every origin can connect, and the log only "
             "tells of those that are not listed\n"
             "d.yaml:5:35: warning: `allow` is not enforced: whom it keeps out can come, and the log only tells of it\n"
             "d.yaml:5:48: warning: `deny` is not enforced: whom it keeps out can come, and the log only tells of it\n"
             "d.yaml:5:61: warning: `auth` is not enforced: whoever comes without a good credential crosses all the "
             "same, and the log only tells of it\n");
}

// Limits that are only tried open nothing.
BOOST_AUTO_TEST_CASE(limits_and_timeouts_are_tried_without_a_word) {
  const Loaded config = loaded(
      "limits: { sessions: 1, session_bytes: 1KiB, enforce: { sessions: false, session_bytes: false } },\n"
      "timeouts: { idle: 1s, lifetime: 1s, enforce: { idle: false, lifetime: false } }",
      local, "limits: { enforce: { sessions_per_client: false } }\n");
  BOOST_TEST(said(config) == "");
}

BOOST_AUTO_TEST_CASE(mistakes_are_named) {
  const std::vector<std::pair<std::string, std::string>> errors{
      {"enforce: false",
       "d.yaml:4:10: `enforce` must be a mapping of rules to true or false, such as { origins: false "
       "}, not `false`"},
      {"enforce: { orgins: false }", "d.yaml:4:12: unknown key `orgins`; did you mean `origins`?"},
      {"enforce: { origins: maybe }", "d.yaml:4:21: `origins` must be true or false, without quotes, not `maybe`"},
      {"enforce: { subprotocols: false }", "unknown key `subprotocols`"},
      {"enforce: [ origins ]", "`enforce` must be a mapping"},
      {"limits: { enforce: { frame: false } }", "unknown key `frame`"},
      {"limits: { enforce: false }", "such as { sessions: false }"},
  };
  for (const auto& [route, words] : errors) {
    const Loaded config = loaded(route);
    BOOST_TEST(!config.valid(), route);
    BOOST_TEST(says(config, words), route << " gave\n" << said(config));
  }
}

BOOST_AUTO_TEST_CASE(a_rule_that_is_not_there_cannot_be_tried) {
  const std::vector<std::pair<std::string, std::string>> warnings{
      {"enforce: { auth: false }", "d.yaml:4:12: warning: there is no `auth` here to be tried out"},
      {"enforce: { deny: false, allow: true }", "d.yaml:4:12: warning: there is no `deny` here to be tried out"},
      {"limits: { sessions: 3, enforce: { session_bytes: false } }", "there is no `session_bytes` here"},
      {"timeouts: { enforce: { idle: false } }", "there is no `idle` here"},
  };
  for (const auto& [route, words] : warnings) {
    const Loaded config = loaded(route);
    BOOST_TEST(config.valid(), said(config));
    BOOST_TEST(config.diagnostics.size() == 1U, said(config));
    BOOST_TEST(says(config, words), route << " gave\n" << said(config));
  }
}

BOOST_AUTO_TEST_CASE(origins_that_are_only_tried_do_not_guard_what_travels_by_itself) {
  for (const char* auth : {"basic: { file: u }", "client_certificate: {}", "forward: { url: http://127.0.0.1:1/ }",
                           "tokens: { file: t, from: [ 'cookie:s' ] }"}) {
    for (const char* tried : {"{ origins: false }", "{ origins: false, auth: false }"}) {
      const Loaded config = loaded(std::string("auth: [ { ") + auth + " } ],\nenforce: " + tried);
      BOOST_TEST(!config.valid(), auth);
      BOOST_TEST(says(config, "d.yaml:5:21: browsers send a credential of this route by themselves"), said(config));
      BOOST_TEST(says(config, "cross-site WebSocket hijacking"), said(config));
    }
    const Loaded guarded = loaded(std::string("auth: [ { ") + auth + " } ],\nenforce: { auth: false }");
    BOOST_TEST(guarded.valid(), said(guarded));
  }
  // A page must have been given such a token to send it.
  BOOST_TEST(loaded("auth: [ { tokens: { file: t } } ], enforce: { origins: false }").valid());
}

BOOST_AUTO_TEST_CASE(a_list_that_is_only_tried_must_be_right_all_the_same) {
  OneFile none(
      "listeners: [ { bind: 127.0.0.1:1 } ]\n"
      "routes: [ { name: r, path: /, backend: 'echo:', enforce: { origins: false } } ]\n");
  BOOST_TEST(says(load("d.yaml", none), "missing key `origins`"));
  OneFile empty(
      "listeners: [ { bind: 127.0.0.1:1 } ]\n"
      "routes: [ { name: r, path: /, backend: 'echo:', origins: [], enforce: { origins: false } } ]\n");
  BOOST_TEST(says(load("d.yaml", empty), "`origins` is empty"));
}

BOOST_AUTO_TEST_CASE(a_token_for_anybody_is_a_warning) {
  const Loaded config = loaded("auth: [ { jwt: { jwks: k, algorithms: RS256 } } ]");
  BOOST_TEST(config.valid());
  BOOST_TEST(says(config, "d.yaml:4:16: warning: without `audience` every token of these keys admits"), said(config));
  BOOST_TEST(said(loaded("auth: [ { jwt: { jwks: k, algorithms: RS256, audience: me } } ]")) == "");
}

BOOST_AUTO_TEST_CASE(a_credential_in_clear_text_is_a_warning) {
  const std::string tokens = "auth: [ { tokens: { file: t } } ]";
  const Loaded open = loaded(tokens, "bind: '*:1', plaintext: true");
  BOOST_TEST(open.valid());
  BOOST_TEST(says(open, "d.yaml:4:9: warning: through the listener `*:1` (line 1) this credential comes unencrypted"),
             said(open));
  BOOST_TEST(says(loaded(tokens, "bind: 'systemd:web', plaintext: true"), "comes unencrypted"));
  for (const char* closed : {"bind: 127.0.0.1:1", "bind: '[::1]:1', plaintext: true", "bind: 'unix:/run/d.sock'",
                             "bind: '*:1', tls: { certificates: [ { chain: c, key: k } ] }"}) {
    BOOST_TEST(said(loaded(tokens, closed)) == "", closed);
  }
  // Nothing that could be overheard.
  BOOST_TEST(said(loaded("accepts: any", "bind: '*:1', plaintext: true")) == "");
  BOOST_TEST(said(loaded("auth: [ { client_certificate: {} } ]", "bind: '*:1', plaintext: true")) == "");
}

BOOST_AUTO_TEST_SUITE_END()
