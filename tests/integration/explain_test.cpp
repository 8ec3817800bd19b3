#include "made_tokens.hpp"
#include "support/authority.hpp"
#include "support/base64.hpp"
#include "support/choices.hpp"
#include "support/daemon.hpp"
#include "support/raw_client.hpp"
#include "support/tokens.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <openssl/sha.h>

using namespace drawbridge::testing;
using Strings = std::vector<std::string>;

namespace {

const std::string laptop = "the-night-shift-laptop-0123456789";
const std::string ended = "one-that-has-ended-0123456789abcd";
const std::string astray = "one-for-a-forbidden-place-0123456";
const std::string revoked = "one-that-was-taken-back-012345678";

std::string basic(const std::string& credential) {
  return "Authorization: Basic " + base64(credential);
}
std::string as_subprotocol(const std::string& bearer) {
  return "base64url.bearer.authorization.drawbridge." + base64url(bearer);
}

// The client certificates, by name; "" is none.
const std::map<std::string, Certificate>& certificates() {
  static const std::map<std::string, Certificate> all = [] {
    const Authority root("Root");
    const Authority other("Another");
    Wish eve;
    eve.common_names = {"eve"};
    Wish old;
    old.end = -3'600;
    Wish server;
    server.usage = "serverAuth";
    return std::map<std::string, Certificate>{{"ca", {root.pem(), ""}},   {"anna", root.issue()},
                                              {"eve", root.issue(eve)},   {"old", root.issue(old)},
                                              {"foreign", other.issue()}, {"server", root.issue(server)}};
  }();
  return all;
}

enum Place : std::size_t { plain, tls, proxied, strict };
constexpr const char* binds[] = {"127.0.0.1:0", "127.0.0.2:0", "127.0.0.3:0", "127.0.0.4:0"};

std::string configuration_text() {
  const std::string login = "algorithms: [ RS256, ES256 ], issuer: https://login.example.org, audience: drawbridge";
  const std::string app = "origins: [ \"https://app.example.org\", \"https://*.example.net\" ]";
  return std::string("listeners:\n") +
         "  - { bind: \"127.0.0.1:0\", deny: [ 203.0.113.66, 127.0.0.66 ], "
         "trusted_proxies: { from: [ 127.0.0.1, 10.0.0.0/8 ] } }\n"
         "  - { bind: \"127.0.0.2:0\", tls: { certificates: [ { chain: server.crt, key: server.key }, "
         "{ chain: other.crt, key: other.key } ], client_certificates: { ca: ca.pem, required: false } } }\n"
         "  - { bind: \"127.0.0.3:0\", proxy_protocol: [ 127.0.0.1 ], allow: [ 198.51.100.0/24, 192.0.2.0/24 ], "
         "trusted_proxies: { from: [ 192.0.2.1 ], header: forwarded } }\n"
         "  - { bind: \"127.0.0.4:0\", tls: { certificates: [ { chain: server.crt, key: server.key } ], "
         "client_certificates: { ca: ca.pem, required: true } } }\n"
         "revocations: revoked.txt\n"
         "limits: { handshakes_per_client: 100000/s, handshake_burst: 1000000 }\n"
         "penalties: { enforce: false }\n"
         "routes:\n"
         "  - { name: open, path: /open, backend: \"echo:\", " +
         app +
         " }\n"
         "  - { name: other, host: other.test, path: /open, backend: \"echo:\", origins: [ \"*\" ], "
         "allow_missing_origin: true }\n"
         "  - { name: tree, path: /tree/*, backend: \"echo:\", origins: [ \"null\", \"https://app.example.org\" ], "
         "allow: [ 127.0.0.0/8, 198.51.100.0/24 ], deny: [ 198.51.100.13, 127.0.0.13 ], rejection: close }\n"
         "  - { name: leaf, path: /tree/leaf, backend: \"echo:\", " +
         app +
         ", subprotocols: [ chat ] }\n"
         "  - { name: jwt, path: /jwt, backend: \"echo:\", " +
         app +
         ", subprotocols: [ binary, chat ], auth: [ { jwt: { "
         "jwks: login.json, " +
         login +
         ", from: [ authorization, 'cookie:session', 'query:access_token', subprotocol ] "
         "} } ] }\n"
         "  - { name: roles, path: /roles, backend: \"echo:\", " +
         app +
         ", rejection: close-any, auth: [ "
         "{ basic: { file: users } }, { jwt: { jwks: login.json, " +
         login +
         ", require: [ { claim: role, is: [ admin ] "
         "} ] } } ] }\n"
         "  - { name: tokens, path: /tokens, backend: \"echo:\", " +
         app +
         ", auth: [ { tokens: { file: tokens.txt, "
         "backends: [ \"tcp://127.0.0.1:7\" ], from: [ authorization, 'query:t' ] } } ] }\n"
         "  - { name: users, path: /users, backend: \"echo:\", " +
         app +
         ", rejection: close, auth: [ { basic: { file: "
         "users } } ] }\n"
         "  - { name: cert, path: /cert, backend: \"echo:\", " +
         app +
         ", auth: [ { client_certificate: { subjects: "
         "[ \"an*\" ] } } ] }\n"
         "  - { name: any, path: /any, backend: \"echo:\", " +
         app + ", auth: [ { jwt: { jwks: login.json, " + login +
         " } }, { tokens: { file: tokens.txt } }, { basic: { file: users } }, { client_certificate: {} } ] }\n"
         "  - { name: trial, path: /trial, backend: \"echo:\", subprotocols: [ binary, chat ], " +
         app + ", allow: [ 127.0.0.0/29 ], deny: [ 127.0.0.13, 198.51.100.13 ], auth: [ { jwt: { jwks: login.json, " +
         login +
         " } }, { tokens: { file: tokens.txt } } ], "
         "enforce: { origins: false, allow: false, deny: false, auth: false } }\n"
         "  - { name: users-trial, path: /users-trial, backend: \"echo:\", rejection: close, " +
         app +
         ", deny: [ 127.0.0.7 ], allow: [ 127.0.0.0/8 ], auth: [ { basic: { file: users } }, { client_certificate: { "
         "subjects: [ \"an*\" ] } } ], enforce: { deny: false, auth: false } }\n";
}

DaemonOptions daemon_options() {
  static const std::string users = run({"/usr/bin/htpasswd", "-nbB", "-C", "5", "alice", "open sesame"}).output;
  static const Certificate other = make_certificate({"other.test"});
  return {.files = {{"ca.pem", certificates().at("ca").chain},
                    {"other.crt", other.chain},
                    {"other.key", other.key},
                    {"login.json", std::string(made().at("jwks").as_string())},
                    {"users", users},
                    {"revoked.txt", "identity carol\ntoken taken-back\n"},
                    {"tokens.txt", "sha256:" + sha256_hex(laptop) + " dave id=laptop\nsha256:" + sha256_hex(ended) +
                                       " dave expires=2020-01-01T00:00:00Z\nsha256:" + sha256_hex(astray) +
                                       " eve backend=tcp://127.0.0.1:22\nsha256:" + sha256_hex(revoked) +
                                       " frank id=taken-back\n"}},
          .process = {}};
}

// One request, as both are asked it.
struct Case {
  std::size_t listener = plain;
  bool speaks_tls = false;
  std::string host = "bridge.test";
  std::string target;
  std::optional<std::string> origin;
  Strings headers;
  std::string peer = "127.0.0.1";
  std::string named;  // by a PROXY header
  std::string certificate;

  boost::json::object question(const TemporaryDirectory& directory) const {
    boost::json::object out{{"url", (speaks_tls ? "wss://" : "ws://") + host + target},
                            {"listener", binds[listener]},
                            {"peer", peer},
                            {"headers", boost::json::array(headers.begin(), headers.end())}};
    if (origin) out["origin"] = *origin;
    if (!named.empty()) out["client"] = named;
    if (!certificate.empty()) out["certificate"] = directory.path(certificate + ".pem");
    return out;
  }

  std::string head() const {
    Head head(target);
    head.set("Host", host).without("Origin");
    if (origin) head.set("Origin", *origin);
    std::set<std::string> seen;
    for (const std::string& header : headers) {
      const auto colon = header.find(':');
      const std::string name = header.substr(0, colon);
      if (seen.insert(name).second) {
        head.set(name, header.substr(colon + 2));
      } else {
        head.add_line(header);
      }
    }
    return (named.empty() ? "" : "PROXY TCP4 " + named + " 127.0.0.1 1 443\r\n") + head.text();
  }
};

// Most chances fall on what is admitted, or gets far.
Case any_case(Choices& choices) {
  Case made_up;
  made_up.listener = choices.one_of<std::size_t>({plain, plain, plain, plain, plain, tls, proxied, strict});
  const bool has_tls = made_up.listener == tls || made_up.listener == strict;
  made_up.speaks_tls = has_tls && !choices.one_in(20);
  made_up.host = choices.one_of<std::string>({"bridge.test", "bridge.test", "bridge.test", "other.test", "third.test"});
  made_up.target = choices.one_of<std::string>(
      {"/open",  "/tree/", "/tree/leaf", "/tree/a/b",    "/jwt",        "/jwt",    "/jwt",   "/jwt",
       "/roles", "/roles", "/roles",     "/tokens",      "/tokens",     "/tokens", "/users", "/users",
       "/cert",  "/cert",  "/cert",      "/any",         "/any",        "/any",    "/any",   "/trial",
       "/trial", "/trial", "/trial",     "/users-trial", "/users-trial"});
  if (choices.one_in(15)) made_up.target = choices.one_of<std::string>({"/nowhere", "/", "/tree", "//open", "/a%2fb"});
  made_up.origin = usual_origin;
  if (choices.one_in(4)) {
    made_up.origin =
        choices.one_of<std::string>({"https://x.example.net", "https://example.net", "https://evil.example", "null",
                                     "HTTPS://APP.EXAMPLE.ORG:443", "https://app.example.org/x"});
  }
  if (choices.one_in(30)) made_up.origin.reset();

  const std::string bearer = choices.one_of<std::string>(
      {token("good"), token("good"), token("es256"), token("expired"), token("foreign"), token("other_audience"),
       token("admin"), token("user"), token("t-2"), token("confused"), laptop, laptop, ended, astray, revoked,
       "nobody-has-this-one-0123456789abc", "short", "no token"});
  Strings offered;
  switch (choices.below(10)) {
    case 0:
    case 1:
    case 2: made_up.headers.push_back("Authorization: Bearer " + bearer); break;
    case 3: made_up.headers.push_back("Cookie: theme=dark; session=" + bearer); break;
    case 4:
      if (bearer.find(' ') == std::string::npos) made_up.target += "?access_token=" + bearer + "&t=" + bearer;
      break;
    case 5: offered.push_back(as_subprotocol(bearer)); break;
    case 6: made_up.headers.push_back(basic("alice:open sesame")); break;
    case 7:
      made_up.headers.push_back(basic(choices.one_of<std::string>({"alice:x", "bob:open sesame", "none"})));
      break;
    case 8:
      made_up.headers.push_back("Authorization: Bearer " + bearer);
      made_up.headers.push_back(basic("alice:open sesame"));
      break;
    default: break;
  }
  if (choices.one_in(2)) {
    offered.push_back(choices.one_of<std::string>({"binary", "binary, chat", "chat", "chat", "mqtt, chat", "mqtt"}));
  }
  if (offered.size() == 2) offered = {offered[0] + ", " + offered[1]};
  if (!offered.empty()) made_up.headers.push_back("Sec-WebSocket-Protocol: " + offered.front());

  if (choices.one_in(10)) {
    made_up.headers.push_back(choices.one_of<std::string>(
        {"Upgrade: h2c", "Sec-WebSocket-Version: 8", "Content-Length: 5", "Sec-WebSocket-Key: short",
         "Host: other.test", "Host: a b", "Connection: close", "Transfer-Encoding: chunked",
         "Sec-WebSocket-Protocol: chat, chat", "Host: other.test"}));
  }
  if (choices.one_in(60)) made_up.headers.push_back("X-Padding: " + std::string(17'000, 'x'));
  if (choices.one_in(60)) made_up.target += std::string(choices.one_of<std::size_t>({8'100, 17'000}), 'x');

  const std::string clients[] = {"198.51.100.7", "198.51.100.7",  "198.51.100.7", "198.51.100.7",
                                 "192.0.2.1",    "198.51.100.13", "203.0.113.66", "203.0.113.9"};
  if (made_up.listener == proxied) {
    if (choices.one_in(10)) made_up.peer = "127.0.0.9";
    made_up.named = clients[choices.below(8)];
    if (choices.one_in(2)) {
      made_up.headers.push_back("Forwarded: " + choices.one_of<std::string>({"for=198.51.100.7", "for=203.0.113.9",
                                                                             "for=300.1.1.1", "for=unknown"}));
    }
  } else {
    made_up.peer = choices.one_of<std::string>(
        {"127.0.0.1", "127.0.0.1", "127.0.0.1", "127.0.0.1", "127.0.0.7", "127.0.0.7", "127.0.0.13", "127.0.0.66"});
    const std::string hop = choices.one_of<std::string>({"", "", "", ", 10.0.0.9", ", 10.0.0.9", ", 10.0.0.300"});
    if (choices.one_in(2)) made_up.headers.push_back("X-Forwarded-For: " + clients[choices.below(8)] + hop);
  }
  if (has_tls) {
    if (choices.one_in(8)) made_up.headers.push_back("Host: other.test");
    made_up.certificate =
        choices.one_of<std::string>({"", "", "anna", "anna", "anna", "eve", "eve", "old", "foreign", "server"});
  }
  return made_up;
}

// Asks the daemon; what it says on the wire is for other tests.
void visit(Daemon& daemon, const Case& asked) {
  try {
    const Address address{.port = daemon.port(asked.listener),
                          .host = std::string(binds[asked.listener]).substr(0, 9),
                          .source = asked.peer};
    Wire wire = connect_tcp(address.port, address.host, address.source);
    if (asked.speaks_tls) {
      TlsOptions options{.server_name = asked.host};
      if (!asked.certificate.empty()) {
        options.chain = certificates().at(asked.certificate).chain;
        options.key = certificates().at(asked.certificate).key;
      }
      wire.start_tls(options);
    }
    RawClient client(std::move(wire));
    client.send(asked.head());
    if (client.read_answer().status == 101) client.finish();
  } catch (const std::exception&) {
    // It was dropped, or refused before it had sent all.
  }
}

std::string text_of(const boost::json::object& object, const char* key) {
  const auto* value = object.if_contains(key);
  if (value == nullptr) return {};
  return value->is_string() ? std::string(value->get_string()) : boost::json::serialize(*value);
}

// Lines of the log about the same connection, but what only a running daemon knows.
std::string would_refuse(const std::vector<Record>& records, const std::string& session) {
  std::string all;
  for (const Record& record : records) {
    if (record["event"] != "would_refuse" || record["session"] != session || record["rule"] == "penalties") continue;
    all += " would_refuse=" + record["reason"] + "," + record["rule"] + "," + record["detail"];
  }
  return all;
}
std::string would_refuse(const boost::json::object& told) {
  std::string all;
  const auto* objections = told.if_contains("would_refuse");
  if (objections == nullptr) return all;
  for (const auto& objection : objections->as_array()) {
    const auto& one = objection.as_object();
    all += " would_refuse=" + text_of(one, "reason") + "," + text_of(one, "rule") + "," + text_of(one, "detail");
  }
  return all;
}

// What both must say alike, in one line.
std::string of_daemon(const Record& record) {
  const bool refused = record["event"] == "refused";
  std::string line = record["client"] + " " + (refused ? "refused " + record["reason"] : "admitted") +
                     " route=" + record["route"] + " identity=" + record["identity"] + " rule=" + record["rule"] +
                     " detail=" + record["detail"];
  if (refused) return line + (record["code"].empty() ? " status=" + record["status"] : " code=" + record["code"]);
  return line + " backend=" + record["backend"] + " subprotocol=" + record["subprotocol"];
}
std::string of_explain(const boost::json::object& told) {
  const auto get = [&](const char* key) { return text_of(told, key); };
  const bool refused = get("verdict") == "refused";
  const std::string client = get("client");
  std::string line = client.substr(0, client.find(',')) + " " +
                     (refused ? "refused " + get("reason") : get("verdict")) + " route=" + get("route") +
                     " identity=" + get("identity") + " rule=" + get("rule") + " detail=" + get("detail");
  if (refused) return line + (get("code").empty() ? " status=" + get("status") : " code=" + get("code"));
  return line + " backend=" + get("backend") + " subprotocol=" + get("subprotocol");
}

// Each is asked of both; what came of it is counted in `outcomes`.
void compare(const std::vector<Case>& cases, std::map<std::string, std::size_t>& outcomes) {
  Daemon daemon(configuration_text(), daemon_options());
  for (const auto& [name, certificate] : certificates()) daemon.write(name + ".pem", certificate.chain);
  std::string batch;
  for (const Case& each : cases) batch += boost::json::serialize(each.question(daemon.directory())) + "\n";
  daemon.write("batch.jsonl", batch);
  const Run explain = run({program(), "explain", "-c", daemon.directory().path("drawbridge.yaml"), "--batch",
                           daemon.directory().path("batch.jsonl")});
  BOOST_TEST_REQUIRE(explain.error == "");
  std::istringstream answers(explain.output);
  for (const Case& each : cases) {
    std::string answer;
    BOOST_TEST_REQUIRE(!std::getline(answers, answer).fail());
    visit(daemon, each);
    const Record end = daemon.wait_for_end();
    const auto told = boost::json::parse(answer).as_object();
    const std::string would = end["session"].empty() ? "" : would_refuse(daemon.records(), end["session"]);
    const std::string expected = of_daemon(end) + would;
    const std::string got = of_explain(told) + would_refuse(told);
    if (!would.empty()) ++outcomes["would_refuse" + would.substr(would.find('='), would.find(',') - would.find('='))];
    BOOST_TEST(got == expected, boost::json::serialize(each.question(daemon.directory()))
                                    << "\nexplain: " << got << "\n daemon: " << expected);
    const std::size_t behind_client = expected.find(' ') + 1;
    ++outcomes[expected.substr(behind_client, expected.find(" route=") - behind_client)];
  }
  for (const std::string& secret : {token("good").substr(80), laptop, base64("alice:open sesame")}) {
    BOOST_TEST(explain.output.find(secret) == std::string::npos);
  }
}

// A configuration in a directory, and explain run over it.
struct Files {
  TemporaryDirectory directory;

  Files() {
    directory.write("users", run({"/usr/bin/htpasswd", "-nbB", "-C", "5", "alice", "open sesame"}).output);
    directory.write("drawbridge.yaml",
                    "listeners:\n"
                    "  - bind: 127.0.0.1:8080\n"
                    "routes:\n"
                    "  - name: desk\n"
                    "    path: /desk\n"
                    "    origins: [ \"https://app.example.org\" ]\n"
                    "    backend: tcp://127.0.0.1:5900\n"
                    "    rejection: close\n"
                    "    auth:\n"
                    "      - basic: { file: users }\n"
                    "  - name: asked\n"
                    "    path: /asked\n"
                    "    origins: [ \"https://app.example.org\" ]\n"
                    "    backend: \"echo:\"\n"
                    "    auth: [ { forward: { url: \"http://127.0.0.1:9/verify?key=pass\" } } ]\n");
  }
  Run explain(Strings arguments) const {
    Strings command{program(), "explain", "-c", directory.path("drawbridge.yaml")};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return run(command);
  }
};

const std::string url = "ws://bridge.test/desk";
const std::string app = "https://app.example.org";

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(explain)

// No more at once than the daemon logs of one reason line by line.
BOOST_AUTO_TEST_CASE(says_what_the_daemon_does) {
  constexpr std::size_t chunks = 48;
  constexpr std::size_t chunk = 50;
  SeededChoices choices(20'260'101);
  std::map<std::string, std::size_t> outcomes;
  for (std::size_t i = 0; i < chunks; ++i) {
    std::vector<Case> cases;
    for (std::size_t j = 0; j < chunk; ++j) cases.push_back(any_case(choices));
    compare(cases, outcomes);
  }
  for (const auto& [outcome, count] : outcomes) BOOST_TEST_MESSAGE(count << " " << outcome);
  // What the requests are to come to, or the comparison would say little.
  for (const char* outcome :
       {"admitted", "refused bad_request", "refused client_denied", "refused origin", "refused no_route",
        "refused subprotocol", "refused credential_missing", "refused credential_invalid", "refused credential_expired",
        "refused not_permitted", "refused revoked", "refused misdirected", "refused upgrade_required",
        "refused target_too_long", "refused head_too_large", "refused tls_error", "refused plain_http"}) {
    BOOST_TEST(outcomes[outcome] >= 5U, outcome);
  }
  BOOST_TEST(outcomes["admitted"] >= 250U);
  for (const char* reason :
       {"client_denied", "origin", "credential_missing", "credential_invalid", "credential_expired", "revoked"}) {
    BOOST_TEST(outcomes[std::string("would_refuse=") + reason] >= 3U, reason);
  }
}

BOOST_FIXTURE_TEST_CASE(an_admission_is_told_rule_by_rule, Files) {
  const Run told = explain({"--url", url + "?x=1", "--origin", app, "--header", basic("alice:open sesame")});
  BOOST_TEST(told.code == 0);
  BOOST_TEST(told.error == "");
  for (const char* part :
       {"ok        origins (", "drawbridge.yaml:6:14", "ok        auth.basic (", "admits alice", "client    127.0.0.1",
        "admitted: route desk, identity alice, backend tcp://127.0.0.1:5900\n"}) {
    BOOST_TEST(contains(told.output, part), part << " in\n" << told.output);
  }
  BOOST_TEST(!contains(told.output, "x=1"));
  BOOST_TEST(!contains(told.output, base64("alice:open sesame")));
}

BOOST_FIXTURE_TEST_CASE(a_refusal_names_its_rule_and_what_was_not_reached, Files) {
  const Run told = explain({"--url", url, "--origin", "https://evil.example", "--header", "Authorization: Basic eDp5"});
  BOOST_TEST(told.code == 1);
  for (const char* part : {"no        origins (", "skipped   auth.basic (", "\nrefused: 403 origin, by origins ("}) {
    BOOST_TEST(contains(told.output, part), part << " in\n" << told.output);
  }
  const Run missing = explain({"--url", url, "--origin", app});
  BOOST_TEST(missing.code == 1);
  BOOST_TEST(contains(missing.output, "\nrefused: 401 credential_missing, told as 101 and Close 4401, by auth.basic ("),
             missing.output);
}

BOOST_FIXTURE_TEST_CASE(what_is_only_tried_is_told_and_admitted, Files) {
  directory.write("drawbridge.yaml",
                  "listeners: [ { bind: 127.0.0.1:8080 } ]\n"
                  "routes:\n"
                  "  - name: desk\n"
                  "    path: /desk\n"
                  "    origins: [ \"https://app.example.org\" ]\n"
                  "    backend: \"echo:\"\n"
                  "    auth: [ { tokens: { file: tokens.txt } } ]\n"
                  "    enforce: { origins: false, auth: false }\n");
  directory.write("tokens.txt", "sha256:" + sha256_hex(laptop) + " dave\n");
  const Run told = explain({"--url", url, "--origin", "https://evil.example"});
  BOOST_TEST(told.code == 0);
  for (const char* part : {"would_refuse  origins (", "would_refuse  auth.tokens (",
                           "\nwould_refuse, but is not enforced: origin, by origins (",
                           "\nwould_refuse, but is not enforced: credential_missing, by auth.tokens (",
                           "\nadmitted: route desk, backend echo:\n"}) {
    BOOST_TEST(contains(told.output, part), part << " in\n" << told.output);
  }
  const Run good = explain({"--url", url, "--origin", app, "--header", "Authorization: Bearer " + laptop});
  BOOST_TEST(good.code == 0);
  BOOST_TEST(!contains(good.output, "would_refuse"), good.output);
  BOOST_TEST(contains(good.output, "identity dave"), good.output);
}

// Whatever it would answer.
BOOST_FIXTURE_TEST_CASE(a_service_that_is_only_tried_leaves_nothing_undecided, Files) {
  directory.write("drawbridge.yaml",
                  "listeners: [ { bind: 127.0.0.1:8080 } ]\n"
                  "routes: [ { name: desk, path: /desk, origins: [ \"https://app.example.org\" ], backend: \"echo:\", "
                  "auth: [ { forward: { url: \"http://127.0.0.1:9/verify\" } } ], enforce: { auth: false } } ]\n");
  const Run told = explain({"--url", url, "--origin", app});
  BOOST_TEST(told.code == 0);
  BOOST_TEST(contains(told.output, "\nadmitted: route desk"), told.output);
  const Run asked = explain({"--url", url, "--origin", app, "--ask"});
  BOOST_TEST(asked.code == 0);
  BOOST_TEST(contains(asked.output, "but is not enforced: auth_unavailable, by auth.forward ("), asked.output);
}

BOOST_FIXTURE_TEST_CASE(whom_only_a_service_knows_is_undecided_until_it_is_asked, Files) {
  const Run told = explain({"--url", "ws://bridge.test/asked", "--origin", app});
  BOOST_TEST(told.code == 1);
  BOOST_TEST(contains(told.output, "\nundecided: the service at 127.0.0.1:9 would be asked"), told.output);
  BOOST_TEST(!contains(told.output, "pass"), told.output);
  const Run asked = explain({"--url", "ws://bridge.test/asked", "--origin", app, "--ask"});
  BOOST_TEST(asked.code == 1);
  BOOST_TEST(contains(asked.output, "\nrefused: 503 auth_unavailable"), asked.output);
}

BOOST_FIXTURE_TEST_CASE(what_cannot_be_asked_exits_2_and_says_no_secret, Files) {
  const std::string secret = "c2VjcmV0OnNlY3JldA";
  const std::string header = "Authorization: Basic " + secret;
  const std::vector<std::pair<std::string, Strings>> wrong{
      {"--orgin", {"--url", url, "--orgin", app, "--header", header}},
      {"no option", {"--url", url, "--header", "Authorization:", secret}},
      {"header 2", {"--url", url, "--header", "A: b", "--header", secret}},
      {"header 1", {"--url", url, "--header", "A: b\r\nB: " + secret}},
      {"wss://", {"--url", "ftp://bridge.test/" + secret}},
      {"user", {"--url", "ws://me:" + secret + "@bridge.test/"}},
      {"host", {"--url", "ws://bridge..test/" + secret}},
      {"fragment", {"--url", url + "#" + secret}},
      {"--client", {"--url", url, "--client", "10.0.0.300"}},
      {"--peer", {"--url", url, "--peer", "nobody"}},
      {"--at", {"--url", url, "--at", "tomorrow"}},
      {"127.0.0.1:8080", {"--url", url, "--listener", "127.0.0.1:1"}},
      {"absent.pem", {"--url", url, "--certificate", "/absent.pem"}},
      {"--url", {}},
      {"--batch", {"--url", url, "--batch", "-"}},
      {"batch", {"--batch", "/absent"}},
  };
  for (const auto& [what, arguments] : wrong) {
    BOOST_TEST_CONTEXT(what) {
      const Run told = explain(arguments);
      BOOST_TEST(told.code == 2);
      BOOST_TEST(told.output == "");
      BOOST_TEST(contains(told.error, what), told.error);
      BOOST_TEST(!contains(told.error, secret), told.error);
    }
  }
  directory.write("drawbridge.yaml", "listeners: []\n");
  const Run broken = explain({"--url", url});
  BOOST_TEST(broken.code == 2);
  BOOST_TEST(contains(broken.error, "drawbridge.yaml:1:"), broken.error);
}

BOOST_FIXTURE_TEST_CASE(a_batch_is_answered_line_by_line, Files) {
  const std::string good = "{\"url\": \"" + url + "\", \"origin\": \"" + app + "\", \"headers\": [\"" +
                           basic("alice:open sesame") + "\"]}\n";
  const std::string bad = "{\"url\": \"" + url + "\"}\n";
  const auto code = [&](const std::string& lines) {
    return explain({"--batch", directory.write("batch", lines)}).code;
  };
  BOOST_TEST(code(good) == 0);
  BOOST_TEST(code(good + bad + good) == 1);
  for (const char* wrong : {"{}", "[]", "{\"url\": 1}", "{\"url\": \"ws://a/\", \"colour\": \"red\"}", "rubbish", ""}) {
    const Run told = explain({"--batch", directory.write("batch", good + wrong + "\n" + bad)});
    BOOST_TEST(told.code == 2, wrong);
    std::istringstream lines(told.output);
    Strings answers;
    for (std::string line; std::getline(lines, line);) answers.push_back(line);
    BOOST_TEST_REQUIRE(answers.size() == 3U);
    BOOST_TEST(contains(answers[0], "\"admitted\""));
    BOOST_TEST(contains(answers[1], "\"error\""), answers[1]);
    BOOST_TEST(contains(answers[2], "\"refused\""));
  }
}

BOOST_AUTO_TEST_SUITE_END()
