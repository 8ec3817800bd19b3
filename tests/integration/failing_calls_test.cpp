// System calls that fail, each in turn at every place where a session makes it.

#include "support/call_control.hpp"
#include "support/crossing.hpp"
#include "support/raw_client.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <fcntl.h>
#include <netdb.h>
#include <unistd.h>

using namespace drawbridge::testing;
using std::chrono::steady_clock;

namespace {

constexpr Ending all_endings[] = {Ending::browser, Ending::browser_at_once, Ending::backend};

using Reasons = std::set<std::string>;

// A call, how it may fail, and what else than its natural end a session may then end for.
struct Failure {
  Call call;
  const char* name;
  std::vector<int> errors;
  Reasons reasons;
};

// The connection goes on: the call is made again, or is not needed.
const Reasons none{};
const Reasons broken{"client_gone", "backend_reset"};
const Reasons no_resources{"full"};

const std::vector<Failure>& failures() {
  static const std::vector<Failure> all{
      {Call::accept,
       "accept",
       {EMFILE, ENFILE, ENOBUFS, ENOMEM, EINTR, ECONNABORTED, EPROTO, EPERM, ENETDOWN, ETIMEDOUT},
       none},
      {Call::socket, "socket", {EMFILE, ENFILE, ENOBUFS, ENOMEM}, {"full"}},
      {Call::connect, "connect", {EINTR}, none},
      {Call::connect, "connect", {ECONNREFUSED, ENETUNREACH}, {"backend_refused"}},
      {Call::connect, "connect", {ETIMEDOUT}, {"backend_timeout"}},
      {Call::connect, "connect", {EADDRNOTAVAIL, ENOBUFS, ENOMEM}, {"full"}},
      {Call::getsockopt, "getsockopt", {ENOBUFS, ENOMEM}, {"full"}},
      {Call::getaddrinfo, "getaddrinfo", {EAI_AGAIN, EAI_MEMORY, EAI_FAIL, EAI_SYSTEM}, {"backend_unresolved"}},
      {Call::watch, "epoll_ctl", {ENOMEM, ENOSPC}, no_resources},
      {Call::wait, "epoll_wait", {EINTR}, none},
      {Call::setsockopt, "setsockopt", {EINVAL, ENOBUFS, ENOMEM}, none},
      {Call::receive, "recv", {EINTR}, none},
      {Call::receive, "recv", {ECONNRESET, ETIMEDOUT, ENOBUFS, ENOMEM}, broken},
      {Call::send, "send", {EINTR, ENOBUFS, ENOMEM}, none},
      {Call::send, "send", {EPIPE, ECONNRESET, ETIMEDOUT}, broken},
      {Call::shutdown, "shutdown", {ENOTCONN}, broken},
  };
  return all;
}

// A daemon whose calls can fail, a crossing over it, and a session of somebody else that shall not notice anything.
class World {
 public:
  World() {
    daemon_.emplace(with_listeners(tls_listener()), DaemonOptions{.process = calls_.options()});
    crossing_.use(*daemon_);
    bystander_.emplace(RawClient::open(daemon_->port(), Head("/other")));
    idle_ = daemon_->process().open_descriptors();
    // One worker: after this no call of the bystander's is left to be made.
    check_bystander();
    cross(Ending::browser);
    wait_until_idle();
  }

  std::string with_listeners(const std::string& listeners) const {
    return configuration(listeners,
                         route("c", crossing_.backend_port(), ", limits: { sessions: 1 }, timeouts: { close: 2s }") +
                             route("other", echo_.port()),
                         "workers: 1\nlimits: { sessions: 3, sessions_per_client: 3, "
                         "handshakes_per_client: 100000/s, handshake_burst: 100000 }\n");
  }

  CallControl& calls() { return calls_; }
  Daemon& daemon() { return *daemon_; }
  Crossed cross(Ending ending) { return crossing_.cross("/c", ending); }

  // How often a session calls it, at most.
  std::int64_t count(Call call) {
    std::uint64_t most = 0;
    for (const Ending ending : all_endings) {
      for (int i = 0; i < 3; ++i) {
        const std::uint64_t before = calls_.calls(call);
        cross(ending);
        wait_until_idle();
        most = std::max(most, calls_.calls(call) - before);
      }
    }
    return static_cast<std::int64_t>(most);
  }

  void check_bystander() {
    bystander_->send_frame(Op::binary, "unharmed");
    BOOST_TEST(bystander_->read_payload(8) == "unharmed");
  }

  void wait_until_idle() {
    const auto deadline = steady_clock::now() + patience;
    while (daemon_->process().open_descriptors() != idle_) BOOST_REQUIRE(steady_clock::now() < deadline);
  }

 private:
  CallControl calls_;
  Crossing crossing_;
  Backend echo_{echo()};
  std::optional<Daemon> daemon_;
  std::optional<RawClient> bystander_;
  std::size_t idle_ = 0;
};

void check(const Crossed& crossed, const Reasons& others) {
  if (others.empty()) {
    BOOST_TEST(wrongs(crossed) == "");
    return;
  }
  // A side that was cut off has not got all.
  Reasons fitting = others;
  fitting.insert(crossed.natural());
  BOOST_TEST(wrongs(crossed, fitting, crossed.reason() == "backend_reset", crossed.reason() == "client_gone") == "");
}

struct Injection {
  const Failure& failure;
  int error;
  std::int64_t calls_until;
  std::int64_t in_a_row;
  Ending ending;
};

void inject(World& world, const Injection& injection, std::map<std::string, int>& reasons) {
  world.calls().fail(injection.failure.call, injection.error, injection.calls_until, injection.in_a_row);
  const Crossed crossed = world.cross(injection.ending);
  world.calls().stop_failing();
  check(crossed, injection.failure.reasons);
  ++reasons[crossed.reason()];
  world.check_bystander();
  BOOST_TEST_CONTEXT("the next session") BOOST_TEST(wrongs(world.cross(injection.ending)) == "");
  world.wait_until_idle();
}

// As many refusals for one reason as each get a line.
constexpr int injections_a_daemon = 45;

// Each of the expected reasons must come about, or the failures were none.
void inject_all(const std::vector<Injection>& injections, const Reasons& expected) {
  std::optional<World> world;
  std::map<std::string, int> reasons;
  int count = 0;
  for (const Injection& injection : injections) {
    if (count++ % injections_a_daemon == 0) world.emplace();
    const bool code = injection.failure.call == Call::getaddrinfo;
    BOOST_TEST_CONTEXT(injection.failure.name
                       << ": " << (code ? gai_strerror(injection.error) : std::strerror(injection.error)) << ", "
                       << injection.in_a_row << " times after " << injection.calls_until << " calls, ended by "
                       << name(injection.ending)) {
      inject(*world, injection, reasons);
    }
  }
  std::string summary = std::to_string(count) + " injections:";
  for (const auto& [reason, times] : reasons) summary += ' ' + reason + ' ' + std::to_string(times);
  BOOST_TEST_MESSAGE(summary);
  for (const std::string& reason : expected) BOOST_TEST(reasons[reason] > 0, reason);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(failing_calls)

BOOST_AUTO_TEST_CASE(each_call_fails_once_at_every_place) {
  std::vector<Injection> injections;
  World world;
  for (const Failure& failure : failures()) {
    const std::int64_t calls = world.count(failure.call);
    BOOST_TEST(calls > 0, failure.name);
    for (const int error : failure.errors) {
      for (std::int64_t at = 0; at < calls; ++at) {
        const Ending ending = all_endings[static_cast<std::size_t>(at + error) % std::size(all_endings)];
        injections.push_back({failure, error, at, 1, ending});
      }
    }
  }
  inject_all(injections, {"client_closed", "backend_closed", "client_gone", "backend_reset", "backend_refused",
                          "backend_timeout", "full"});
}

// What passes may take its time.
BOOST_AUTO_TEST_CASE(calls_that_fail_many_times_in_a_row) {
  std::vector<Injection> injections;
  for (const Failure& failure : failures()) {
    if (failure.call != Call::send && failure.call != Call::receive) continue;
    for (const int error : failure.errors) {
      if (!failure.reasons.empty()) continue;
      for (const std::int64_t at : {0, 5, 10}) {
        for (const Ending ending : all_endings) injections.push_back({failure, error, at, 1000, ending});
      }
    }
  }
  inject_all(injections, {});
}

BOOST_AUTO_TEST_CASE(a_start_that_fails_ends_with_an_error_and_says_so) {
  CallControl calls;
  const TemporaryDirectory directory;
  directory.write("server.crt", server_certificate().chain);
  directory.write("server.key", server_certificate().key);
  const std::string file = directory.write("drawbridge.yaml", simple(1));
  ProcessOptions options = calls.options();
  const auto became_ready = [](Process& process, const std::string& output) {
    const auto deadline = steady_clock::now() + patience;
    while (process.running()) {
      if (run({"/bin/grep", "-q", "\"ready\"", output}).code == 0) return true;
      if (steady_clock::now() > deadline) throw Timeout("neither ready nor ended");
    }
    return false;
  };
  int failed = 0;
  for (const auto& [call, error] :
       {std::pair{Call::open, EMFILE}, {Call::socket, ENOMEM}, {Call::setsockopt, ENOBUFS}}) {
    for (std::int64_t at = 0;; ++at) {
      const std::string output = directory.write("output", "");
      options.standard_error = open(output.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
      calls.fail(call, error, at);
      Process process({program(), "serve", "-c", file}, options);
      close(options.standard_error);
      const bool ready = became_ready(process, output);
      if (ready) process.signal(SIGTERM);
      BOOST_TEST(process.wait() == (ready ? 0 : 1), std::strerror(error) << " after " << at << " calls");
      if (!ready) {
        ++failed;
        BOOST_TEST(std::filesystem::file_size(output) > 0U);
      }
      if (calls.stop_failing() == 0) break;
    }
  }
  BOOST_TEST(failed >= 4);  // the file, a certificate, a key, the listener's socket
}

// An answer in plaintext goes out over a copy of the descriptor.
BOOST_AUTO_TEST_CASE(plaintext_where_tls_is_expected_and_no_descriptor_left) {
  World world;
  world.calls().fail(Call::duplicate, EMFILE, 0);
  Wire wire = connect_tcp(world.daemon().port(), "127.0.0.1", "127.0.0.3");
  wire.write(Head().text());
  BOOST_TEST(wire.read_to_end_or_reset() == "");
  BOOST_TEST(world.calls().stop_failing() == 1U);
  world.daemon().refused("plain_http");
  world.check_bystander();
  world.wait_until_idle();
}

BOOST_AUTO_TEST_CASE(a_reload_that_cannot_open_its_files_changes_nothing) {
  World world;
  const std::uint64_t before = world.calls().calls(Call::open);
  world.daemon().process().signal(SIGHUP);
  world.daemon().wait_for("reloaded");
  const auto calls = static_cast<std::int64_t>(world.calls().calls(Call::open) - before);
  BOOST_TEST(calls >= 3);  // the file, a certificate, a key
  for (const int error : {EMFILE, ENFILE, ENOMEM, EACCES}) {
    for (std::int64_t at = 0; at < calls; ++at) {
      BOOST_TEST_CONTEXT(std::strerror(error) << " after " << at << " calls") {
        world.calls().fail(Call::open, error, at);
        world.daemon().process().signal(SIGHUP);
        world.daemon().wait_for("reload_failed");
        BOOST_TEST(world.calls().stop_failing() == 1U);
        world.check_bystander();
        BOOST_TEST(wrongs(world.cross(Ending::browser)) == "");
      }
    }
  }
  world.daemon().process().signal(SIGHUP);
  world.daemon().wait_for("reloaded");
  world.wait_until_idle();
}

BOOST_AUTO_TEST_CASE(a_reload_whose_listeners_cannot_be_watched_changes_nothing) {
  World world;
  const std::string three = world.with_listeners(tls_listener() + tls_listener() + tls_listener());
  const std::size_t descriptors = world.daemon().process().open_descriptors();
  for (const int error : {ENOMEM, ENOSPC}) {
    for (const std::int64_t at : {0, 1}) {
      BOOST_TEST_CONTEXT(std::strerror(error) << " after " << at << " calls") {
        world.calls().fail(Call::watch, error, at);
        world.daemon().reload(three);
        const std::string message = world.daemon().wait_for("config_error")["message"];
        // The first listener is the old one.
        BOOST_TEST(message.find("drawbridge.yaml:" + std::to_string(3 + at)) != std::string::npos, message);
        BOOST_TEST(message.find("max_user_watches") != std::string::npos, message);
        world.daemon().wait_for("reload_failed");
        BOOST_TEST(world.calls().stop_failing() == 1U);
        BOOST_TEST(world.daemon().process().open_descriptors() == descriptors);
        world.check_bystander();
        BOOST_TEST(wrongs(world.cross(Ending::browser)) == "");
        world.wait_until_idle();
      }
    }
  }
  world.daemon().reload(three);
  world.daemon().wait_for("reloaded");
  BOOST_TEST(world.daemon().process().open_descriptors() == descriptors + 2);
  for (const std::size_t listener : {0U, 1U, 2U}) {
    RawClient client = RawClient::open(world.daemon().port(listener), Head("/other"));
    client.send_frame(Op::binary, "here");
    BOOST_TEST(client.read_payload(4) == "here");
  }
}

BOOST_AUTO_TEST_SUITE_END()
