#include "support/backend.hpp"
#include "support/channel.hpp"
#include "support/daemon.hpp"
#include "support/pattern.hpp"
#include "support/raw_client.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace drawbridge::testing;
using std::chrono::steady_clock;

BOOST_AUTO_TEST_SUITE(crowd)

BOOST_AUTO_TEST_CASE(many_sessions_at_once_keep_their_bytes_apart_and_share_the_workers) {
  const Backend backend(echo());
  Daemon daemon(simple(backend.port(), "", "workers: 2\n"));
  constexpr std::size_t count = 200;
  std::vector<RawClient> clients;
  for (std::size_t i = 0; i < count; ++i) clients.push_back(RawClient::open(daemon.port()));
  for (std::uint64_t turn = 0; turn < 5; ++turn) {
    for (std::size_t i = 0; i < count; ++i) clients[i].send_frame(Op::binary, pattern(5000, turn * count + i));
    for (std::size_t i = 0; i < count; ++i) {
      const std::string expected = pattern(5000, turn * count + i);
      BOOST_REQUIRE(first_difference(clients[i].read_payload(5000), expected) == std::string::npos);
    }
  }
  std::map<std::string, int> sessions_of;
  for (RawClient& client : clients) {
    client.finish();
    ++sessions_of[daemon.session("client_closed")["worker"]];
  }
  BOOST_REQUIRE(sessions_of.size() == 2U);
  const int first = sessions_of.begin()->second;
  const int second = sessions_of.rbegin()->second;
  BOOST_TEST(std::abs(first - second) <= static_cast<int>(count) / 10);
}

BOOST_AUTO_TEST_CASE(a_worker_that_lost_its_sessions_gets_the_next_ones) {
  constexpr int count = 600;
  Daemon daemon(configuration(
      "  - { bind: \"127.0.0.1:0\" }\n", "  - { name: desk, path: /desk, origins: [ \"*\" ], backend: \"echo:\" }\n",
      "workers: 2\n"
      "limits: { sessions_per_client: 2000, handshake_burst: 5000, handshakes_per_client: 5000/s }\n"));
  const auto open = [&] {
    RawClient client(connect_tcp(daemon.port()));
    BOOST_REQUIRE(client.request(Head()).status == 101U);
    return client;
  };
  std::vector<RawClient> clients;
  for (int i = 0; i < count; ++i) clients.push_back(open());
  // One after the other they went to one worker and to the other in turn: now one of them loses all that it has.
  std::map<std::string, int> ended;
  for (std::size_t i = 0; i < count / 2; ++i) {
    clients[i].finish();
    clients.erase(clients.begin() + static_cast<std::ptrdiff_t>(i));
    ++ended[daemon.session("client_closed")["worker"]];
  }
  BOOST_TEST(ended.size() == 1U);
  for (int i = 0; i < count / 2; ++i) clients.push_back(open());

  std::map<std::string, int> live;
  for (RawClient& client : clients) {
    client.finish();
    ++live[daemon.session("client_closed")["worker"]];
  }
  BOOST_TEST(live["0"] + live["1"] == count);
  BOOST_TEST(std::abs(live["0"] - live["1"]) <= count / 10, "worker 0: " << live["0"] << ", worker 1: " << live["1"]);
}

BOOST_AUTO_TEST_CASE(a_flooding_session_leaves_the_others_their_turns) {
  const Backend flooded(sink());
  const Backend quiet(echo());
  Daemon daemon(
      configuration(tls_listener(), route("flood", flooded.port()) + route("quiet", quiet.port()), "workers: 1\n"));
  std::atomic<bool> done = false;
  std::atomic<std::uint64_t> flood_bytes = 0;
  std::vector<std::thread> floods;
  for (int i = 0; i < 2; ++i) {
    floods.emplace_back([&] {
      RawClient client = RawClient::open(daemon.port(), Head("/flood"));
      const std::string burst = frame(Op::binary, pattern(256 << 10));
      while (!done) {
        client.send(burst);
        flood_bytes += burst.size();
      }
    });
  }
  RawClient client = RawClient::open(daemon.port(), Head("/quiet"));
  while (flood_bytes < 16U << 20) std::this_thread::yield();
  std::vector<double> milliseconds;
  const std::uint64_t before = flood_bytes;
  for (int i = 0; i < 200; ++i) {
    const auto start = steady_clock::now();
    client.send_frame(Op::binary, "turn");
    BOOST_TEST(client.read_payload(4) == "turn");
    milliseconds.push_back(std::chrono::duration<double, std::milli>(steady_clock::now() - start).count());
  }
  BOOST_TEST(flood_bytes > before);
  done = true;
  for (std::thread& flood : floods) flood.join();
  std::sort(milliseconds.begin(), milliseconds.end());
  BOOST_TEST(milliseconds[100] < (sanitized ? 500 : 50));
}

BOOST_AUTO_TEST_CASE(ended_sessions_leave_nothing_behind) {
  const Backend backend(echo());
  Daemon daemon(simple(backend.port()));
  const auto once = [&](int i) {
    RawClient client = RawClient::open(daemon.port());
    client.send_frame(Op::binary, "x");
    BOOST_TEST(client.read_payload(1) == "x");
    if (i % 2 == 0)
      client.finish();
    else
      client.wire().reset();
  };
  const auto settle = [&](int count) {
    for (int i = 0; i < count; ++i) daemon.wait_for("session");
  };
  for (int i = 0; i < 50; ++i) once(i);
  settle(50);
  const std::size_t descriptors = daemon.process().open_descriptors();
  const std::size_t memory = daemon.process().resident_bytes();
  for (int i = 0; i < 300; ++i) once(i);
  settle(300);
  BOOST_TEST(daemon.process().open_descriptors() <= descriptors + 2);  // an end may still linger
  if (!sanitized) BOOST_TEST(daemon.process().resident_bytes() <= memory + (2U << 20));
}

BOOST_AUTO_TEST_SUITE_END()
