#include "support/backend.hpp"
#include "support/daemon.hpp"
#include "support/notify_socket.hpp"
#include "support/raw_client.hpp"

#include <csignal>
#include <string>

#include <boost/test/unit_test.hpp>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace drawbridge::testing;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(systemd)

BOOST_AUTO_TEST_CASE(each_turn_of_its_life_is_notified) {
  const TemporaryDirectory directory;
  NotifySocket systemd(directory.path("notify"));
  const Backend backend(echo());
  Daemon daemon(simple(backend.port()), {.process = {.environment = {systemd.variable()}}});
  systemd.wait_for("READY=1");
  daemon.process().signal(SIGHUP);
  const std::string reloading = systemd.wait_for("RELOADING=1");
  BOOST_TEST(reloading.find("MONOTONIC_USEC=") != std::string::npos);
  systemd.wait_for("READY=1");
  daemon.reload("not: valid\n");
  systemd.wait_for("RELOADING=1");
  systemd.wait_for("READY=1");  // a failed reload is over too
  daemon.terminate();
  systemd.wait_for("STOPPING=1");
  BOOST_TEST(daemon.process().wait() == 0);
}

BOOST_AUTO_TEST_CASE(a_stuck_worker_trips_the_watchdog) {
  const TemporaryDirectory directory;
  NotifySocket systemd(directory.path("notify"));
  const Backend backend(echo());
  Daemon daemon(simple(backend.port(), "", "workers: 2\n"),
                {.process = {.environment = {systemd.variable(), "WATCHDOG_USEC=1000000"}}});
  for (int i = 0; i < 3; ++i) systemd.wait_for("WATCHDOG=1");
  const pid_t worker = daemon.process().thread("worker-0");
  BOOST_REQUIRE_MESSAGE(worker != 0, "no thread is named worker-0");
  if (ptrace(PTRACE_SEIZE, worker, nullptr, nullptr) != 0) {
    BOOST_TEST_MESSAGE("may not stop a thread of the daemon: " << os_error("ptrace"));
    return;
  }
  BOOST_REQUIRE(ptrace(PTRACE_INTERRUPT, worker, nullptr, nullptr) == 0);
  BOOST_REQUIRE(waitpid(worker, nullptr, __WALL) == worker);
  // What was under way may still come; then there is silence for longer than systemd would wait.
  const auto deadline = std::chrono::steady_clock::now() + patience;
  bool silent = false;
  while (!silent && std::chrono::steady_clock::now() < deadline) {
    try {
      systemd.wait_for("WATCHDOG=1", 1500ms);
    } catch (const Timeout&) {
      silent = true;
    }
  }
  BOOST_TEST(silent);
  BOOST_REQUIRE(ptrace(PTRACE_DETACH, worker, nullptr, nullptr) == 0);
  systemd.wait_for("WATCHDOG=1");
}

BOOST_AUTO_TEST_CASE(without_a_watchdog_none_is_fed) {
  const TemporaryDirectory directory;
  NotifySocket systemd(directory.path("notify"));
  Daemon daemon(simple(1), {.process = {.environment = {systemd.variable()}}});
  systemd.wait_for("READY=1");
  BOOST_CHECK_THROW(systemd.wait_for("WATCHDOG=1", 1s), Timeout);
}

BOOST_AUTO_TEST_CASE(inherited_sockets_are_found_by_name) {
  const Backend backend(echo());
  const Listening first = listen_tcp();
  const Listening second = listen_tcp();
  const std::string plain = "  - { bind: \"systemd:plain\", plaintext: true }\n";
  {
    Daemon daemon(configuration(tls_listener("systemd:web") + plain, route("desk", backend.port())),
                  {.process = {.inherited = {{"plain", first.descriptor}, {"web", second.descriptor}}}});
    RawClient web(second.port);
    BOOST_TEST(web.request(Head()).status == 101U);
    RawClient client(connect_tcp(first.port));
    BOOST_TEST(client.request(Head()).status == 101U);
    // It must survive a reload, which cannot bind it anew.
    daemon.process().signal(SIGHUP);
    daemon.wait_for("reloaded");
    RawClient again(second.port);
    BOOST_TEST(again.request(Head()).status == 101U);
  }
  close(first.descriptor);
  close(second.descriptor);
}

BOOST_AUTO_TEST_CASE(a_name_that_was_not_inherited_is_an_error_at_start) {
  const TemporaryDirectory directory;
  directory.write("server.crt", server_certificate().chain);
  directory.write("server.key", server_certificate().key);
  const std::string file =
      directory.write("drawbridge.yaml", configuration(tls_listener("systemd:absent"), route("desk", 1)));
  const Run result = run({program(), "serve", "-c", file});
  BOOST_TEST(result.code == 1);
  BOOST_TEST(result.error.find("absent") != std::string::npos, result.error);
}

BOOST_AUTO_TEST_SUITE_END()
