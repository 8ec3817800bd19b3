// Whoever has no right to come in, and what he may try: each known way around a credential or a client's name, over
// the wire.

#include "support/authority.hpp"
#include "support/backend.hpp"
#include "support/base64.hpp"
#include "support/daemon.hpp"
#include "support/raw_client.hpp"
#include "support/tokens.hpp"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <ctime>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>
#include <openssl/sha.h>

using namespace drawbridge::testing;
using std::chrono::steady_clock;
using namespace std::chrono_literals;

BOOST_TEST_DONT_PRINT_LOG_VALUE(Close)

namespace {

struct Attack {
  std::string what;
  Head head;
  std::string reason;
  unsigned status = 401;
};

const boost::json::object& forgery() {
  static const boost::json::object all = [] {
    const Run python = run({"/usr/bin/python3", DRAWBRIDGE_TESTS_DIR "/forge_tokens.py"});
    if (python.code != 0) throw std::runtime_error(python.error);
    return boost::json::parse(python.output).as_object();
  }();
  return all;
}
std::string text(const char* key) {
  return std::string(forgery().at(key).as_string());
}

Head authorized(const std::string& value) {
  return Head().set("Authorization", value);
}
Head bearing(const std::string& bearer) {
  return authorized("Bearer " + bearer);
}
Head basic(const std::string& pair) {
  return authorized("Basic " + base64(pair));
}
std::string subprotocol(const std::string& token) {
  return "base64url.bearer.authorization.drawbridge." + base64url(token);
}

// A daemon whose backend nobody may reach.
struct Castle {
  Backend backend{echo()};
  Daemon daemon;
  std::vector<std::string> secrets;  // what no line of the log may hold

  Castle(const std::string& listeners, const std::string& routes, std::map<std::string, std::string> files)
      : daemon(configuration(listeners, routes_to(routes, backend.port())),
               {.files = std::move(files), .process = {}}) {}
  ~Castle() {
    BOOST_TEST(backend.accepted() == 0U);
    const std::string log = daemon.log();
    for (const std::string& secret : secrets) {
      BOOST_TEST(log.find(secret) == std::string::npos, "the log holds a part of a credential: " << secret);
    }
  }

  static std::string routes_to(std::string routes, std::uint16_t port) {
    constexpr std::string_view mark = "BACKEND";
    for (auto at = routes.find(mark); at != std::string::npos; at = routes.find(mark)) {
      routes.replace(at, mark.size(), "\"tcp://127.0.0.1:" + std::to_string(port) + "\"");
    }
    return routes;
  }

  void refuses(RawClient client, const Attack& attack) {
    const Answer answer = client.request(attack.head);
    BOOST_TEST(answer.status == attack.status, answer.body);
    BOOST_TEST(answer.reason() == attack.reason);
    BOOST_TEST((attack.status == 401) == !answer.field("WWW-Authenticate").empty());
    BOOST_TEST(answer.field("Sec-WebSocket-Protocol") == "");
  }
  void refuses_all(const std::vector<Attack>& attacks) {
    for (const Attack& attack : attacks) {
      BOOST_TEST_CONTEXT(attack.what) refuses(RawClient(daemon.port()), attack);
    }
  }
};

// One route at /desk that asks for `auth`.
std::string guarded(const std::string& auth, const std::string& more = "") {
  return "  - { name: desk, path: /desk, backend: BACKEND, origins: [ \"https://app.example.org\" ], auth: [ " + auth +
         " ]" + more + " }\n";
}

constexpr const char* jwt =
    "{ jwt: { jwks: login.json, algorithms: [ RS256, ES256 ], issuer: https://login.example.org, audience: drawbridge, "
    "from: [ authorization, 'cookie:session', 'query:access_token', subprotocol ] } }";

}  // namespace

BOOST_AUTO_TEST_SUITE(bypass)

BOOST_AUTO_TEST_CASE(forged_tokens) {
  Castle castle(tls_listener(), guarded(jwt), {{"login.json", text("jwks")}});
  std::vector<Attack> attacks;
  for (const auto& [what, value] : forgery().at("forged").as_object()) {
    const std::string token(value.as_string());
    attacks.push_back({what, bearing(token), "credential_invalid"});
    if (token.size() > 60) castle.secrets.push_back(token.substr(token.size() - 40, 30));
    castle.secrets.push_back(token.substr(0, 20));
  }
  attacks.push_back({"expired", bearing(text("expired")), "credential_expired"});
  castle.refuses_all(attacks);
}

BOOST_AUTO_TEST_CASE(good_tokens_where_they_do_not_count) {
  Castle castle(tls_listener(), guarded(jwt, ", subprotocols: [ binary ]"), {{"login.json", text("jwks")}});
  const std::string good = text("good");
  castle.secrets = {good.substr(0, 30), good.substr(good.size() - 30), subprotocol(good).substr(45, 30)};
  const Head cookie = Head().set("Cookie", "session=" + good);
  castle.refuses_all({
      {"no token", Head(), "credential_missing"},
      {"two fields", bearing(good).add_line("Authorization: Bearer " + good), "bad_request", 400},
      {"two fields, one of them another's", bearing(good).add_line("authorization: Basic eDp5"), "bad_request", 400},
      {"a folded field", Head().add_line("Authorization: Bearer\r\n " + good), "bad_request", 400},
      {"a blank before the colon", Head().add_line("Authorization : Bearer " + good), "bad_request", 400},
      {"a NUL in it", authorized("Bearer " + good + std::string(1, '\0')), "bad_request", 400},
      {"another field's name", Head().set("X-Authorization", "Bearer " + good), "credential_missing"},
      {"the proxy's field", Head().set("Proxy-Authorization", "Bearer " + good), "credential_missing"},
      {"another scheme", authorized("Token " + good), "credential_missing"},
      {"no scheme", authorized(good), "credential_missing"},
      {"a tab behind the scheme", authorized("Bearer\t" + good), "credential_missing"},
      {"the scheme alone", authorized("Bearer"), "credential_invalid"},
      {"two tokens", bearing(good + ", " + good), "credential_invalid"},
      {"something behind it", bearing(good + " x"), "credential_invalid"},
      {"a bad one before a good cookie", Head().set("Authorization", "Bearer x").set("Cookie", "session=" + good),
       "credential_invalid"},
      {"the cookie in other case", Head().set("Cookie", "Session=" + good), "credential_missing"},
      {"another cookie's value", Head().set("Cookie", "a=session=" + good), "credential_missing"},
      {"two cookies", Head().set("Cookie", "session=" + good + "; session=" + good), "credential_invalid"},
      {"two cookies in two fields", Head().set("Cookie", "session=" + good).add_line("Cookie: session=x"),
       "credential_invalid"},
      {"an empty cookie", Head().set("Cookie", "session="), "credential_missing"},
      {"the parameter in other case", Head("/desk?Access_Token=" + good), "credential_missing"},
      {"two parameters", Head("/desk?access_token=" + good + "&access_token=" + good), "credential_invalid"},
      {"two parameters, one encoded", Head("/desk?access_token=" + good + "&access%5Ftoken=x"), "credential_invalid"},
      {"a broken encoding", Head("/desk?x=%zz&access_token=" + good), "bad_request", 400},
      {"an encoded NUL behind it", Head("/desk?access_token=" + good + "%00"), "credential_invalid"},
      {"a semicolon between parameters", Head("/desk?x=1;access_token=" + good), "credential_missing"},
      {"two subprotocols",
       Head().set("Sec-WebSocket-Protocol", subprotocol(good) + ", " + subprotocol("x") + ", binary"),
       "credential_invalid"},
      {"a subprotocol of no base64url",
       Head().set("Sec-WebSocket-Protocol", "base64url.bearer.authorization.drawbridge.%%, binary"),
       "credential_invalid"},
      {"the subprotocol alone", Head().set("Sec-WebSocket-Protocol", subprotocol(good)), "subprotocol", 400},
      {"a foreign page with a good cookie", Head(cookie).set("Origin", "https://evil.example"), "origin", 403},
      {"a page below ours", Head(cookie).set("Origin", "https://x.app.example.org"), "origin", 403},
      {"a page that hides", Head(cookie).set("Origin", "null"), "origin", 403},
      {"no page at all", Head(cookie).without("Origin"), "origin", 403},
  });
}

BOOST_AUTO_TEST_CASE(paths_around_a_guarded_route) {
  Castle castle(tls_listener(),
                guarded(jwt) +
                    "  - { name: open, path: /open/*, backend: BACKEND, origins: [ \"https://app.example.org\" ], "
                    "auth: [ { tokens: { file: none.txt, from: [ authorization ] } } ] }\n",
                {{"login.json", text("jwks")}, {"none.txt", "# nobody\n"}});
  castle.refuses_all({
      {"dots", Head("/open/../desk"), "bad_request", 400},
      {"encoded dots", Head("/open/%2e%2e/desk"), "bad_request", 400},
      {"an encoded slash", Head("/open%2f..%2fdesk"), "bad_request", 400},
      {"two slashes", Head("//desk"), "bad_request", 400},
      {"encoded letters", Head("/%64esk"), "bad_request", 400},
      {"other case", Head("/DESK"), "no_route", 404},
      {"another path by its side", Head("/open/x").set("X-Original-URL", "/desk").set("X-Rewrite-URL", "/desk"),
       "credential_missing"},
      {"another method by its side", Head().set("X-HTTP-Method-Override", "GET"), "credential_missing"},
      {"an authenticated proxy's word",
       Head().set("Remote-User", "alice").set("X-Forwarded-User", "alice").set("X-Remote-User", "alice"),
       "credential_missing"},
  });
}

BOOST_AUTO_TEST_CASE(opaque_tokens) {
  const std::string good = "the-night-shift-laptop-0123456789";
  const std::string gone = "one-that-was-taken-away-0123456789";
  const std::string old = "one-that-has-ended-0123456789abcd";
  const std::string astray = "one-for-a-forbidden-place-0123456";
  Castle castle(tls_listener(), guarded("{ tokens: { file: tokens.txt } }"),
                {{"tokens.txt", "# sha256:" + sha256_hex(gone) + " bob\nsha256:" + sha256_hex(good) +
                                    " alice id=laptop-of-alice-0\n" + "sha256:" + sha256_hex(old) +
                                    " alice expires=2020-01-01T00:00:00Z\n" + "sha256:" + sha256_hex(astray) +
                                    " eve backend=tcp://127.0.0.1:22\n"}});
  castle.secrets = {good.substr(4, 12), gone.substr(4, 12), old.substr(4, 12), astray.substr(4, 12), sha256_hex(good)};
  std::string upper = good;
  std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) { return std::toupper(c); });
  castle.refuses_all({
      {"the hash", bearing(sha256_hex(good)), "credential_invalid"},
      {"the hash with its kind", bearing("sha256:" + sha256_hex(good)), "credential_invalid"},
      {"a beginning", bearing(good.substr(0, 20)), "credential_invalid"},
      {"a short beginning", bearing(good.substr(0, 5)), "credential_invalid"},
      {"and more", bearing(good + "0"), "credential_invalid"},
      {"padded", bearing(good + "="), "credential_invalid"},
      {"in capitals", bearing(upper), "credential_invalid"},
      {"its id", bearing("laptop-of-alice-0"), "credential_invalid"},
      {"one that is commented out", bearing(gone), "credential_invalid"},
      {"one that has ended", bearing(old), "credential_expired"},
      {"one for a backend that is not allowed", bearing(astray), "not_permitted", 403},
      {"a huge one", bearing(std::string(9'000, 'a')), "credential_invalid"},
      {"as a password", basic("alice:" + good), "credential_missing"},
  });
}

BOOST_AUTO_TEST_CASE(passwords) {
  const std::string long_password(72, 'p');  // all that bcrypt reads
  const Run alice = run({"/usr/bin/htpasswd", "-nbB", "-C", "4", "alice", "open sesame"});
  const Run bob = run({"/usr/bin/htpasswd", "-nbB", "-C", "4", "bob", long_password});
  const Run carol = run({"/usr/bin/htpasswd", "-nbB", "-C", "4", "carol", "hers"});
  const std::string hash = alice.output.substr(6, 60);
  Castle castle(tls_listener(), guarded("{ basic: { file: users } }"),
                {{"users", alice.output + bob.output + "# " + carol.output}});
  castle.secrets = {"sesame", "guessed", hash.substr(7), base64("alice:guessed"), long_password.substr(0, 30),
                    "mallory"};
  castle.refuses_all({
      {"wrong", basic("alice:guessed"), "credential_invalid"},
      {"of nobody", basic("mallory:guessed"), "credential_invalid"},
      {"empty", basic("alice:"), "credential_invalid"},
      {"nobody's", basic(":open sesame"), "credential_invalid"},
      {"nothing", authorized("Basic"), "credential_invalid"},
      {"no colon", basic("alice"), "credential_invalid"},
      {"the hash", basic("alice:" + hash), "credential_invalid"},
      {"in other case", basic("alice:Open Sesame"), "credential_invalid"},
      {"of a user in other case", basic("Alice:open sesame"), "credential_invalid"},
      {"of a user with a blank", basic("alice :open sesame"), "credential_invalid"},
      {"with a line end", basic("alice:open sesame\n"), "credential_invalid"},
      {"with a NUL and more", basic(std::string("alice:open sesame\0x", 19)), "credential_invalid"},
      {"beyond what bcrypt reads", basic("bob:" + long_password + "x"), "credential_invalid"},
      {"too long", basic("alice:" + std::string(5'000, 'p')), "credential_invalid"},
      {"of a user who is commented out", basic("carol:hers"), "credential_invalid"},
      {"of the comment", basic("# carol:hers"), "credential_invalid"},
      {"the decoy's", basic("mallory:" + std::string(31, '.')), "credential_invalid"},
      {"broken base64", authorized("Basic YWxpY2U6b3BlbiBzZXNhbWU"), "credential_invalid"},
      {"as a bearer's", authorized("Bearer " + base64("alice:open sesame")), "credential_missing"},
      {"of another scheme", authorized("Digest username=\"alice\""), "credential_missing"},
      {"twice", basic("alice:guessed").add_line("Authorization: Basic " + base64("alice:open sesame")), "bad_request",
       400},
  });
}

BOOST_AUTO_TEST_CASE(client_certificates) {
  const Authority root("Root");
  const Authority stranger("Root");  // of the same name
  Castle castle(
      "  - { bind: \"127.0.0.1:0\", tls: { certificates: [ { chain: server.crt, key: server.key } ], "
      "client_certificates: { ca: ca.pem } } }\n",
      guarded("{ client_certificate: { subjects: [ anna ], names: [ \"email:*@example.org\" ] } }"),
      {{"ca.pem", root.pem()}});
  const std::string mail = "email:anna@example.org";
  const auto shown = [&](const Certificate& certificate) {
    return RawClient(castle.daemon.port(), {.chain = certificate.chain, .key = certificate.key});
  };
  const std::vector<std::pair<std::string, Wish>> wishes{
      {"another subject", {.common_names = {"eve"}, .alternatives = mail}},
      {"a subject that begins alike", {.common_names = {"annabel"}, .alternatives = mail}},
      {"a subject in other case", {.common_names = {"Anna"}, .alternatives = mail}},
      {"two subjects", {.common_names = {"anna", "eve"}, .alternatives = mail}},
      {"a NUL in the subject", {.common_names = {std::string("anna\0.evil", 10)}, .alternatives = mail}},
      {"no names", {}},
      {"another name", {.alternatives = "email:anna@example.org.evil.example"}},
      {"the name of another kind", {.alternatives = "DNS:anna.example.org"}},
  };
  for (const auto& [what, wish] : wishes) {
    BOOST_TEST_CONTEXT(what) castle.refuses(shown(root.issue(wish)), {what, Head(), "not_permitted", 403});
  }
  castle.refuses_all({
      {"no certificate", Head(), "credential_missing"},
      {"a proxy's word for one",
       Head().set("X-SSL-Client-Verify", "SUCCESS").set("X-SSL-Client-S-DN", "CN=anna").set("X-Client-Cert", "anna"),
       "credential_missing"},
  });
  // These do not even get to ask.
  const std::vector<std::pair<std::string, Certificate>> untrusted{
      {"another issuer of that name", stranger.issue({.alternatives = mail})},
      {"its own issuer", make_certificate({"anna"})},
      {"ended", root.issue({.alternatives = mail, .end = -60})},
      {"to come", root.issue({.alternatives = mail, .begin = one_day})},
      {"a server's", root.issue({.alternatives = mail, .usage = "serverAuth"})},
  };
  for (const auto& [what, certificate] : untrusted) {
    BOOST_TEST_CONTEXT(what) {
      const auto ask = [&, &it = certificate] { shown(it).request(Head()); };
      BOOST_CHECK_THROW(ask(), std::runtime_error);
      castle.daemon.refused("tls_error");
    }
  }
}

BOOST_AUTO_TEST_CASE(an_asked_service) {
  // Admits one cookie, and believes what a proxy says of the path and the client: the bridge must be the only one who
  // says it. Its other answers are by the cookie too.
  const Backend service([](Wire& wire) {
    const std::string head = wire.read_until("\r\n\r\n");
    const auto says = [&](const std::string& line) { return head.find("\r\n" + line) != std::string::npos; };
    const auto asks = [&](const std::string& cookie) { return head.find("answer=" + cookie) != std::string::npos; };
    if (says("X-Forwarded-Uri: /public") || says("X-Forwarded-For: 10.0.0.1") || says("Remote-User: root") ||
        says("X-Original-URL: https://bridge.test/public")) {
      return wire.write("HTTP/1.1 200 OK\r\nRemote-User: tricked\r\n\r\n");
    }
    if (asks("redirect")) return wire.write("HTTP/1.1 302 Found\r\nLocation: /login\r\nRemote-User: a\r\n\r\n");
    if (asks("error")) return wire.write("HTTP/1.1 500 Oops\r\nRemote-User: a\r\n\r\n");
    if (asks("nothing")) return;
    if (asks("http09")) return wire.write("welcome\r\n\r\n");
    if (asks("half")) return wire.write("HTTP/1.1 200 OK\r\nRemote-User: a\r\n");
    if (asks("nobody")) return wire.write("HTTP/1.1 204 No Content\r\n\r\n");
    if (asks("two")) return wire.write("HTTP/1.1 200 OK\r\nRemote-User: a\r\nRemote-User: b\r\n\r\n");
    if (asks("folded")) return wire.write("HTTP/1.1 200 OK\r\nRemote-User: a\r\n b\r\n\r\n");
    if (asks("long")) return wire.write("HTTP/1.1 200 OK\r\nRemote-User: " + std::string(300, 'a') + "\r\n\r\n");
    if (asks("interim")) return wire.write("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 403 No\r\n\r\n");
    if (asks("switch")) return wire.write("HTTP/1.1 101 Switching\r\nRemote-User: a\r\n\r\n");
    wire.write("HTTP/1.1 401 No\r\n\r\n");
  });
  Castle castle(tls_listener(),
                guarded("{ forward: { url: \"http://127.0.0.1:" + std::to_string(service.port()) +
                        "/verify\", identity: Remote-User } }"),
                {});
  castle.secrets = {"answer=", "topsecret"};
  const auto cookie = [](const std::string& value) { return Head().set("Cookie", "answer=" + value); };
  castle.refuses_all({
      {"nothing", Head(), "credential_missing"},
      {"a wrong cookie", cookie("topsecret"), "credential_invalid"},
      {"an identity of his own", Head().set("Remote-User", "root"), "credential_missing"},
      {"a path of his own", Head().set("X-Forwarded-Uri", "/public"), "credential_missing"},
      {"a URL of his own", Head().set("X-Original-URL", "https://bridge.test/public"), "credential_missing"},
      {"an address of his own", Head().set("X-Forwarded-For", "10.0.0.1"), "credential_missing"},
      {"a line within a line", cookie("topsecret\r\n X-Forwarded-Uri: /public"), "bad_request", 400},
      {"a redirect", cookie("redirect"), "credential_invalid"},
      {"an error", cookie("error"), "auth_unavailable", 503},
      {"a closed connection", cookie("nothing"), "auth_unavailable", 503},
      {"no HTTP", cookie("http09"), "auth_unavailable", 503},
      {"half a head", cookie("half"), "auth_unavailable", 503},
      {"no identity", cookie("nobody"), "auth_unavailable", 503},
      {"two identities", cookie("two"), "auth_unavailable", 503},
      {"a folded identity", cookie("folded"), "auth_unavailable", 503},
      {"a long identity", cookie("long"), "auth_unavailable", 503},
      {"a refusal behind an interim answer", cookie("interim"), "not_permitted", 403},
      {"another protocol", cookie("switch"), "auth_unavailable", 503},
  });
}

BOOST_AUTO_TEST_CASE(names_of_others) {
  const std::string near = ", allow: [ 192.0.2.7 ] }\n";
  const auto listener = [](const std::string& more) {
    return "  - { bind: \"127.0.0.1:0\", tls: { certificates: [ { chain: server.crt, key: server.key } ] }, " + more +
           " }\n";
  };
  Castle castle(listener("trusted_proxies: { from: [ 127.0.0.1, 198.51.100.0/24 ] }") +
                    listener("trusted_proxies: { from: [ 127.0.0.1 ], header: forwarded }") +
                    listener("proxy_protocol: [ 127.0.0.1 ]"),
                "  - { name: desk, path: /desk, backend: BACKEND, origins: [ \"https://app.example.org\" ]" + near, {});
  struct Claim {
    std::string what;
    std::size_t listener;
    std::string source;
    std::vector<std::string> lines;
    std::string reason = "client_denied";
    unsigned status = 403;
  };
  const std::vector<Claim> claims{
      {"of a stranger", 0, "127.0.0.9", {"X-Forwarded-For: 192.0.2.7"}},
      {"of a stranger, in the other header", 1, "127.0.0.9", {"Forwarded: for=192.0.2.7"}},
      {"before what the proxy says", 0, "127.0.0.1", {"X-Forwarded-For: 192.0.2.7, 203.0.113.5"}},
      {"in a field before the proxy's", 0, "127.0.0.1", {"X-Forwarded-For: 192.0.2.7", "X-Forwarded-For: 203.0.113.5"}},
      {"before a whole chain", 0, "127.0.0.1", {"X-Forwarded-For: 192.0.2.7, 203.0.113.5, 198.51.100.3"}},
      {"with nothing behind", 0, "127.0.0.1", {"X-Forwarded-For: 192.0.2.7,"}, "bad_request", 400},
      {"with rubbish behind", 0, "127.0.0.1", {"X-Forwarded-For: 192.0.2.7, x"}, "bad_request", 400},
      {"before somebody unknown", 0, "127.0.0.1", {"X-Forwarded-For: 192.0.2.7, unknown"}},
      {"in the header that the proxy does not set", 0, "127.0.0.1", {"Forwarded: for=192.0.2.7"}},
      {"in other headers",
       0,
       "127.0.0.1",
       {"X-Real-IP: 192.0.2.7", "True-Client-IP: 192.0.2.7", "CF-Connecting-IP: 192.0.2.7",
        "X_Forwarded_For: 192.0.2.7"}},
      {"with an open quote", 1, "127.0.0.1", {"Forwarded: for=\"192.0.2.7, for=203.0.113.5"}},
      {"in the wrong parameter", 1, "127.0.0.1", {"Forwarded: by=192.0.2.7"}},
      {"twice in one element", 1, "127.0.0.1", {"Forwarded: for=203.0.113.5;for=192.0.2.7"}, "bad_request", 400},
      {"of nobody", 1, "127.0.0.1", {"Forwarded: for=192.0.2.7, for=_hidden"}},
      {"nothing", 0, "127.0.0.1", {}},
  };
  for (const Claim& claim : claims) {
    Attack attack{claim.what, Head(), claim.reason, claim.status};
    for (const std::string& line : claim.lines) attack.head.add_line(line);
    BOOST_TEST_CONTEXT(claim.what) {
      castle.refuses(RawClient(Address{.port = castle.daemon.port(claim.listener), .source = claim.source}, {}),
                     attack);
    }
  }

  // Before TLS: a header of his own, behind the proxy's or instead of it.
  const std::string stated = "PROXY TCP4 203.0.113.5 127.0.0.1 1 443\r\n";
  const std::string wished = "PROXY TCP4 192.0.2.7 127.0.0.1 1 443\r\n";
  struct Beginning {
    std::string what;
    std::string source;
    std::string bytes;
    std::string reason;
  };
  const std::vector<Beginning> beginnings{
      {"of a stranger", "127.0.0.9", wished, "client_denied"},
      {"in other letters", "127.0.0.1", "proxy TCP4 192.0.2.7 127.0.0.1 1 443\r\n", "bad_request"},
      {"with zeros", "127.0.0.1", "PROXY TCP4 192.000.2.7 127.0.0.1 1 443\r\n", "bad_request"},
      {"of the wrong family", "127.0.0.1", "PROXY TCP6 192.0.2.7 127.0.0.1 1 443\r\n", "bad_request"},
      {"with a bare line feed", "127.0.0.1", "PROXY TCP4 192.0.2.7 127.0.0.1 1 443\n", "bad_request"},
      {"two of them", "127.0.0.1", stated + wished, "tls_error"},
      {"none", "127.0.0.1", "GET /desk HTTP/1.1\r\n\r\n", "bad_request"},
  };
  for (const Beginning& beginning : beginnings) {
    BOOST_TEST_CONTEXT(beginning.what) {
      Wire wire = connect_tcp(castle.daemon.port(2), "127.0.0.1", beginning.source);
      try {
        wire.write(beginning.bytes);
        wire.read_to_end_or_reset();
      } catch (const ConnectionReset&) {
      }
      castle.daemon.wait_for("refused", {{"reason", beginning.reason}, {"status", "0"}});
    }
  }
  Wire named = connect_tcp(castle.daemon.port(2));
  named.write(stated);
  named.start_tls({});
  Head wish;
  wish.add_line("X-Forwarded-For: 192.0.2.7").add_line("Forwarded: for=192.0.2.7");
  castle.refuses(RawClient(std::move(named)), {"in headers behind the PROXY header", wish, "client_denied", 403});
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(cost)

// /proc counts it in hundredths of a second.
double cpu_seconds_of(const Process& process) {
  clockid_t clock{};
  timespec time{};
  BOOST_TEST_REQUIRE(clock_getcpuclockid(process.id(), &clock) == 0);
  BOOST_TEST_REQUIRE(clock_gettime(clock, &time) == 0);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// Where the daemon works more for a forged token than for the handshake under it, forging would be the better flood.
BOOST_AUTO_TEST_CASE(a_bad_token_costs_less_than_the_handshake_before_it) {
  const Backend backend(echo());
  Daemon daemon(configuration(tls_listener(), Castle::routes_to(guarded(jwt), backend.port())) +
                    "limits: { handshakes_per_client: 100000/s, handshake_burst: 100000 }\n",
                {.files = {{"login.json", text("jwks")}}, .process = {}});
  const auto cpu_of = [&](const Head& head, unsigned status) {
    constexpr int attempts = 60;
    const double before = cpu_seconds_of(daemon.process());
    for (int i = 0; i < attempts; ++i) BOOST_TEST(RawClient(daemon.port()).request(head).status == status);
    return (cpu_seconds_of(daemon.process()) - before) / attempts;
  };
  const Head foreign = Head().set("Origin", "https://evil.example");
  // Right but for its signature: all of it is looked at.
  const std::string good = text("good");
  const Head forged = bearing(good.substr(0, good.size() - 10) + "AAAAAAAAAA");
  cpu_of(foreign, 403);
  cpu_of(forged, 401);
  double handshake = 0;
  double token = 0;
  for (int round = 0; round < 3; ++round) {  // taken in turns, so that both see the same machine
    handshake += cpu_of(foreign, 403);
    token += cpu_of(forged, 401);
  }
  const double ratio = (token - handshake) / handshake;
  BOOST_TEST_MESSAGE("a forged token costs " << ratio << " of a handshake, which takes " << handshake / 3 * 1e6
                                             << " us");
  BOOST_TEST(ratio < 1.0);
}

BOOST_AUTO_TEST_CASE(guessing_from_many_addresses_slows_nobody_down_and_leaves_nothing_behind) {
  const Run slow = run({"/usr/bin/htpasswd", "-nbB", "-C", "10", "alice", "open sesame"});
  const Backend backend(echo());
  Daemon daemon(
      configuration(tls_listener(), Castle::routes_to(guarded("{ basic: { file: users } }"), backend.port())) +
          "workers: 1\n",
      {.files = {{"users", slow.output}}, .process = {}});
  RawClient session(daemon.port());
  BOOST_TEST_REQUIRE(session.request(basic("alice:open sesame")).status == 101U);
  // Of many round trips the one in the middle: single ones say more about the machine.
  const auto round_trip = [&](int times, const auto& between) {
    std::vector<double> took;
    for (int i = 0; i < times; ++i) {
      between(i);
      const auto start = steady_clock::now();
      session.send_frame(Op::binary, "echo");
      BOOST_TEST(session.read_payload(4) == "echo");
      took.push_back(std::chrono::duration<double>(steady_clock::now() - start).count());
    }
    std::sort(took.begin(), took.end());
    return took[took.size() / 2];
  };
  const double before = round_trip(200, [](int) {});
  const std::size_t descriptors = daemon.process().open_descriptors();
  std::vector<RawClient> guessing;
  const auto guess = [&](int i) {
    guessing.emplace_back(Address{.port = daemon.port(), .source = "127.0.1." + std::to_string(1 + i % 250)},
                          TlsOptions{});
    guessing.back().send(basic("alice:guess" + std::to_string(i)).text());
  };
  const double during = round_trip(500, guess);
  BOOST_TEST_MESSAGE("a round trip took " << before * 1e6 << " us, and " << during * 1e6 << " us among guesses");
  BOOST_TEST(during < std::max(50 * before, 0.02));
  // Beyond what may wait they hear so at once, all others within the time that each has.
  std::size_t checked = 0;
  for (RawClient& client : guessing) {
    const unsigned status = client.read_answer().status;
    BOOST_TEST((status == 401 || status == 503));
    checked += status == 401 ? 1 : 0;
  }
  BOOST_TEST(checked > 0U);
  const std::size_t resident = daemon.process().resident_bytes();
  guessing.clear();
  const auto deadline = steady_clock::now() + patience;
  while (daemon.process().open_descriptors() > descriptors && steady_clock::now() < deadline) std::this_thread::yield();
  BOOST_TEST(daemon.process().open_descriptors() <= descriptors);
  if (!sanitized) BOOST_TEST(resident < 128U << 20);
  // And whoever knows his password still comes in.
  BOOST_TEST(RawClient(daemon.port()).request(basic("alice:open sesame")).status == 101U);
}

BOOST_AUTO_TEST_SUITE_END()
