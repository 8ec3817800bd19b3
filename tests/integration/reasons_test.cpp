#include "base/reason.hpp"
#include "support/backend.hpp"
#include "support/channel.hpp"
#include "support/daemon.hpp"
#include "support/pattern.hpp"
#include "support/raw_client.hpp"
#include "support/tokens.hpp"

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace drawbridge::testing;
using drawbridge::Reason;

namespace {

// Services and routes for every situation; a route is named after what happens on it.
struct World {
  Backend echoing{echo()};
  Backend closing{serve("bye")};
  Backend resetting{[](Wire& wire) {
    wire.read_some();
    wire.reset();
  }};
  Backend binary{[](Wire& wire) {
    wire.write("\xff\xfe");
    read_until_stopped(wire);
  }};
  Backend deaf{[](Wire& wire) {
    for (const std::string bytes(1 << 20, 'x');;) wire.write(bytes);
  }};
  ClosedPort closed;
  FullPort full;
  Certificate other = make_certificate({"other.test"});
  std::vector<RawClient> held;  // what must stay open meanwhile

  std::string listener() const {
    return "  - bind: 127.0.0.1:0\n    tls:\n      certificates:\n"
           "        - { chain: server.crt, key: server.key }\n        - { chain: other.crt, key: other.key }\n";
  }
  // Nobody here answers the bridge's Close, so that no route waits long for it.
  static std::string route(std::string_view name, std::uint16_t port, std::string_view more = {},
                           const std::string& timeouts = "") {
    return drawbridge::testing::route(name, port, std::string(more) + ", timeouts: { close: 200ms" + timeouts + " }");
  }
  std::string routes() const {
    return route("desk", echoing.port()) + route("closing", closing.port()) + route("resetting", resetting.port()) +
           route("text", binary.port(), ", message_type: text") + route("refused", closed.port()) +
           route("timeout", full.port(), "", ", connect: 200ms") +
           "  - { name: lost, path: /lost, origins: [ \"https://app.example.org\" ], backend: "
           "\"tcp://nowhere.invalid:7\", "
           "timeouts: { connect: 10s } }\n" +
           route("protocol", echoing.port(), ", subprotocols: [ mqtt ]") +
           route("idle", echoing.port(), "", ", idle: 200ms") +
           route("lifetime", echoing.port(), "", ", lifetime: 200ms") +
           route("dead", echoing.port(), "", ", ping: 100ms, dead: 300ms") +
           route("stall", deaf.port(), "", ", stall: 200ms") +
           route("one", echoing.port(), ", limits: { sessions: 1 }") +
           route("binary", echoing.port(), ", accepts: binary") +
           route("small", echoing.port(), ", limits: { frame: 100, message: 150, session_bytes: 1000 }") +
           route("deaf", deaf.port()) + route("denied", echoing.port(), ", deny: [ 127.0.0.0/8 ]") +
           route("guarded", echoing.port(), ", auth: [ { tokens: { file: tokens.txt } } ]") +
           route(
               "asking", echoing.port(),
               ", auth: [ { forward: { url: \"http://127.0.0.1:" + std::to_string(closed.port()) + "/verify\" } } ]") +
           route("counted", echoing.port(),
                 ", auth: [ { tokens: { file: tokens.txt } } ], quotas: { bytes_per_day: 4 }");
  }
  static std::string tokens() {
    return token_line(token("alice"), "alice") + token_line(token("ended"), "alice expires=2020-01-01T00:00:00Z") +
           token_line(token("ending"), "alice expires=" + timestamp_in(5)) +
           token_line(token("astray"), "alice backend=tcp://127.0.0.1:22") + token_line(token("eve"), "eve");
  }
  static std::string token(const std::string& name) { return "token-of-" + name + "-0123456789"; }
  static Head bearing(const std::string& name, const std::string& target = "/guarded") {
    return Head(target).set("Authorization", "Bearer " + token(name));
  }
  Daemon daemon(std::string_view top) const {
    return Daemon(configuration(listener(), routes(), top), {.files = {{"other.crt", other.chain},
                                                                       {"other.key", other.key},
                                                                       {"tokens.txt", tokens()},

                                                                       {"revoked.txt", "identity eve\n"}}});
  }

  static void ask(Daemon& daemon, const Head& head) { RawClient(daemon.port()).request(head); }
  void open(Daemon& daemon, const std::string& target, std::string_view bytes = {}) {
    held.push_back(RawClient::open(daemon.port(), Head(target)));
    held.back().send(bytes);
  }
};

using Make = std::function<void(World&, Daemon&)>;

struct Situation {
  std::string top;  // further configuration
  Make make;
};

Make asking(const Head& head) {
  return [head](World&, Daemon& daemon) { World::ask(daemon, head); };
}

Make opening(const std::string& target, const std::string& bytes = {}) {
  return [target, bytes](World& world, Daemon& daemon) { world.open(daemon, target, bytes); };
}

// Opens and asks the same again: the second one finds the first.
Make twice(const std::string& target) {
  return [target](World& world, Daemon& daemon) {
    world.open(daemon, target);
    World::ask(daemon, Head(target));
  };
}

// How each reason comes about.
std::map<Reason, Situation> situations() {
  const std::string hundred(100, 'x');
  return {
      {Reason::bad_request, {"", asking(Head().without("Host"))}},
      {Reason::plain_http, {"", [](World&, Daemon& daemon) { RawClient(connect_tcp(daemon.port())).request(Head()); }}},
      {Reason::subprotocol, {"", asking(Head("/protocol").set("Sec-WebSocket-Protocol", "chat"))}},
      {Reason::credential_missing, {"", asking(Head("/guarded"))}},
      {Reason::credential_invalid, {"", asking(World::bearing("nobody"))}},
      {Reason::credential_expired,
       {"",
        [](World& world, Daemon& daemon) {
          World::ask(daemon, World::bearing("ended"));
          world.held.push_back(RawClient::open(daemon.port(), World::bearing("ending")));
        }}},
      {Reason::client_denied, {"", asking(Head("/denied"))}},
      {Reason::not_permitted, {"", asking(World::bearing("astray"))}},
      {Reason::revoked,
       {"revocations: revoked.txt\n",
        [](World& world, Daemon& daemon) {
          World::ask(daemon, World::bearing("eve"));
          world.held.push_back(RawClient::open(daemon.port(), World::bearing("alice")));
          daemon.write("revoked.txt", "identity alice\n");
        }}},
      {Reason::killed,
       {"admin: [ { bind: 'unix:admin.sock' } ]\n",
        [](World& world, Daemon& daemon) {
          world.open(daemon, "/desk");
          RawClient(connect_unix(daemon.directory().path("admin.sock")))
              .request(Head().request_line("DELETE /sessions?route=desk HTTP/1.1"));
        }}},
      {Reason::penalty,
       {"penalties: { exempt: [], credential: 30s }\n",
        [](World&, Daemon& daemon) {
          World::ask(daemon, World::bearing("nobody"));
          World::ask(daemon, World::bearing("alice"));
        }}},
      {Reason::auth_unavailable, {"", asking(Head("/asking"))}},
      {Reason::origin, {"", asking(Head().set("Origin", "https://evil.test"))}},
      {Reason::no_route, {"", asking(Head("/nothing"))}},
      {Reason::method, {"", asking(Head().request_line("POST /desk HTTP/1.1"))}},
      {Reason::misdirected, {"", asking(Head().set("Host", "other.test"))}},
      {Reason::head_timeout,
       {"timeouts: { head: 200ms }\n", [](World&, Daemon& daemon) { RawClient(daemon.port()).read_answer(); }}},
      {Reason::target_too_long, {"", asking(Head("/" + std::string(10'000, 'a')))}},
      {Reason::head_too_large, {"", asking(Head().set("X-A", std::string(20'000, 'a')))}},
      {Reason::upgrade_required, {"", asking(Head().without("Upgrade"))}},
      {Reason::rate, {"limits: { handshake_burst: 1, handshakes_per_client: 0.01/s }\n", twice("/desk")}},
      {Reason::client_sessions, {"limits: { sessions_per_client: 1 }\n", twice("/desk")}},
      {Reason::quota,
       {"",
        [](World& world, Daemon& daemon) {
          // The session ends for it, and the next one is refused for it.
          const Head head = World::bearing("alice", "/counted");
          world.held.push_back(RawClient::open(daemon.port(), head));
          world.held.back().send_frame(Op::binary, "more than four bytes");
          world.held.back().read_close();
          World::ask(daemon, head);
        }}},
      {Reason::backend_refused, {"", asking(Head("/refused"))}},
      {Reason::backend_unresolved, {"", asking(Head("/lost"))}},
      {Reason::backend_timeout, {"", asking(Head("/timeout"))}},
      {Reason::full, {"limits: { sessions: 1 }\n", twice("/desk")}},
      {Reason::route_full, {"", twice("/one")}},
      {Reason::draining,
       {"",
        [](World& world, Daemon& daemon) {
          RawClient early(daemon.port());
          for (int i = 0; i < 5; ++i) world.open(daemon, "/desk");
          daemon.terminate();
          daemon.wait_for("draining");
          early.request(Head());
        }}},
      {Reason::backend_closed,
       {"",
        [](World&, Daemon& daemon) {
          RawClient client = RawClient::open(daemon.port(), Head("/closing"));
          client.read_close();
          client.finish();
        }}},
      {Reason::client_closed, {"", opening("/desk", frame(Op::close, close_payload(1000)))}},
      {Reason::idle, {"", opening("/idle")}},
      {Reason::lifetime, {"", opening("/lifetime")}},
      {Reason::dead, {"", opening("/dead")}},
      {Reason::protocol_error, {"", opening("/desk", frame(Op::binary, "x", {.masked = false}))}},
      {Reason::data_type, {"", opening("/binary", frame(Op::text, "x"))}},
      {Reason::utf8, {"", opening("/desk", frame(Op::text, "\xff"))}},
      {Reason::session_bytes,
       {"",
        [hundred](World& world, Daemon& daemon) {
          world.open(daemon, "/small");
          for (int i = 0; i < 11; ++i) world.held.back().send_frame(Op::binary, hundred);
        }}},
      {Reason::frame_too_big, {"", opening("/small", frame(Op::binary, "", {.announce = 101}))}},
      {Reason::message_too_big,
       {"", opening("/small", frame(Op::binary, hundred, {.fin = false}) + frame(Op::continuation, hundred))}},
      {Reason::backend_reset, {"", opening("/resetting", frame(Op::binary, "x"))}},
      {Reason::backend_text, {"", opening("/text")}},
      {Reason::drain,
       {"timeouts: { drain: 200ms }\n",
        [](World& world, Daemon& daemon) {
          world.open(daemon, "/desk");
          daemon.terminate();
        }}},
      {Reason::stall, {"", opening("/stall")}},
      {Reason::overload,
       {"limits: { buffers: 64KiB }\n",
        [](World& world, Daemon& daemon) {
          for (int i = 0; i < 12; ++i) world.open(daemon, "/deaf");
        }}},
      {Reason::client_gone, {"", [](World&, Daemon& daemon) { RawClient::open(daemon.port()).wire().reset(); }}},
      {Reason::tls_error,
       {"",
        [](World&, Daemon& daemon) {
          Wire wire = connect_tcp(daemon.port());
          wire.write(std::string(100, '\xEE'));
          wire.read_to_end_or_reset();
        }}},
      {Reason::tls_timeout,
       {"timeouts: { tls: 200ms }\n",
        [](World&, Daemon& daemon) { connect_tcp(daemon.port()).read_to_end_or_reset(); }}},
      {Reason::pending_full,
       {"limits: { pending: 1 }\n",
        [](World& world, Daemon& daemon) {
          for (int i = 0; i < 20; ++i) world.held.emplace_back(connect_tcp(daemon.port()));
        }}},
  };
}

}  // namespace

BOOST_AUTO_TEST_SUITE(reasons)

BOOST_AUTO_TEST_CASE(each_one_is_produced_and_logged_with_the_status_or_code_of_the_table) {
  const std::map<Reason, Situation> all = situations();
  for (const drawbridge::ReasonInfo& row : drawbridge::reasons()) {
    BOOST_TEST_CONTEXT(row.word) {
      const auto situation = all.find(row.reason);
      BOOST_REQUIRE(situation != all.end());
      World world;
      Daemon daemon = world.daemon(situation->second.top);
      situation->second.make(world, daemon);
      // Some refuse, some end a session, and some do both.
      const bool ends_a_session = row.close_code != 0 || row.reason == Reason::client_gone;
      if (ends_a_session) {
        const Record record = daemon.session(std::string(row.word));
        if (row.close_code != 0) BOOST_TEST(record["code"] == std::to_string(row.close_code), record.line);
      }
      if (row.http_status != 0 || !ends_a_session) {
        const Record record = daemon.refused(std::string(row.word));
        if (row.http_status != 0) BOOST_TEST(record["status"] == std::to_string(row.http_status), record.line);
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
