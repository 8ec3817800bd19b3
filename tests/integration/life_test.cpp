#include "support/backend.hpp"
#include "support/daemon.hpp"
#include "support/raw_client.hpp"
#include "support/websocket_client.hpp"

#include <chrono>
#include <csignal>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace drawbridge::testing;
using std::chrono::steady_clock;
using namespace std::chrono_literals;

BOOST_TEST_DONT_PRINT_LOG_VALUE(Close)

BOOST_AUTO_TEST_SUITE(start)

BOOST_AUTO_TEST_CASE(a_hundred_routes_are_ready_at_once) {
  const Backend backend(echo());
  std::string routes;
  for (int i = 0; i < 100; ++i) routes += route("r" + std::to_string(i), backend.port());
  const auto begin = steady_clock::now();
  Daemon daemon(configuration(tls_listener(), routes));
  const auto took = steady_clock::now() - begin;
  BOOST_TEST((took < (sanitized ? 5000ms : 1000ms)));  // 100 ms is the target; a loaded machine gets more
  BOOST_TEST(RawClient(daemon.port()).request(Head("/r99")).status == 101U);
}

BOOST_AUTO_TEST_CASE(a_bind_that_is_taken_is_an_error_at_start) {
  const Backend backend(echo());  // its port is taken
  const TemporaryDirectory directory;
  directory.write("server.crt", server_certificate().chain);
  directory.write("server.key", server_certificate().key);
  const std::string file = directory.write(
      "drawbridge.yaml", configuration(tls_listener("127.0.0.1:" + std::to_string(backend.port())), route("desk", 1)));
  const Run result = run({program(), "serve", "-c", file});
  BOOST_TEST(result.code == 1);
  BOOST_TEST(result.error.find(std::to_string(backend.port())) != std::string::npos, result.error);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(reload)

BOOST_AUTO_TEST_CASE(removed_routes_drain_and_every_other_session_stays) {
  const Backend backend(echo());
  const std::string stay = route("stay", backend.port());
  Daemon daemon(configuration(tls_listener("127.0.0.1:0"), stay + route("go", backend.port())));
  RawClient staying = RawClient::open(daemon.port(), Head("/stay"));
  WebSocketClient going(daemon.port(), {.target = "/go"});
  daemon.reload(
      configuration(tls_listener("127.0.0.1:0"), stay + route("come", backend.port()), "timeouts: { drain: 300ms }\n"));
  daemon.wait_for("reloaded");
  BOOST_TEST((going.read_close() == Close{1012, "drain"}));
  BOOST_TEST(daemon.session("drain")["route"] == "go");
  BOOST_TEST(RawClient(daemon.port()).request(Head("/go")).status == 404U);
  BOOST_TEST(RawClient(daemon.port()).request(Head("/come")).status == 101U);
  staying.send_frame(Op::binary, "still here");
  BOOST_TEST(staying.read_payload(10) == "still here");
}

BOOST_AUTO_TEST_CASE(sessions_stay_as_admitted_and_newcomers_get_the_new_rules) {
  const Backend backend(echo());
  Daemon daemon(simple(backend.port()));
  RawClient old = RawClient::open(daemon.port());
  daemon.reload(simple(backend.port(), ", origins: [ \"https://new.test\" ], limits: { frame: 16 }"));
  daemon.wait_for("reloaded");
  old.send_frame(Op::binary, "more than sixteen bytes");
  BOOST_TEST(old.read_payload(23) == "more than sixteen bytes");
  BOOST_TEST(RawClient(daemon.port()).request(Head()).status == 403U);
  RawClient fresh = RawClient::open(daemon.port(), Head().set("Origin", "https://new.test"));
  fresh.send_frame(Op::binary, "more than sixteen bytes");
  BOOST_TEST(fresh.read_close().code == 1009);
}

BOOST_AUTO_TEST_CASE(listeners_come_and_go) {
  const Backend backend(echo());
  const std::string routes = route("desk", backend.port());
  Daemon daemon(configuration(tls_listener("127.0.0.2:0"), routes));
  const std::uint16_t old_port = daemon.port();
  RawClient old(Address{.port = old_port, .host = "127.0.0.2"}, {});
  BOOST_TEST(old.request(Head()).status == 101U);
  daemon.reload(configuration(tls_listener("127.0.0.3:0"), routes));
  const Record listening = daemon.wait_for("listening", {{"bind", "127.0.0.3:0"}});
  daemon.wait_for("reloaded");
  const std::string address = listening["address"];
  const auto new_port = static_cast<std::uint16_t>(std::stoul(address.substr(address.rfind(':') + 1)));
  RawClient fresh(Address{.port = new_port, .host = "127.0.0.3"}, {});
  BOOST_TEST(fresh.request(Head()).status == 101U);
  BOOST_CHECK_THROW(connect_tcp(old_port, "127.0.0.2"), std::runtime_error);
  old.send_frame(Op::binary, "still here");
  BOOST_TEST(old.read_payload(10) == "still here");
}

BOOST_AUTO_TEST_CASE(a_renewed_certificate_is_served_from_then_on) {
  const Backend backend(echo());
  Daemon daemon(simple(backend.port()));
  RawClient old = RawClient::open(daemon.port());
  const Certificate renewed = make_certificate({"bridge.test"});
  daemon.write("server.crt", renewed.chain);
  daemon.write("server.key", renewed.key);
  daemon.process().signal(SIGHUP);
  daemon.wait_for("reloaded");
  RawClient fresh(daemon.port());
  BOOST_TEST(fresh.wire().peer_certificate() == renewed.chain);
  old.send_frame(Op::binary, "x");
  BOOST_TEST(old.read_payload(1) == "x");
}

BOOST_AUTO_TEST_CASE(an_invalid_file_changes_nothing_and_is_reported) {
  const Backend backend(echo());
  Daemon daemon(simple(backend.port()));
  RawClient old = RawClient::open(daemon.port());
  const std::vector<std::string> invalid{
      "", "listeners: 1\n", simple(backend.port(), ", orgins: []"), "\xff\xfe",
      configuration("  - { bind: \"127.0.0.1:0\", tls: { certificates: [ { chain: no.crt, key: no.key } ] } }\n",
                    route("desk", backend.port()))};
  for (const std::string& each : invalid) {
    daemon.reload(each);
    daemon.wait_for("reload_failed");
    BOOST_TEST(RawClient(daemon.port()).request(Head()).status == 101U);
  }
  // A listener that cannot be had makes the whole file invalid.
  daemon.reload(configuration(tls_listener("127.0.0.1:0") + tls_listener("127.0.0.1:" + std::to_string(backend.port())),
                              route("other", backend.port())));
  daemon.wait_for("reload_failed");
  BOOST_TEST(RawClient(daemon.port()).request(Head()).status == 101U);
  old.send_frame(Op::binary, "x");
  BOOST_TEST(old.read_payload(1) == "x");
  daemon.reload(simple(backend.port()));
  daemon.wait_for("reloaded");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(stop)

BOOST_AUTO_TEST_CASE(sigterm_drains_with_1012_and_exits_0) {
  for (const int signal : {SIGTERM, SIGINT}) {
    const Backend backend(echo());
    Daemon daemon(simple(backend.port(), "", "timeouts: { drain: 500ms }\n"));
    std::vector<RawClient> clients;
    for (int i = 0; i < 20; ++i) clients.push_back(RawClient::open(daemon.port()));
    clients[0].send_frame(Op::binary, "before");
    BOOST_TEST(clients[0].read_payload(6) == "before");
    const auto start = steady_clock::now();
    daemon.process().signal(signal);
    daemon.wait_for("draining");
    for (RawClient& client : clients) {
      BOOST_TEST((client.read_close() == Close{1012, "drain"}));
      client.finish();
    }
    for (std::size_t i = 0; i < clients.size(); ++i) BOOST_TEST(daemon.session("drain")["code"] == "1012");
    BOOST_TEST(daemon.process().wait() == 0);
    BOOST_TEST((steady_clock::now() - start < 5s));
    daemon.wait_for("stopped");
  }
}

BOOST_AUTO_TEST_CASE(nobody_new_is_let_in_while_it_drains) {
  const Backend backend(echo());
  Daemon daemon(simple(backend.port(), "", "timeouts: { drain: 5s }\n"));
  RawClient early(daemon.port());  // its TLS is done, its head is not sent
  std::vector<RawClient> sessions;
  for (int i = 0; i < 5; ++i) sessions.push_back(RawClient::open(daemon.port()));
  daemon.terminate();
  daemon.wait_for("draining");
  const Answer answer = early.request(Head());
  BOOST_TEST(answer.status == 503U);
  BOOST_TEST(answer.reason() == "draining");
  BOOST_TEST(!answer.field("Retry-After").empty());
  BOOST_CHECK_THROW(connect_tcp(daemon.port()), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(who_is_still_being_opened_when_the_time_is_over_is_logged) {
  const Backend backend(echo());
  Daemon daemon(simple(backend.port(), "", "timeouts: { drain: 300ms }\n"));
  Wire before_tls = connect_tcp(daemon.port());
  RawClient before_head(daemon.port());
  daemon.terminate();
  BOOST_TEST(daemon.process().wait() == 0);
  for (int i = 0; i < 2; ++i) BOOST_TEST(daemon.refused("draining")["status"] == "0");
}

BOOST_AUTO_TEST_CASE(an_idle_daemon_stops_at_once) {
  Daemon daemon(simple(1));
  const auto start = steady_clock::now();
  daemon.terminate();
  BOOST_TEST(daemon.process().wait() == 0);
  BOOST_TEST((steady_clock::now() - start < 3s));
}

BOOST_AUTO_TEST_CASE(a_second_sigterm_exits_at_once) {
  const Backend backend(echo());
  Daemon daemon(simple(backend.port(), ", timeouts: { close: 60s }", "timeouts: { drain: 60s }\n"));
  std::vector<RawClient> clients;
  for (int i = 0; i < 10; ++i) clients.push_back(RawClient::open(daemon.port()));
  daemon.terminate();
  daemon.wait_for("draining");
  const auto start = steady_clock::now();
  daemon.terminate();
  daemon.process().wait();
  BOOST_TEST((steady_clock::now() - start < 2s));
}

BOOST_AUTO_TEST_CASE(a_browser_that_never_answers_does_not_keep_a_draining_daemon) {
  const Backend backend([](Wire& wire) {
    for (const std::string bytes(1 << 20, 'x');;) wire.write(bytes);
  });
  Daemon daemon(simple(backend.port(), ", timeouts: { close: 500ms }", "timeouts: { drain: 500ms }\n"));
  RawClient mute = RawClient::open(daemon.port());
  mute.wire().readable(patience);
  daemon.terminate();
  BOOST_TEST(daemon.process().wait() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
