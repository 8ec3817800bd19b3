#include "support/backend.hpp"
#include "support/daemon.hpp"
#include "support/raw_client.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <sys/stat.h>

using namespace drawbridge::testing;
using std::chrono::steady_clock;

BOOST_AUTO_TEST_SUITE(listeners)

BOOST_AUTO_TEST_CASE(ipv4_ipv6_and_dual_stack) {
  const Backend backend(echo());
  Daemon daemon(configuration(tls_listener("127.0.0.1:0") + tls_listener("[::1]:0") + tls_listener("*:0"),
                              route("desk", backend.port())));
  const auto client_of = [&](const Address& address) {
    RawClient client(address, {});
    BOOST_TEST(client.request(Head()).status == 101U);
    client.finish();
    return daemon.session("client_closed")["client"];
  };
  BOOST_TEST(client_of({daemon.port(0)}).starts_with("127.0.0.1"));
  BOOST_TEST(client_of({daemon.port(1), "::1"}).find("::1") != std::string::npos);
  BOOST_TEST(client_of({daemon.port(2), "::1"}).find("::1") != std::string::npos);
  BOOST_TEST(client_of({daemon.port(2)}).starts_with("127.0.0.1"));  // unmapped
  const std::vector<Record> records = daemon.records();
  const auto listening_on = [&](const std::string& prefix) {
    return std::any_of(records.begin(), records.end(), [&](const Record& record) {
      return record["event"] == "listening" && record["address"].starts_with(prefix);
    });
  };
  BOOST_TEST(listening_on("127.0.0.1:"));
  BOOST_TEST(listening_on("[::1]:"));
}

BOOST_AUTO_TEST_CASE(a_unix_socket_carries_plaintext_and_has_its_mode) {
  const Backend backend(echo());
  const TemporaryDirectory directory;
  const std::string path = directory.path("bridge.sock");
  const std::string bind = "  - { bind: \"unix:" + path + "\", mode: \"0600\" }\n";
  for (int start = 0; start < 2; ++start) {  // the second finds the first one's file
    Daemon daemon(configuration(bind, route("desk", backend.port()), "limits: { sessions_per_client: 2 }\n"));
    struct stat status {};
    BOOST_REQUIRE(stat(path.c_str(), &status) == 0);
    BOOST_TEST((status.st_mode & 0777U) == 0600U);
    std::vector<RawClient> clients;
    for (int i = 0; i < 4; ++i) {  // peers on a Unix socket are nobody's client
      clients.emplace_back(connect_unix(path));
      BOOST_TEST(clients.back().request(Head()).status == 101U);
    }
    clients[0].send_frame(Op::binary, "hello");
    BOOST_TEST(clients[0].read_payload(5) == "hello");
    clients[0].finish();
    BOOST_TEST(daemon.session("client_closed")["tls"] == "none");
  }
}

BOOST_AUTO_TEST_CASE(plaintext_on_loopback_is_served) {
  const Backend backend(echo());
  Daemon daemon(configuration("  - { bind: \"127.0.0.1:0\" }\n", route("desk", backend.port())));
  RawClient client(connect_tcp(daemon.port()));
  client.send(Head().text() + frame(Op::binary, "hello"));
  BOOST_TEST(client.read_answer().status == 101U);
  BOOST_TEST(client.read_payload(5) == "hello");
}

BOOST_AUTO_TEST_CASE(running_out_of_descriptors_neither_ends_nor_spins_it) {
  const Backend backend(echo());
  // sessions: more than descriptors allow, so that accept really fails.
  Daemon daemon(simple(backend.port(), "", "workers: 1\nlimits: { sessions: 1000 }\n"),
                {.process = {.descriptors = 64}});
  RawClient first = RawClient::open(daemon.port());
  std::vector<Wire> mute;
  for (int i = 0; i < 100; ++i) mute.push_back(connect_tcp(daemon.port()));
  const auto full = [&] { return daemon.process().open_descriptors() >= 60; };
  const auto deadline = steady_clock::now() + patience;
  while (!full() && steady_clock::now() < deadline) std::this_thread::yield();
  first.send_frame(Op::binary, "unharmed");
  BOOST_TEST(first.read_payload(8) == "unharmed");
  // The time between here and there is filled with round trips; the daemon may use CPU for those only.
  const double before = daemon.process().cpu_seconds();
  const auto start = steady_clock::now();
  BOOST_CHECK(!mute.back().readable(std::chrono::milliseconds(1000)));
  const std::chrono::duration<double> waited = steady_clock::now() - start;
  BOOST_TEST(daemon.process().cpu_seconds() - before < 0.3 * waited.count());
  BOOST_TEST(daemon.process().running());
  mute.clear();
  const auto opens = [&] {
    try {
      return RawClient(daemon.port()).request(Head()).status == 101;
    } catch (const std::runtime_error&) {
      return false;
    }
  };
  while (!opens()) BOOST_REQUIRE(steady_clock::now() < deadline);
}

BOOST_AUTO_TEST_CASE(no_descriptor_left_for_the_backend_is_our_fault_and_not_its) {
  const Backend backend(echo());
  Daemon daemon(configuration("  - { bind: \"127.0.0.1:0\" }\n", route("desk", backend.port()),
                              "workers: 1\nlimits: { sessions: 1000 }\n"),
                {.process = {.descriptors = 64}});
  std::vector<RawClient> clients;
  const auto deadline = steady_clock::now() + patience;
  while (daemon.process().open_descriptors() < 64) {
    BOOST_REQUIRE(steady_clock::now() < deadline);
    clients.emplace_back(connect_tcp(daemon.port()));
  }
  const Answer answer = clients[0].request(Head());
  BOOST_TEST(answer.status == 503U);
  BOOST_TEST(answer.reason() == "full");
  daemon.refused("full");
}

BOOST_AUTO_TEST_SUITE_END()
