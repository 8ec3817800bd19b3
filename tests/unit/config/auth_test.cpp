#include "config/load.hpp"

#include <map>
#include <string>
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

// A whole configuration of one route whose mapping goes on with `route`, and one listener with `listener`.
Loaded loaded(const std::string& route, const std::string& listener = "") {
  OneFile files("listeners: [ { bind: 127.0.0.1:1" + listener +
                " } ]\n"
                "routes: [ { name: r, path: /, backend: 'echo:', " +
                route + " } ]\n");
  return load("/etc/d/d.yaml", files);
}

std::string with_origin(const std::string& auth) {
  return "origins: [ https://a.example ], auth: [ " + auth + " ]";
}

// All messages, a line each.
std::string said(const Loaded& loaded) {
  std::string all;
  for (const Diagnostic& diagnostic : loaded.diagnostics) all += diagnostic.text() + "\n";
  return all;
}

bool says(const Loaded& loaded, std::string_view words) {
  return said(loaded).find(words) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(auth)

BOOST_AUTO_TEST_CASE(a_jwt_says_where_its_keys_are_and_where_it_is_found) {
  const Loaded config = loaded(
      with_origin("jwt: { jwks: k.json, algorithms: RS256, issuer: i, audience: [ a, b ], leeway: 5s, identity: email, "
                  "require: [ { claim: role, is: [ x, y ] }, { claim: sub, begins_with: ops- } ], "
                  "from: [ 'cookie:session', 'query:token', subprotocol, authorization ] }"));
  BOOST_TEST_REQUIRE(config.valid(), said(config));
  const Auth& entry = config.config.routes.at(0).auth.at(0);
  const auto& jwt = std::get<JwtAuth>(entry.how);
  BOOST_TEST((jwt.kind == JwtAuth::Keys::jwks_file));
  BOOST_TEST(jwt.keys == "/etc/d/k.json");
  BOOST_TEST(jwt.algorithms == std::vector<std::string>{"RS256"}, boost::test_tools::per_element());
  BOOST_TEST(jwt.issuers == std::vector<std::string>{"i"}, boost::test_tools::per_element());
  BOOST_TEST((jwt.audiences == std::vector<std::string>{"a", "b"}));
  BOOST_TEST(jwt.leeway.count() == 5000);
  BOOST_TEST(jwt.identity == "email");
  BOOST_REQUIRE(jwt.require.size() == 2U);
  BOOST_TEST((jwt.require[0].values == std::vector<std::string>{"x", "y"}));
  BOOST_TEST(!jwt.require[0].prefix);
  BOOST_TEST(jwt.require[1].prefix);
  using Kind = CredentialPlace::Kind;
  BOOST_TEST(
      (entry.from ==
       std::vector<CredentialPlace>{
           {Kind::cookie, "session"}, {Kind::query, "token"}, {Kind::subprotocol, ""}, {Kind::authorization, ""}}));
}

BOOST_AUTO_TEST_CASE(mistakes_are_named) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"{}", "each entry of `auth` is one of"},
      {"{ basic: { file: a }, tokens: { file: b } }", "each entry of `auth` is one of"},
      {"jwtt: {}", "did you mean `jwt`?"},
      {"jwt: { jwks: a }", "missing key `algorithms`"},
      {"jwt: { algorithms: RS256 }", "say where the keys are"},
      {"jwt: { jwks: a, pem: b, algorithms: RS256 }", "say where the keys are"},
      {"jwt: { jwks: a, algorithms: none }", "`none` is no algorithm to trust"},
      {"jwt: { jwks: a, algorithms: [ RS256, HS256 ] }", "make two entries of it"},
      {"jwt: { pem: a, algorithms: HS256 }", "never a public key"},
      {"jwt: { secret: a, algorithms: RS256 }", "a `secret` is for HS256"},
      {"jwt: { jwks: a, algorithms: RS256, from: [] }", "no credential would ever be found"},
      {"jwt: { jwks: a, algorithms: RS256, from: [ cookie ] }", "cookie:NAME or query:NAME"},
      {"jwt: { jwks: a, algorithms: RS256, from: [ 'cookie:a b' ] }", "cookie:NAME or query:NAME"},
      {"jwt: { jwks: a, algorithms: RS256, from: [ authorization, authorization ] }", "stands in `from` already"},
      {"jwt: { jwks: a, algorithms: RS256, require: [ { is: x } ] }", "missing key `claim`"},
      {"jwt: { jwks: a, algorithms: RS256, require: [ { claim: x } ] }", "say either `is` or `begins_with`"},
      {"jwt: { jwks: a, algorithms: RS256, require: [ { claim: x, is: [] } ] }", "`is` is empty"},
      {"basic: {}", "missing key `file`"},
      {"basic: { file: a, from: [ authorization ] }", "unknown key `from`"},
      {"tokens: { file: a, backends: [ 'echo:' ] }", "tcp://host:port"},
      {"forward: {}", "missing key `url`"},
      {"forward: { url: ftp://a/ }", "`url` "},
      {"forward: { url: http://a/, request_headers: [ 'a b' ] }", "`a b` is no header"},
  };
  for (const auto& [entry, words] : cases) {
    const Loaded config = loaded(with_origin(entry));
    BOOST_TEST(!config.valid(), entry);
    BOOST_TEST(says(config, words), entry << " gave\n" << said(config));
  }
}

BOOST_AUTO_TEST_CASE(what_travels_by_itself_needs_origins_that_keep_foreign_pages_out) {
  const std::string bearer = "jwt: { jwks: a, algorithms: RS256, audience: b }";
  const std::vector<std::string> travelling{"basic: { file: a }", "client_certificate: {}",
                                            "forward: { url: http://127.0.0.1:1/ }",
                                            "jwt: { jwks: a, algorithms: RS256, audience: b, from: [ 'cookie:s' ] }",
                                            "tokens: { file: a, from: [ 'cookie:s' ] }",
                                            // The other way in does not make it better.
                                            bearer + " }, { basic: { file: a }"};
  for (const std::string& entry : travelling) {
    const std::string auth = ", auth: [ { " + entry + " } ]";
    for (const char* origin : {"\"*\"", "\"null\""}) {
      const Loaded config = loaded(std::string("origins: [ ") + origin + " ]" + auth);
      BOOST_TEST(!config.valid(), entry);
      BOOST_TEST(says(config, "cross-site WebSocket hijacking"), said(config));
    }
    const Loaded missing = loaded("origins: [ https://a.example ], allow_missing_origin: true" + auth);
    BOOST_TEST(!missing.valid(), entry);
    BOOST_TEST(says(missing, "`allow_missing_origin: true` nothing keeps foreign pages out"), said(missing));

    const Loaded wildcard = loaded("origins: [ \"https://*.a.example\" ]" + auth);
    BOOST_TEST(wildcard.valid(), said(wildcard));
    BOOST_TEST(says(wildcard, "warning: browsers send this credential by themselves"), said(wildcard));

    const Loaded exact = loaded("origins: [ https://a.example ]" + auth);
    BOOST_TEST(said(exact).empty(), said(exact));
  }
  // A page must have been given such a token to send it.
  const Loaded free = loaded("origins: [ \"*\" ], allow_missing_origin: true, auth: [ " + bearer + " ]");
  BOOST_TEST(said(free).empty(), said(free));
}

BOOST_AUTO_TEST_CASE(peers_and_networks) {
  const Loaded config = loaded("origins: [ https://a.example ], allow: [ 10.0.0.0/8, '::1' ], deny: [ 10.1.0.0/16 ]",
                               ", proxy_protocol: [ 10.0.0.1, unix ], trusted_proxies: { from: [ 10.0.0.0/8 ], "
                               "header: forwarded }, deny: [ 192.0.2.0/24 ]");
  BOOST_TEST_REQUIRE(config.valid(), said(config));
  const Listener& listener = config.config.listeners.at(0);
  BOOST_TEST(listener.proxy_protocol->unix_sockets);
  BOOST_TEST(listener.proxy_protocol->networks.at(0).text() == "10.0.0.1/32");
  BOOST_TEST((listener.trusted_proxies->header == TrustedProxies::Header::forwarded));
  BOOST_TEST(listener.access.deny.at(0).text() == "192.0.2.0/24");
  BOOST_TEST(config.config.routes.at(0).access.allow.size() == 2U);

  const std::string route = "origins: [ https://a.example ]";
  const std::vector<std::pair<std::string, std::string>> cases{
      {", allow: [ 10.0.0.1/8 ]", "without bits behind the prefix"},
      {", allow: []", "`allow` is empty"},
      {", deny: [ localhost ]", "an item of `deny` must be an address"},
      {", proxy_protocol: []", "name those who may say it"},
      {", proxy_protocol: [ unix ]", "name the proxies' addresses"},
      {", trusted_proxies: {}", "missing key `from`"},
      {", trusted_proxies: { from: [ 10.0.0.1 ], header: x-real-ip }", "x-forwarded-for or forwarded"},
  };
  for (const auto& [listener_keys, words] : cases) {
    const Loaded wrong = loaded(route, listener_keys);
    BOOST_TEST(!wrong.valid(), listener_keys);
    BOOST_TEST(says(wrong, words), listener_keys << " gave\n" << said(wrong));
  }
}

BOOST_AUTO_TEST_SUITE_END()
