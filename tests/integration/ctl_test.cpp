#include "support/backend.hpp"
#include "support/daemon.hpp"
#include "support/raw_client.hpp"
#include "support/tokens.hpp"

#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace drawbridge::testing;

BOOST_TEST_DONT_PRINT_LOG_VALUE(Close)

namespace {

const std::string secret = "the-night-shift-laptop-0123456789";

// Whoever bears the secret is alice.
struct Bridge {
  Backend backend{echo()};
  std::string top;
  Daemon daemon;

  explicit Bridge(std::string admin = "admin: [ { bind: 'unix:admin.sock' } ]\n", const std::string& state = "state")
      : top(std::move(admin) + "state: " + state + "\n"), daemon(text(), {.files = files(), .process = {}}) {}

  std::string text() const {
    return configuration(
        tls_listener(),
        route("desk", backend.port(), ", auth: [ { tokens: { file: tokens.txt } } ]") + route("game", backend.port()),
        top);
  }
  static std::map<std::string, std::string> files() {
    return {{"tokens.txt", "sha256:" + sha256_hex(secret) + " alice id=laptop\n"},
            {"admin.token", "0123456789abcdef0123456789abcdef\n"}};
  }
  std::string path() const { return daemon.directory().path("drawbridge.yaml"); }

  Run ctl(std::vector<std::string> words) const {
    std::vector<std::string> command{program(), "ctl", "-c", path()};
    command.insert(command.end(), words.begin(), words.end());
    return run(command);
  }
  void wait_for_traces(int count) const {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (ctl({"status", "--json"}).output.find("\"traces\":" + std::to_string(count)) == std::string::npos) {
      if (std::chrono::steady_clock::now() > deadline) throw Timeout("the number of traces");
    }
  }
  Head alice() const { return Head("/desk").set("Authorization", "Bearer " + secret); }
};

void does(const Run& run, const std::string& output = "") {
  BOOST_TEST(run.code == 0, run.error);
  BOOST_TEST(run.output == output);
}

void fails(const Run& run, const std::string& error) {
  BOOST_TEST(run.code == 1);
  BOOST_TEST(run.error == error);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ctl)

BOOST_AUTO_TEST_CASE(status_and_sessions_are_for_people) {
  Bridge bridge;
  RawClient desk(bridge.daemon.port());
  BOOST_TEST(desk.request(bridge.alice()).status == 101U);
  const Run status = bridge.ctl({"status"});
  BOOST_TEST(status.code == 0, status.error);
  BOOST_TEST(status.output.find("ROUTE  SESSIONS  BACKEND\ndesk   1         tcp://127.0.0.1:") != std::string::npos,
             status.output);
  const Run sessions = bridge.ctl({"sessions", "--identity", "alice"});
  BOOST_TEST(sessions.output.find("127.0.0.1  desk   alice") != std::string::npos, sessions.output);
  does(bridge.ctl({"sessions", "--identity", "bob"}), "SESSION  CLIENT  ROUTE  IDENTITY  BACKEND  AGE  UP  DOWN\n");
  const Run json = bridge.ctl({"sessions", "--json"});
  BOOST_TEST(json.output.starts_with("{\"matching\":1,"), json.output);
}

BOOST_AUTO_TEST_CASE(config_is_the_configuration_in_force_as_a_file) {
  Bridge bridge;
  bridge.daemon.write("drawbridge.yaml", bridge.text() + "nonsense: true\n");  // no reload
  const Run config = bridge.ctl({"--socket", bridge.daemon.directory().path("admin.sock"), "config"});
  BOOST_TEST(config.code == 0, config.error);
  BOOST_TEST(config.output.starts_with("listeners:\n  - bind: 127.0.0.1:0\n    tls:\n      certificates:\n"),
             config.output);
  BOOST_TEST(config.output.find("\n      session_bytes: none\n") != std::string::npos, config.output);
  BOOST_TEST(config.output.find("\nworkers: auto\n") == std::string::npos, config.output);
  BOOST_TEST(config.output.find("tokens.txt") != std::string::npos);
  bridge.daemon.write("effective.yaml", config.output);
  const Run check = run({program(), "check", "-c", bridge.daemon.directory().path("effective.yaml")});
  BOOST_TEST(check.code == 0);
  BOOST_TEST(check.error == "");
  const Run json = bridge.ctl({"--socket", bridge.daemon.directory().path("admin.sock"), "config", "--json"});
  BOOST_TEST(json.output.starts_with("{\"listeners\":"), json.output);
}

BOOST_AUTO_TEST_CASE(revoke_ends_sessions_at_once_and_keeps_new_ones_out_until_it_is_taken_back) {
  Bridge bridge;
  RawClient desk(bridge.daemon.port());
  BOOST_TEST(desk.request(bridge.alice()).status == 101U);
  RawClient game = RawClient::open(bridge.daemon.port(), Head("/game"));
  does(bridge.ctl({"revoke", "alice"}));
  BOOST_TEST((desk.read_close() == Close{1008, "revoked"}));
  BOOST_TEST(RawClient(bridge.daemon.port()).request(bridge.alice()).reason() == "revoked");
  game.send_frame(Op::binary, "unharmed");
  BOOST_TEST(game.read_payload(8) == "unharmed");
  does(bridge.ctl({"revocations"}), "identity alice\n");
  does(bridge.ctl({"unrevoke", "alice"}));
  RawClient again(bridge.daemon.port());
  BOOST_TEST(again.request(bridge.alice()).status == 101U);
  does(bridge.ctl({"revoke", "--token", "laptop"}));
  BOOST_TEST((again.read_close() == Close{1008, "revoked"}));
  fails(bridge.ctl({"unrevoke", "bob"}), "drawbridge: that is not revoked here\n");
}

BOOST_AUTO_TEST_CASE(a_revocation_outlives_a_restart) {
  const TemporaryDirectory state;
  {
    Bridge bridge("admin: [ { bind: 'unix:admin.sock' } ]\n", state.path("kept"));
    does(bridge.ctl({"revoke", "alice"}));
  }
  Bridge bridge("admin: [ { bind: 'unix:admin.sock' } ]\n", state.path("kept"));
  BOOST_TEST(RawClient(bridge.daemon.port()).request(bridge.alice()).reason() == "revoked");
}

BOOST_AUTO_TEST_CASE(kill_and_close_end_what_they_name) {
  Bridge bridge;
  RawClient one = RawClient::open(bridge.daemon.port(), Head("/game"));
  const Run list = bridge.ctl({"sessions"});
  const std::string id = list.output.substr(list.output.find('\n') + 1, 16);
  does(bridge.ctl({"kill", id}));
  BOOST_TEST((one.read_close() == Close{1008, "killed"}));
  one.finish();
  bridge.daemon.session("killed");
  fails(bridge.ctl({"kill", id}), "drawbridge: there is no such session\n");
  RawClient two = RawClient::open(bridge.daemon.port(), Head("/game"));
  does(bridge.ctl({"close", "--route", "game"}), "1 ended\n");
  BOOST_TEST((two.read_close() == Close{1008, "killed"}));
  BOOST_TEST(bridge.ctl({"close"}).code == 2);
}

BOOST_AUTO_TEST_CASE(trace_prints_frames_until_the_session_ends) {
  Bridge bridge;
  RawClient game = RawClient::open(bridge.daemon.port(), Head("/game"));
  const std::string list = bridge.ctl({"sessions"}).output;
  const std::string id = list.substr(list.find('\n') + 1, 16);
  std::optional<Run> traced;
  std::jthread tracer([&] { traced = bridge.ctl({"trace", id}); });
  bridge.wait_for_traces(1);
  game.send_frame(Op::text, "seen");
  BOOST_TEST(game.read_payload(4) == "seen");
  game.finish();
  tracer.join();
  BOOST_TEST(traced->code == 0, traced->error);
  BOOST_TEST(traced->output.find("  up    text                4\n") != std::string::npos, traced->output);
  BOOST_TEST(traced->output.find("  up    close               2  1000\n") != std::string::npos, traced->output);
  BOOST_TEST(traced->output.ends_with("  end: client_closed 1000, 4 bytes up, 4 bytes down\n"), traced->output);
  fails(bridge.ctl({"trace", id}), "drawbridge: there is no such session\n");
  BOOST_TEST(bridge.ctl({"trace", "127.0.0.1", "--payload"}).error.find("trace_payload") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_interrupted_trace_is_no_failure) {
  Bridge bridge;
  Process tracer({program(), "ctl", "-c", bridge.path(), "trace", "127.0.0.1"}, {});
  bridge.wait_for_traces(1);
  tracer.signal(SIGINT);
  BOOST_TEST(tracer.wait() == 0);
  bridge.wait_for_traces(0);
}

BOOST_AUTO_TEST_CASE(drain_waits_until_the_last_one_is_gone) {
  Bridge bridge;
  RawClient game = RawClient::open(bridge.daemon.port(), Head("/game"));
  does(bridge.ctl({"drain", "--route", "game", "--over", "10ms"}));
  BOOST_TEST((game.read_close() == Close{1012, "drain"}));
  game.finish();
  does(bridge.ctl({"drain", "--route", "game", "--over", "10ms", "--wait"}));
  BOOST_TEST(bridge.daemon.session("drain")["route"] == "game");
  does(bridge.ctl({"resume", "--route", "game"}));
  RawClient::open(bridge.daemon.port(), Head("/game"));
}

BOOST_AUTO_TEST_CASE(reload_is_over_when_it_returns_and_fails_visibly) {
  Bridge bridge;
  bridge.top += "timeouts: { drain: 7s }\n";
  bridge.daemon.write("drawbridge.yaml", bridge.text());
  does(bridge.ctl({"reload"}));
  // Even where the file cannot be understood: the socket of the packaged configuration is elsewhere here.
  bridge.daemon.write("drawbridge.yaml", bridge.text() + "nonsense: 1\n");
  const Run failed = bridge.ctl({"reload"});
  BOOST_TEST(failed.code == 1);
  BOOST_TEST(failed.error.find("unknown key `nonsense`") != std::string::npos, failed.error);
  BOOST_TEST(failed.error.ends_with("drawbridge: not reloaded; the configuration from before is in force\n"),
             failed.error);
  BOOST_TEST(bridge.ctl({"status"}).output.find("FAILED") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(it_finds_an_address_with_its_token) {
  // Any free port would be another one than the configuration says.
  const Listening free_port = listen_tcp();
  ::close(free_port.descriptor);
  const std::string bind = "127.0.0.1:" + std::to_string(free_port.port);
  const Bridge bridge("admin: [ { bind: '" + bind + "', token: admin.token } ]\n");
  does(bridge.ctl({"log-level"}), "info\n");
  bridge.daemon.write("admin.token", std::string(32, 'x'));
  fails(bridge.ctl({"log-level"}), "drawbridge: the token of `admin` is needed: Authorization: Bearer TOKEN\n");
}

BOOST_AUTO_TEST_CASE(top_prints_what_happens_within_an_interval) {
  Bridge bridge;
  RawClient game = RawClient::open(bridge.daemon.port(), Head("/game"));
  game.send_frame(Op::binary, "across");
  BOOST_TEST(game.read_payload(6) == "across");
  BOOST_TEST(RawClient(bridge.daemon.port()).request(Head("/nosuch")).reason() == "no_route");
  bridge.daemon.refused("no_route");
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"top", "--once", "--interval", "100ms"}, {"top", "--interval", "100ms"}}) {
    const Run top = bridge.ctl(words);
    BOOST_TEST(top.code == 0, top.error);
    for (const std::string part : {"ready\nsessions 1 of ", "opened 0/s, refused 0/s\n", "\ndesk   0", "\ngame   1",
                                   "\nno_route    0          1 ", "  127.0.0.1  game   -"}) {
      BOOST_TEST(top.output.find(part) != std::string::npos, part << " in\n" << top.output);
    }
    BOOST_TEST(top.output.find('\x1b') == std::string::npos);
  }
  BOOST_TEST(bridge.ctl({"top", "--json"}).output.starts_with("{\"version\":\""));
  BOOST_TEST(bridge.ctl({"top", "--interval", "1ms"}).code == 2);
}

BOOST_AUTO_TEST_CASE(where_nobody_is_it_says_so) {
  const TemporaryDirectory directory;
  const Run nobody = run({program(), "ctl", "--socket", directory.path("none.sock"), "status"});
  fails(nobody, "drawbridge: cannot reach the daemon at " + directory.path("none.sock") +
                    ": No such file or directory; is it running, and does its configuration have `admin`?\n");
  BOOST_TEST(run({program(), "ctl"}).code == 2);
  BOOST_TEST(run({program(), "ctl", "nosuch"}).code == 2);
}

BOOST_AUTO_TEST_SUITE_END()
