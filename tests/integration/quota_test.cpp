#include "support/backend.hpp"
#include "support/daemon.hpp"
#include "support/pattern.hpp"
#include "support/raw_client.hpp"
#include "support/tokens.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <openssl/sha.h>

using namespace drawbridge::testing;

BOOST_TEST_DONT_PRINT_LOG_VALUE(Close)

namespace {

std::string token_of(const std::string& who) {
  return who + "-has-a-token-of-her-own-0123456789";
}

// A file in which each of them has a token.
std::map<std::string, std::string> tokens() {
  std::string lines;
  for (const char* who : {"alice", "bob"}) lines += "sha256:" + sha256_hex(token_of(who)) + " " + who + "\n";
  return {{"tokens.txt", lines}};
}

Head as(const std::string& who) {
  return Head().set("Authorization", "Bearer " + token_of(who));
}

std::string with_quotas(const std::string& quotas) {
  return ", auth: [ { tokens: { file: tokens.txt } } ], quotas: { " + quotas + " }, timeouts: { close: 200ms }";
}

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Bridge {
  explicit Bridge(const std::string& quotas, const std::string& top = "", const Backend::Behaviour& behaviour = echo())
      : backend(behaviour), daemon(simple(backend.port(), with_quotas(quotas), top), {.files = tokens()}) {}

  Answer ask(const std::string& who) { return RawClient(daemon.port()).request(as(who)); }
  RawClient open(const std::string& who) { return RawClient::open(daemon.port(), as(who)); }

  Backend backend;
  Daemon daemon;
};

void cross(RawClient& client, std::size_t size) {
  const std::string payload = pattern(size);
  client.send_frame(Op::binary, payload);
  BOOST_TEST((client.read_payload(size) == payload));
}

// Until the daemon's end; its exit code.
int stop(Daemon& daemon) {
  daemon.terminate();
  return daemon.process().wait();
}

// A directory that outlives its daemons, of which there is one after the other.
struct Days {
  TemporaryDirectory directory;
  std::string state = directory.path("state");
  std::string file = state + "/quotas";
  Backend backend{echo()};

  std::string configured(std::uint64_t bytes) const { return configured(bytes, state); }
  std::string configured(std::uint64_t bytes, const std::string& place) const {
    return simple(backend.port(), with_quotas("bytes_per_day: " + std::to_string(bytes)),
                  "state: " + place + "\ntimeouts: { drain: 200ms }\n");
  }
  static Answer ask(Daemon& daemon, const std::string& who) { return RawClient(daemon.port()).request(as(who)); }
  // A session that spends all of them, and some.
  static void spend(Daemon& daemon, const std::string& who, std::size_t bytes) {
    RawClient client = RawClient::open(daemon.port(), as(who));
    client.send_frame(Op::binary, pattern(bytes));
    BOOST_TEST((client.read_close() == Close{1008, "quota"}));
    client.finish();
    const Record record = daemon.session("quota");
    BOOST_TEST(record["code"] == "1008");
    BOOST_TEST(record["identity"] == who);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(quotas)

BOOST_AUTO_TEST_CASE(an_identity_has_no_more_sessions_than_it_may) {
  Bridge bridge("sessions: 1");
  RawClient first = bridge.open("alice");
  const Answer second = bridge.ask("alice");
  BOOST_TEST(second.status == 429U);
  BOOST_TEST(second.reason() == "quota");
  BOOST_TEST(second.field("Retry-After") == "5");
  const Record refused = bridge.daemon.refused("quota");
  BOOST_TEST(refused["rule"].starts_with("quotas.sessions ("), refused.line);
  BOOST_TEST(refused["identity"] == "alice");

  RawClient other = bridge.open("bob");
  cross(other, 100);
  cross(first, 100);
  BOOST_TEST(bridge.backend.accepted() == 2U);
  // The place comes back with the end of the session.
  first.finish();
  bridge.daemon.session("client_closed");
  RawClient again = bridge.open("alice");
  cross(again, 100);
}

BOOST_AUTO_TEST_CASE(a_refused_dial_gives_the_place_back_at_once) {
  const ClosedPort closed;
  Daemon daemon(simple(closed.port(), with_quotas("sessions: 1")), {.files = tokens()});
  RawClient first(daemon.port());
  BOOST_TEST(first.request(as("alice")).status == 502U);
  // The first one still lingers.
  RawClient second(daemon.port());
  BOOST_TEST(second.request(as("alice")).status == 502U);
}

BOOST_AUTO_TEST_CASE(the_route_may_tell_it_in_a_close_frame) {
  const Backend backend(echo());
  Daemon daemon(simple(backend.port(), with_quotas("sessions: 1") + ", rejection: close"), {.files = tokens()});
  RawClient first = RawClient::open(daemon.port(), as("alice"));
  RawClient second(daemon.port());
  BOOST_TEST(second.request(as("alice")).status == 101U);
  BOOST_TEST((second.read_close() == Close{4429, "quota;retry=5"}));
}

BOOST_AUTO_TEST_CASE(what_is_not_enforced_is_only_told) {
  Bridge bridge("sessions: 1, bytes_per_day: 1000, rate: 1000/s, enforce: false");
  RawClient first = bridge.open("alice");
  RawClient second = bridge.open("alice");
  const Record one_more = bridge.daemon.wait_for("would_refuse");
  BOOST_TEST(one_more["reason"] == "quota");
  BOOST_TEST(one_more["rule"].starts_with("quotas.sessions ("), one_more.line);
  BOOST_TEST(one_more["identity"] == "alice");
  // Twice the day's bytes in all, and a hundred times a second's.
  for (int i = 0; i < 20; ++i) cross(first, 5'000);
  const Record spent = bridge.daemon.wait_for("would_refuse");
  BOOST_TEST(spent["reason"] == "quota");
  BOOST_TEST(spent["rule"].starts_with("quotas.bytes_per_day ("), spent.line);
  BOOST_TEST(spent["identity"] == "alice");
  first.finish();
  bridge.daemon.session("client_closed");
  // A session that was told of once is not told of again.
  for (int i = 0; i < 3; ++i) cross(second, 5'000);
  second.finish();
  bridge.daemon.session("client_closed");
  const std::vector<Record> all = bridge.daemon.records();
  BOOST_TEST(std::count_if(all.begin(), all.end(), [](const auto& r) { return r["event"] == "would_refuse"; }) == 2);
}

BOOST_AUTO_TEST_CASE(bytes_of_the_day_end_a_session_and_refuse_the_next) {
  Bridge bridge("bytes_per_day: 10000");
  RawClient client = bridge.open("alice");
  cross(client, 4'000);
  RawClient another = bridge.open("alice");
  client.send_frame(Op::binary, pattern(4'000));
  std::string delivered;
  BOOST_TEST((client.read_close(&delivered) == Close{1008, "quota"}));
  client.finish();
  const Record record = bridge.daemon.session("quota");
  BOOST_TEST(record["code"] == "1008");
  // What was taken is delivered.
  BOOST_TEST(record.number("up_bytes") == 8'000U);
  BOOST_TEST(record["up_discarded"] == "0");
  BOOST_TEST(record.number("down_bytes") == 4'000U + delivered.size());

  const Answer refused = bridge.ask("alice");
  BOOST_TEST(refused.status == 429U);
  BOOST_TEST(refused.reason() == "quota");
  const int seconds = std::stoi(refused.field("Retry-After"));
  BOOST_TEST(seconds >= 1);
  BOOST_TEST(seconds <= 86'400);
  const Record line = bridge.daemon.refused("quota");
  BOOST_TEST(line["rule"].starts_with("quotas.bytes_per_day ("), line.line);

  // A session that is there already ends before it moves another byte.
  another.send_frame(Op::binary, "x");
  BOOST_TEST((another.read_close() == Close{1008, "quota"}));
  another.finish();
  BOOST_TEST(bridge.daemon.session("quota")["up_bytes"] == "0");
  RawClient bob = bridge.open("bob");
  cross(bob, 1'000);
}

BOOST_AUTO_TEST_CASE(two_sessions_share_a_rate) {
  // Both services say all at once; alone, each session would have it in half the time.
  constexpr std::size_t each = 60'000;
  constexpr double rate = 40'000;
  Bridge bridge("rate: 40000/s", "", [](Wire& wire) {
    wire.write(pattern(each));
    read_until_stopped(wire);
  });
  const auto start = std::chrono::steady_clock::now();
  RawClient first = bridge.open("alice");
  RawClient second = bridge.open("alice");
  BOOST_TEST((first.read_payload(each) == pattern(each)));
  BOOST_TEST((second.read_payload(each) == pattern(each)));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  // Less what may come at once, and a turn of each.
  BOOST_TEST(took.count() >= 2 * each / rate - 1);
  BOOST_TEST(took.count() > each / rate + 0.3);
}

BOOST_AUTO_TEST_CASE(bytes_of_the_day_outlive_a_restart) {
  const Days days;
  {
    Daemon daemon(days.configured(1'000), {.files = tokens()});
    Days::spend(daemon, "alice", 2'000);
    BOOST_TEST(stop(daemon) == 0);
  }
  BOOST_TEST(content(days.file).starts_with("drawbridge quotas 1\n"));
  // No name in it.
  BOOST_TEST(content(days.file).find("alice") == std::string::npos);
  BOOST_TEST((std::filesystem::status(days.file).permissions() == std::filesystem::perms(0600)));
  Daemon daemon(days.configured(1'000), {.files = tokens()});
  BOOST_TEST(Days::ask(daemon, "alice").status == 429U);
  BOOST_TEST(Days::ask(daemon, "bob").status == 101U);
}

BOOST_AUTO_TEST_CASE(the_last_bytes_of_sessions_that_the_stop_ends_count) {
  const Days days;
  {
    Daemon daemon(days.configured(10'000), {.files = tokens()});
    RawClient client = RawClient::open(daemon.port(), as("alice"));
    cross(client, 4'999);
    BOOST_TEST(stop(daemon) == 0);
  }
  Daemon daemon(days.configured(10'000), {.files = tokens()});
  Days::spend(daemon, "alice", 10);
}

BOOST_AUTO_TEST_CASE(what_was_written_outlives_a_kill) {
  const Days days;
  {
    Daemon daemon(days.configured(1'000), {.files = tokens()});
    Days::spend(daemon, "alice", 2'000);
    // A reload has it written soon, as a minute that passes does.
    const std::string before = content(days.file);
    daemon.process().signal(SIGHUP);
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (content(days.file) == before && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::yield();
    }
    BOOST_TEST(content(days.file) != before);
    daemon.process().signal(SIGKILL);
    daemon.process().wait();
  }
  Daemon daemon(days.configured(1'000), {.files = tokens()});
  BOOST_TEST(Days::ask(daemon, "alice").status == 429U);
}

BOOST_AUTO_TEST_CASE(systemd_names_the_directory_where_the_configuration_names_none) {
  const Days days;
  const std::string configured = simple(days.backend.port(), with_quotas("bytes_per_day: 1000"));
  const DaemonOptions options{.files = tokens(),
                              .process = {.environment = {"STATE_DIRECTORY=" + days.state + ":/nowhere"}}};
  {
    Daemon daemon(configured, options);
    Days::spend(daemon, "alice", 2'000);
    BOOST_TEST(stop(daemon) == 0);
  }
  Daemon daemon(configured, options);
  BOOST_TEST(Days::ask(daemon, "alice").status == 429U);
}

BOOST_AUTO_TEST_CASE(a_reload_moves_what_was_counted) {
  const Days days;
  const std::string moved = days.configured(1'000, days.directory.path("there"));
  {
    Daemon daemon(days.configured(1'000), {.files = tokens()});
    Days::spend(daemon, "alice", 2'000);
    daemon.reload(moved);
    daemon.wait_for("reloaded");
    BOOST_TEST(Days::ask(daemon, "alice").status == 429U);
    BOOST_TEST(stop(daemon) == 0);
  }
  Daemon daemon(moved, {.files = tokens()});
  BOOST_TEST(Days::ask(daemon, "alice").status == 429U);
}

BOOST_AUTO_TEST_CASE(a_damaged_file_is_moved_aside_and_told) {
  const Days days;
  std::filesystem::create_directory(days.state);
  std::ofstream(days.file) << "drawbridge quotas 1\nday 1\nand then the disk was full";
  {
    Daemon daemon(days.configured(1'000), {.files = tokens()});
    const Record told = daemon.wait_for("quotas_not_restored");
    BOOST_TEST(told["level"] == "error");
    BOOST_TEST(told["file"] == days.file);
    BOOST_TEST(told["error"] != "");
    BOOST_TEST(told["moved_to"] == days.file + ".unusable");
    BOOST_TEST(content(days.file + ".unusable").ends_with("and then the disk was full"));
    Days::spend(daemon, "alice", 2'000);
    BOOST_TEST(stop(daemon) == 0);
  }
  Daemon daemon(days.configured(1'000), {.files = tokens()});
  BOOST_TEST(Days::ask(daemon, "alice").status == 429U);
}

BOOST_AUTO_TEST_CASE(a_directory_that_cannot_be_written_is_told_and_stops_nobody) {
  const Days days;
  std::ofstream(days.state) << "a file is in its place";
  Daemon daemon(days.configured(1'000), {.files = tokens()});
  Days::spend(daemon, "alice", 2'000);
  daemon.process().signal(SIGHUP);
  BOOST_TEST(daemon.wait_for("quotas_not_saved")["file"] == days.file);
  BOOST_TEST(Days::ask(daemon, "alice").status == 429U);
  BOOST_TEST(stop(daemon) == 0);
}

BOOST_AUTO_TEST_CASE(check_warns_of_days_that_nobody_remembers) {
  const TemporaryDirectory directory;
  directory.write("server.crt", server_certificate().chain);
  directory.write("server.key", server_certificate().key);
  directory.write("tokens.txt", tokens().at("tokens.txt"));
  const std::string file = directory.write("drawbridge.yaml", simple(1, with_quotas("bytes_per_day: 1GiB")));
  const Run without = run({program(), "check", "-c", file});
  BOOST_TEST(without.code == 0);
  BOOST_TEST(without.error.find("`bytes_per_day` counts anew after each restart") != std::string::npos, without.error);
  const Run with = run({program(), "check", "-c", file}, {.environment = {"STATE_DIRECTORY=/var/lib/drawbridge"}});
  BOOST_TEST(with.error == "");
}

BOOST_AUTO_TEST_SUITE_END()
