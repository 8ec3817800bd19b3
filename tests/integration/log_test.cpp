#include "support/backend.hpp"
#include "support/call_control.hpp"
#include "support/daemon.hpp"
#include "support/notify_socket.hpp"
#include "support/pattern.hpp"
#include "support/raw_client.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace drawbridge::testing;

BOOST_AUTO_TEST_SUITE(log_lines)

BOOST_AUTO_TEST_CASE(hostile_values_are_escaped_and_cut) {
  const Backend backend(echo());
  Daemon daemon(simple(backend.port()));
  RawClient forger(daemon.port());
  const std::string forged = "/x\",\"event\":\"ready\x1b[31m\\";
  forger.request(Head().set("Host", "a\",\"event\":\"ready"));
  daemon.refused("bad_request");
  RawClient escape(daemon.port());
  escape.request(Head(forged));
  daemon.refused("bad_request");
  RawClient longest(daemon.port());
  BOOST_TEST(longest.request(Head("/" + std::string(5000, 'a'))).status == 404U);
  const Record record = daemon.refused("no_route");
  BOOST_TEST(record["path"].size() < 300U);
  BOOST_TEST(record["path"].ends_with("..."));
  RawClient quotes(daemon.port());
  quotes.request(Head("/nothing?secret=1").set("Origin", "https://\xc3\xa9.test"));
  const std::vector<Record> records = daemon.records();
  BOOST_TEST(std::count_if(records.begin(), records.end(), [](const Record& r) { return r["event"] == "ready"; }) == 1);
  for (const Record& each : records) {
    BOOST_TEST(!each.fields.empty(), each.line);
    BOOST_TEST(std::all_of(each.line.begin(), each.line.end(),
                           [](unsigned char c) { return std::isprint(c) != 0 && c < 0x80; }),
               each.line);
    BOOST_TEST(each.line.find("secret") == std::string::npos);  // a query may carry credentials
  }
}

BOOST_AUTO_TEST_CASE(text_is_one_line_a_record_too) {
  const TemporaryDirectory directory;
  NotifySocket systemd(directory.path("notify"));
  const std::string path = directory.path("bridge.sock");
  const std::string log_path = directory.write("log", "");
  const int log = open(log_path.c_str(), O_WRONLY | O_CLOEXEC);
  const Backend backend(echo());
  Daemon daemon(
      configuration("  - { bind: \"unix:" + path + "\" }\n", route("desk", backend.port()), "log: { format: text }\n"),
      {.process = {.environment = {systemd.variable()}, .standard_error = log}});
  close(log);
  systemd.wait_for("READY=1");
  RawClient client(connect_unix(path));
  BOOST_TEST(client.request(Head()).status == 101U);
  client.finish();
  daemon.terminate();
  BOOST_TEST(daemon.process().wait() == 0);
  const Run cat = run({"/bin/cat", log_path});
  BOOST_TEST(cat.output.find(" info session ") != std::string::npos, cat.output);
  BOOST_TEST(cat.output.find(" route=desk ") != std::string::npos, cat.output);
  BOOST_TEST(cat.output.find(" reason=client_closed") != std::string::npos, cat.output);
  BOOST_TEST(cat.output.find(" info stopped") != std::string::npos, cat.output);
}

BOOST_AUTO_TEST_CASE(the_journal_gets_a_priority_before_each_line) {
  const TemporaryDirectory directory;
  NotifySocket systemd(directory.path("notify"));
  const std::string log_path = directory.write("log", "");
  const int log = open(log_path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  struct stat file {};
  BOOST_REQUIRE(fstat(log, &file) == 0);
  const std::string stream = "JOURNAL_STREAM=" + std::to_string(file.st_dev) + ":" + std::to_string(file.st_ino);
  const Backend backend(echo());
  Daemon daemon(
      configuration("  - { bind: \"unix:" + directory.path("bridge.sock") + "\" }\n", route("desk", backend.port())),
      {.process = {.environment = {systemd.variable(), stream}, .standard_error = log}});
  close(log);
  systemd.wait_for("READY=1");
  daemon.reload("nonsense: true\n");
  systemd.wait_for("STATUS=1 listeners, 1 routes; the last reload failed, see the log");
  RawClient client(connect_unix(directory.path("bridge.sock")));
  BOOST_TEST(client.request(Head("/nothing")).status == 404U);
  daemon.terminate();
  BOOST_TEST(daemon.process().wait() == 0);
  std::istringstream lines(run({"/bin/cat", log_path}).output);
  std::map<std::string, std::string> priorities;
  for (std::string line; std::getline(lines, line);) {
    BOOST_REQUIRE_MESSAGE(line.size() > 3, line);
    priorities[parse_record(line.substr(3))["event"]] = line.substr(0, 3);
  }
  BOOST_TEST(priorities["ready"] == "<6>");
  BOOST_TEST(priorities["refused"] == "<4>");
  BOOST_TEST(priorities["config_error"] == "<3>");
  BOOST_TEST(priorities["stopped"] == "<6>");
}

BOOST_AUTO_TEST_CASE(privacy_cuts_the_client) {
  const Backend backend(echo());
  for (const std::string& mode : {std::string("prefix"), std::string("none")}) {
    Daemon daemon(simple(backend.port(), "", "log: { client: " + mode + " }\n"));
    RawClient(daemon.port()).request(Head("/nothing"));
    RawClient client = RawClient::open(daemon.port());
    client.finish();
    daemon.refused("no_route");
    daemon.session("client_closed");
    for (const Record& record : daemon.records()) {
      if (record["event"] == "listening") continue;
      const std::string logged = record["client"];
      BOOST_TEST(logged.find("127.0.0.1") == std::string::npos, record.line);
      if (mode == "none") BOOST_TEST(logged.find("127.") == std::string::npos, record.line);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_flood_of_refusals_is_summed_up) {
  const Backend backend(echo());
  Daemon daemon(simple(backend.port(), "", "limits: { handshake_burst: 5000, handshakes_per_client: 5000/s }\n"));
  constexpr std::uint64_t flood = 400;
  for (std::uint64_t i = 0; i < flood; ++i) {
    RawClient client(daemon.port());
    BOOST_REQUIRE(client.request(Head("/nothing")).status == 404U);
  }
  // Every refusal is counted once, on a line of its own or in a summary.
  daemon.wait_for("refusals", {{"reason", "no_route"}});
  const auto deadline = std::chrono::steady_clock::now() + patience;
  std::uint64_t lines = 0;
  std::uint64_t summed = 0;
  while (lines + summed < flood && std::chrono::steady_clock::now() < deadline) {
    lines = summed = 0;
    for (const Record& record : daemon.records()) {
      if (record["reason"] != "no_route") continue;
      if (record["event"] == "refused") ++lines;
      if (record["event"] == "refusals") summed += record.number("count");
    }
  }
  BOOST_TEST(lines + summed == flood);
  BOOST_TEST(lines < flood);
  BOOST_TEST(lines > 0U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(a_log_that_cannot_be_written)

// Bytes cross, sessions end and begin, and the daemon stops as it should, whatever its log does.
void cross_and_stop(int log) {
  const TemporaryDirectory directory;
  NotifySocket systemd(directory.path("notify"));
  const std::string path = directory.path("bridge.sock");
  const Backend backend(echo());
  Daemon daemon(configuration("  - { bind: \"unix:" + path + "\" }\n", route("desk", backend.port()),
                              "timeouts: { drain: 500ms }\n"),
                {.process = {.environment = {systemd.variable()}, .standard_error = log}});
  systemd.wait_for("READY=1");
  for (int i = 0; i < 500; ++i) {
    RawClient client(connect_unix(path));
    BOOST_REQUIRE(client.request(Head()).status == 101U);
    const std::string bytes = pattern(10'000);
    client.send_frame(Op::binary, bytes);
    BOOST_REQUIRE((client.read_payload(bytes.size()) == bytes));
    client.finish();
  }
  daemon.terminate();
  BOOST_TEST(daemon.process().wait() == 0);
}

BOOST_AUTO_TEST_CASE(because_the_disk_is_full) {
  const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  cross_and_stop(full);
  close(full);
}

BOOST_AUTO_TEST_CASE(because_nobody_reads_the_pipe) {
  int stuck[2];
  BOOST_REQUIRE(pipe2(stuck, O_CLOEXEC) == 0);
  fcntl(stuck[1], F_SETPIPE_SZ, 4096);
  cross_and_stop(stuck[1]);
  close(stuck[0]);
  close(stuck[1]);
}

BOOST_AUTO_TEST_CASE(because_the_reader_is_gone) {
  int broken[2];
  BOOST_REQUIRE(pipe2(broken, O_CLOEXEC) == 0);
  close(broken[0]);
  cross_and_stop(broken[1]);
  close(broken[1]);
}

// Lines are lost one by one as writes fail, and counted one by one.
BOOST_AUTO_TEST_CASE(for_a_while) {
  CallControl calls;
  const Backend backend(echo());
  Daemon daemon(simple(backend.port()), {.process = calls.options()});
  constexpr std::uint64_t failures = 7;
  std::uint64_t sessions = 0;
  const auto fail = [&](int error) {
    calls.fail(Call::write_log, error, 3, failures);
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (calls.failed() < failures) {
      BOOST_REQUIRE(std::chrono::steady_clock::now() < deadline);
      RawClient::open(daemon.port()).finish();
      ++sessions;
    }
    calls.stop_failing();
  };
  std::uint64_t lost = 0;
  for (const int error : {ENOSPC, EIO, EDQUOT, EFBIG}) {
    BOOST_TEST_CONTEXT(std::strerror(error)) {
      fail(error);
      lost += failures;
      std::uint64_t reported = 0;
      while (reported < lost) reported = daemon.wait_for("log_dropped").number("total");
      BOOST_TEST(reported == lost);
    }
  }
  // These only mean that it has to be tried again.
  for (const int error : {EINTR, EAGAIN}) fail(error);
  daemon.terminate();
  BOOST_TEST(daemon.process().wait() == 0);
  daemon.wait_for("stopped");
  std::uint64_t logged = 0;
  for (const Record& record : daemon.records()) {
    if (record["event"] == "session") ++logged;
    if (record["event"] == "log_dropped") BOOST_TEST(record.number("total") <= lost);
  }
  BOOST_TEST(logged < sessions);
  BOOST_TEST(logged + lost >= sessions);  // a line about lost lines may have been one of them
}

// The file may grow no more, and later there is room again: no line is cut or joined to another, and what is missing
// was counted.
BOOST_AUTO_TEST_CASE(until_there_is_room_again) {
  const TemporaryDirectory directory;
  NotifySocket systemd(directory.path("notify"));
  const std::string path = directory.path("bridge.sock");
  const std::string log_path = directory.write("log", "");
  const int log = open(log_path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  const Backend backend(echo());
  Daemon daemon(configuration("  - { bind: \"unix:" + path + "\" }\n", route("desk", backend.port())),
                {.process = {.environment = {systemd.variable()}, .file_size = 4096, .standard_error = log}});
  close(log);
  systemd.wait_for("READY=1");
  std::uint64_t sessions = 0;
  const auto open_and_close = [&] {
    RawClient client(connect_unix(path));
    BOOST_REQUIRE(client.request(Head()).status == 101U);
    client.finish();
    ++sessions;
  };
  for (int i = 0; i < 40; ++i) open_and_close();
  const auto size = [&] { return std::filesystem::file_size(log_path); };
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (size() < 4096) BOOST_REQUIRE(std::chrono::steady_clock::now() < deadline);
  std::string content;
  const auto make_room = [&] {  // full as it is, nothing is written meanwhile
    content += run({"/bin/cat", log_path}).output;
    std::filesystem::resize_file(log_path, 0);
  };
  make_room();
  open_and_close();
  while (run({"/bin/cat", log_path}).output.find("log_dropped") == std::string::npos) {
    if (size() >= 4096) make_room();  // with lines that were still under way
    BOOST_REQUIRE(std::chrono::steady_clock::now() < deadline);
  }
  daemon.terminate();
  BOOST_TEST(daemon.process().wait() == 0);
  content += run({"/bin/cat", log_path}).output;

  std::uint64_t logged = 0;
  std::uint64_t lost = 0;
  std::istringstream lines(content);
  for (std::string line; std::getline(lines, line);) {
    const Record record = parse_record(line);
    BOOST_TEST(!record.fields.empty(), line);
    if (record["event"] == "session") ++logged;
    if (record["event"] == "log_dropped") lost = record.number("total");
  }
  BOOST_TEST(logged < sessions);
  BOOST_TEST(logged + lost >= sessions);  // the line about lost lines may have been one of them
}

BOOST_AUTO_TEST_SUITE_END()
