#include "made_tokens.hpp"
#include "support/backend.hpp"
#include "support/base64.hpp"
#include "support/daemon.hpp"
#include "support/raw_client.hpp"
#include "support/tokens.hpp"

#include <algorithm>
#include <ctime>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>
#include <openssl/evp.h>
#include <openssl/sha.h>

using namespace drawbridge::testing;
using std::chrono::steady_clock;

BOOST_TEST_DONT_PRINT_LOG_VALUE(Close)

namespace {

std::string text(const char* key) {
  return std::string(made().at(key).as_string());
}

Head bearing(const std::string& bearer) {
  return Head().set("Authorization", "Bearer " + bearer);
}
Head basic(const std::string& user, const std::string& password) {
  return Head().set("Authorization", "Basic " + base64(user + ":" + password));
}

constexpr const char* jwt_of_login =
    ", auth: [ { jwt: { jwks: login.json, algorithms: [ RS256, ES256 ], issuer: https://login.example.org, "
    "audience: drawbridge } } ]";

struct Bridge {
  Backend backend{echo()};
  Daemon daemon;

  explicit Bridge(const std::string& auth, std::map<std::string, std::string> files = {}, const std::string& top = "")
      : daemon(configuration(tls_listener(), route("desk", backend.port(), auth), top),
               {.files = std::move(files), .process = {}}) {}

  Answer ask(const Head& head) {
    RawClient client(daemon.port());
    return client.request(head);
  }
  // Asks, and checks status, word and log line of the refusal.
  Record refused(const Head& head, unsigned status, const std::string& reason) {
    const Answer answer = ask(head);
    BOOST_TEST(answer.status == status);
    BOOST_TEST(answer.reason() == reason);
    if (status == 401) BOOST_TEST(!answer.field("WWW-Authenticate").empty());
    return daemon.refused(reason);
  }
  Record admitted(const Head& head) {
    RawClient client(daemon.port());
    const Answer answer = client.request(head);
    BOOST_TEST(answer.status == 101U, answer.body);
    if (answer.status != 101U) return {};
    client.send_frame(Op::binary, "across");
    BOOST_TEST(client.read_payload(6) == "across");
    client.finish();
    return daemon.session("client_closed");
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(authentication)

BOOST_AUTO_TEST_CASE(a_jwt_admits_whom_it_names) {
  Bridge bridge(jwt_of_login, {{"login.json", text("jwks")}});
  BOOST_TEST(bridge.admitted(bearing(token("good")))["identity"] == "alice");
  BOOST_TEST(bridge.admitted(bearing(token("es256")))["identity"] == "bob");

  const Record missing = bridge.refused(Head(), 401, "credential_missing");
  BOOST_TEST(missing["rule"].starts_with("auth.jwt ("), missing.line);
  bridge.refused(bearing(token("expired")), 401, "credential_expired");
  for (const char* bad : {"foreign", "other_audience", "other_issuer", "none", "unsigned", "confused"}) {
    BOOST_TEST_CONTEXT(bad) bridge.refused(bearing(token(bad)), 401, "credential_invalid");
  }
  bridge.refused(bearing(token("good")).add_line("Authorization: Bearer " + token("good")), 400, "bad_request");
  // Nothing of any token is ever written.
  const std::string log = bridge.daemon.log();
  for (const auto& [name, value] : made().at("tokens").as_object()) {
    const std::string signature = std::string(value.as_string()).substr(value.as_string().size() - 20);
    BOOST_TEST(log.find(signature) == std::string::npos, name);
  }
}

BOOST_AUTO_TEST_CASE(what_is_required_of_a_token_is_403) {
  Bridge bridge(
      ", auth: [ { jwt: { pem: login.pem, algorithms: RS256, require: [ { claim: role, is: [ admin, root ] } ] } } ]",
      {{"login.pem", text("pem")}});
  bridge.admitted(bearing(token("admin")));
  bridge.refused(bearing(token("user")), 403, "not_permitted");
  bridge.refused(bearing(token("good")), 403, "not_permitted");
}

BOOST_AUTO_TEST_CASE(a_token_is_found_where_the_route_looks_for_it) {
  Bridge bridge(
      ", auth: [ { jwt: { jwks: login.json, algorithms: RS256, from: [ 'cookie:session', 'query:access_token', "
      "subprotocol ] } } ], subprotocols: [ binary ]",
      {{"login.json", text("jwks")}});
  const std::string good = token("good");
  bridge.admitted(Head().set("Cookie", "theme=dark; session=" + good));
  bridge.admitted(Head("/desk?x=1&access_token=" + good));
  bridge.refused(bearing(good), 401, "credential_missing");
  bridge.refused(Head().set("Cookie", "session=" + good + "; session=x"), 401, "credential_invalid");

  const std::string entry = "base64url.bearer.authorization.drawbridge." + base64url(good);
  RawClient client(bridge.daemon.port());
  const Answer answer = client.request(Head().set("Sec-WebSocket-Protocol", entry + ", binary"));
  BOOST_TEST(answer.status == 101U);
  BOOST_TEST(answer.field("Sec-WebSocket-Protocol") == "binary");
  client.finish();
  BOOST_TEST(bridge.daemon.session("client_closed")["subprotocol"] == "binary");
  // A browser would end it, as nothing it offered came back.
  bridge.refused(Head().set("Sec-WebSocket-Protocol", entry), 400, "subprotocol");
}

BOOST_AUTO_TEST_CASE(a_credential_is_never_echoed_where_none_is_asked_for) {
  Bridge bridge("");
  const std::string entry = "base64url.bearer.authorization.drawbridge." + base64url(token("good"));
  RawClient client(bridge.daemon.port());
  const Answer answer = client.request(Head().set("Sec-WebSocket-Protocol", entry + ", chat"));
  BOOST_TEST(answer.field("Sec-WebSocket-Protocol") == "chat");
  client.finish();
  bridge.daemon.session("client_closed");
  BOOST_TEST(bridge.daemon.log().find(entry.substr(45, 20)) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_session_ends_when_its_token_does) {
  Bridge bridge(", auth: [ { jwt: { jwks: login.json, algorithms: RS256, leeway: 1ms } } ]",
                {{"login.json", text("jwks")}});
  const Run python = run({"/usr/bin/python3", DRAWBRIDGE_TESTS_DIR "/make_tokens.py"});
  const boost::json::object fresh = boost::json::parse(python.output).as_object();
  bridge.daemon.write("login.json", std::string(fresh.at("jwks").as_string()));
  bridge.daemon.wait_for("keys_read");
  RawClient client(bridge.daemon.port());
  BOOST_TEST(client.request(bearing(std::string(fresh.at("tokens").as_object().at("short").as_string()))).status ==
             101U);
  BOOST_TEST((client.read_close() == Close{1008, "credential_expired"}));
  client.finish();
  const Record session = bridge.daemon.session("credential_expired");
  BOOST_TEST(session["identity"] == "alice");
  BOOST_TEST(session["code"] == "1008");
}

BOOST_AUTO_TEST_CASE(new_keys_are_taken_up_and_bad_ones_change_nothing) {
  Bridge bridge(jwt_of_login, {{"login.json", text("jwks")}});
  bridge.daemon.write("login.json", "{ \"keys\": [");
  const Record failed = bridge.daemon.wait_for("keys_not_read");
  BOOST_TEST(failed["route"] == "desk");
  BOOST_TEST(failed["file"].ends_with("login.json"));
  bridge.admitted(bearing(token("good")));
  bridge.daemon.write("login.json", text("other_jwks"));
  bridge.daemon.wait_for("keys_read");
  bridge.refused(bearing(token("good")), 401, "credential_invalid");
  bridge.admitted(bearing(token("foreign")));
}

BOOST_AUTO_TEST_CASE(opaque_tokens_name_identities_and_targets) {
  const std::string laptop = "the-night-shift-laptop-0123456789";
  const std::string old = "one-that-has-ended-0123456789abcd";
  const std::string away = "one-for-another-place-0123456789a";
  const std::string astray = "one-for-a-forbidden-place-0123456";
  const Backend other(greet("the other"));
  const std::string target = "tcp://127.0.0.1:" + std::to_string(other.port());
  Bridge bridge(", auth: [ { tokens: { file: tokens.txt, backends: [ \"" + target + "\" ] } } ]",
                {{"tokens.txt", "# the night shift\nsha256:" + sha256_hex(laptop) + " alice id=laptop\n" +
                                    "sha256:" + sha256_hex(old) + " alice expires=2020-01-01T00:00:00Z\n" +
                                    "sha256:" + sha256_hex(away) + " bob backend=" + target + "\n" +
                                    "sha256:" + sha256_hex(astray) + " eve backend=tcp://127.0.0.1:22\n"}});
  BOOST_TEST(bridge.admitted(bearing(laptop))["identity"] == "alice");
  bridge.refused(bearing(old), 401, "credential_expired");
  bridge.refused(bearing("nobody-has-this-one-0123456789abc"), 401, "credential_invalid");
  bridge.refused(bearing("short"), 401, "credential_invalid");
  const Record forbidden = bridge.refused(bearing(astray), 403, "not_permitted");
  BOOST_TEST(forbidden["detail"].find("`backends`") != std::string::npos, forbidden.line);

  RawClient client(bridge.daemon.port());
  BOOST_TEST(client.request(bearing(away)).status == 101U);
  BOOST_TEST(client.read_payload(9) == "the other");
  client.finish();
  BOOST_TEST(bridge.daemon.session("client_closed")["backend"] == target);
}

BOOST_AUTO_TEST_CASE(passwords_are_checked_beside_everybody_else) {
  const Run alice = run({"/usr/bin/htpasswd", "-nbB", "-C", "5", "alice", "open sesame"});
  // About a second each.
  const Run slow = run({"/usr/bin/htpasswd", "-nbB", "-C", "13", "slow", "whatever"});
  BOOST_TEST_REQUIRE(alice.code == 0, alice.error);
  Bridge bridge(", auth: [ { basic: { file: users.htpasswd } } ]", {{"users.htpasswd", alice.output + slow.output}},
                "workers: 1\n");
  BOOST_TEST(bridge.admitted(basic("alice", "open sesame"))["identity"] == "alice");
  const Answer wrong = bridge.ask(basic("alice", "open"));
  BOOST_TEST(wrong.status == 401U);
  BOOST_TEST(wrong.reason() == "credential_invalid");
  BOOST_TEST(wrong.field("WWW-Authenticate") == "Basic realm=\"drawbridge\", charset=\"UTF-8\"");
  // No word about whether there is such a user.
  const Answer nobody = bridge.ask(basic("mallory", "open"));
  BOOST_TEST(nobody.body.substr(0, 30) == wrong.body.substr(0, 30));
  bridge.refused(Head(), 401, "credential_missing");

  // While wrong passwords wait for their turn, those that are known cross at once.
  std::vector<RawClient> guessing;
  for (int i = 0; i < 4; ++i) {
    guessing.emplace_back(bridge.daemon.port());
    guessing.back().send(basic("slow", "guess" + std::to_string(i)).text());
  }
  const auto start = steady_clock::now();
  BOOST_TEST(bridge.admitted(basic("alice", "open sesame"))["identity"] == "alice");
  const bool still_waiting = !guessing.back().wire().readable(std::chrono::milliseconds(0));
  BOOST_TEST(still_waiting, "admitted after " << std::chrono::duration<double>(steady_clock::now() - start).count());
  // Beyond its share of the queue a client hears so.
  RawClient fifth(bridge.daemon.port());
  fifth.send(basic("slow", "guess5").text());
  RawClient sixth(bridge.daemon.port());
  BOOST_TEST(sixth.request(basic("slow", "guess6")).status == 503U);
}

BOOST_AUTO_TEST_CASE(one_of_several_entries_is_enough_and_the_furthest_refusal_is_told) {
  const Run users = run({"/usr/bin/htpasswd", "-nbB", "-C", "4", "alice", "open"});
  Bridge bridge(
      ", auth: [ { basic: { file: users } }, { jwt: { jwks: login.json, algorithms: RS256, require: [ { claim: "
      "role, is: admin } ] } } ]",
      {{"users", users.output}, {"login.json", text("jwks")}});
  bridge.admitted(basic("alice", "open"));
  bridge.admitted(bearing(token("admin")));
  const Answer nothing = bridge.ask(Head());
  BOOST_TEST(nothing.field("WWW-Authenticate") == "Bearer, Basic realm=\"drawbridge\", charset=\"UTF-8\"");
  const Record user = bridge.refused(bearing(token("user")), 403, "not_permitted");
  BOOST_TEST(user["rule"].starts_with("auth.jwt ("), user.line);
}

BOOST_AUTO_TEST_CASE(a_revocation_ends_sessions_and_keeps_new_ones_out) {
  Bridge bridge(", auth: [ { jwt: { jwks: login.json, algorithms: [ RS256, ES256 ] } } ]",
                {{"login.json", text("jwks")}, {"revoked.txt", "# nobody yet\n"}}, "revocations: revoked.txt\n");
  RawClient alice(bridge.daemon.port());
  BOOST_TEST(alice.request(bearing(token("good"))).status == 101U);
  RawClient bob(bridge.daemon.port());
  BOOST_TEST(bob.request(bearing(token("es256"))).status == 101U);
  RawClient carol(bridge.daemon.port());
  BOOST_TEST(carol.request(bearing(token("t-2"))).status == 101U);

  bridge.daemon.write("revoked.txt", "identity alice\ntoken t-2\n");
  BOOST_TEST((alice.read_close() == Close{1008, "revoked"}));
  BOOST_TEST((carol.read_close() == Close{1008, "revoked"}));
  alice.finish();
  carol.finish();
  bridge.daemon.wait_for("session", {{"reason", "revoked"}, {"identity", "alice"}});
  bridge.daemon.wait_for("session", {{"reason", "revoked"}, {"identity", "carol"}});
  bob.send_frame(Op::binary, "still here");
  BOOST_TEST(bob.read_payload(10) == "still here");
  BOOST_TEST(bridge.refused(bearing(token("good")), 403, "revoked")["identity"] == "alice");

  bridge.daemon.write("revoked.txt", "who is this\n");
  bridge.daemon.wait_for("keys_not_read");
  bridge.refused(bearing(token("good")), 403, "revoked");
}

BOOST_AUTO_TEST_CASE(a_refused_credential_is_told_as_the_route_says) {
  Bridge bridge(std::string(jwt_of_login) + ", rejection: close", {{"login.json", text("jwks")}});
  RawClient client(bridge.daemon.port());
  BOOST_TEST(client.request(bearing(token("expired"))).status == 101U);
  BOOST_TEST((client.read_close() == Close{4401, "credential_expired"}));
  // Not to foreign pages.
  BOOST_TEST(bridge.ask(Head().set("Origin", "https://evil.example")).status == 403U);
}

BOOST_AUTO_TEST_CASE(a_configuration_with_unusable_keys_does_not_start_and_is_not_taken_up) {
  Bridge bridge(jwt_of_login, {{"login.json", text("jwks")}});
  bridge.daemon.write("empty.json", "{\"keys\": []}");
  bridge.daemon.reload(configuration(
      tls_listener(),
      route("desk", bridge.backend.port(), ", auth: [ { jwt: { jwks: empty.json, algorithms: RS256 } } ]")));
  const std::string message = bridge.daemon.wait_for("config_error")["message"];
  BOOST_TEST(message.find("empty.json") != std::string::npos, message);
  bridge.daemon.wait_for("reload_failed");
  bridge.admitted(bearing(token("good")));
  const Run check = run({program(), "check", "-c", bridge.daemon.directory().path("drawbridge.yaml")});
  BOOST_TEST(check.code == 1);
  BOOST_TEST(check.error.find("empty.json") != std::string::npos, check.error);
}

BOOST_AUTO_TEST_CASE(what_ends_with_the_year_9999_does_not_end_at_once) {
  const std::string laptop = "the-night-shift-laptop-0123456789";
  Bridge bridge(", auth: [ { tokens: { file: tokens.txt } } ]",
                {{"tokens.txt", "sha256:" + sha256_hex(laptop) + " alice expires=9999-12-31T23:59:59Z\n"}});
  BOOST_TEST(bridge.admitted(bearing(laptop))["identity"] == "alice");
}

BOOST_AUTO_TEST_CASE(who_is_revoked_is_not_heard_any_more) {
  const std::string laptop = "the-night-shift-laptop-0123456789";
  std::mutex mutex;
  std::string heard;
  const Backend service([&](Wire& wire) {
    for (std::string piece = wire.read_some(); !piece.empty(); piece = wire.read_some()) {
      const std::lock_guard lock(mutex);
      heard += piece;
    }
  });
  Daemon daemon(configuration(tls_listener(), route("desk", service.port(), ", auth: [ { tokens: { file: tokens } } ]"),
                              "revocations: revoked\n"),
                {.files = {{"tokens", "sha256:" + sha256_hex(laptop) + " alice\n"}, {"revoked", ""}}, .process = {}});
  RawClient client(daemon.port());
  BOOST_TEST_REQUIRE(client.request(bearing(laptop)).status == 101U);
  daemon.write("revoked", "identity alice\n");
  BOOST_TEST((client.read_close() == Close{1008, "revoked"}));
  // He takes no notice.
  client.send_frame(Op::binary, "delete everything");
  client.finish();
  daemon.session("revoked");
  const std::lock_guard lock(mutex);
  BOOST_TEST(heard == "");
}

BOOST_AUTO_TEST_CASE(who_has_no_credential_takes_nobodys_place) {
  const std::string laptop = "the-night-shift-laptop-0123456789";
  const Backend silent(sink());
  Bridge bridge(
      ", limits: { sessions: 1 }, auth: [ { tokens: { file: tokens } }, { forward: { url: "
      "\"http://127.0.0.1:" +
          std::to_string(silent.port()) + "/verify\", timeout: 30s } } ]",
      {{"tokens", "sha256:" + sha256_hex(laptop) + " alice\n"}});
  // Each waits for the service, which does not answer.
  std::vector<RawClient> strangers;
  for (int i = 0; i < 3; ++i) {
    strangers.emplace_back(bridge.daemon.port());
    strangers.back().send(Head().text());
  }
  const auto deadline = steady_clock::now() + patience;
  while (silent.accepted() < strangers.size() && steady_clock::now() < deadline) std::this_thread::yield();
  BOOST_TEST(silent.accepted() == strangers.size());
  bridge.admitted(bearing(laptop));
}

BOOST_AUTO_TEST_SUITE_END()
