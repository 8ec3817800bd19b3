#include "attack/siege.hpp"

#include "attack/round_trips.hpp"
#include "attack/sink.hpp"
#include "support/backend.hpp"
#include "support/daemon.hpp"
#include "support/pattern.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <thread>

#include <boost/test/unit_test.hpp>
#include <sys/resource.h>

namespace drawbridge::testing {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::size_t mib = 1 << 20;
// What the allocator may keep of what was freed.
constexpr std::size_t kept = 32 * mib;
// A round trip at the 99th percentile may take so much longer than in quiet, or this long. What the same round trip
// past the daemon takes meanwhile, the machine has to answer for.
constexpr double slowdown = 3;
constexpr double fast_enough = 20;  // ms
// A machine that has other things to do stands still now and then; an attack that slows others down does so each time.
constexpr int most_windows = 3;

const char* const asked_seconds = std::getenv("DRAWBRIDGE_ATTACK_SECONDS");

const bool at_full_length = asked_seconds != nullptr;
const double length = at_full_length ? std::atof(asked_seconds) : 0.2;  // seconds
const std::size_t quiet_round_trips = at_full_length ? 300 : 20;

// Thousands of connections on both sides; the daemon inherits it.
void raise_descriptor_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

template <class Condition>
bool comes_true(Condition condition) {
  const auto deadline = steady_clock::now() + patience;
  while (!condition()) {
    if (steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(10ms);  // between looks at what tells nobody when it changes
  }
  return true;
}

void expect(bool good, const char* otherwise) {
  if (!good) throw std::runtime_error(otherwise);
}

bool gets_in(std::uint16_t port) {
  return Attacker::attempt([&] {
    RawClient client(Address{.port = port, .source = "127.0.0.2"}, {});
    expect(client.request(Head()).status == 101, "refused");
    client.finish();
  });
}

// Share of one core that the process used within a while.
double cpu_share(const Process& process, std::chrono::duration<double> within) {
  const double before = process.cpu_seconds();
  std::this_thread::sleep_for(within);  // what is measured
  return (process.cpu_seconds() - before) / within.count();
}

// How often each reason ended or refused a connection.
std::string reasons(const std::vector<Record>& records) {
  std::map<std::string, std::uint64_t> counts;
  for (const Record& record : records) {
    const std::string event = record["event"];
    if (event == "refused" || event == "session") ++counts[record["reason"]];
    if (event == "refusals") counts[record["reason"]] += record.number("count");
  }
  std::string text;
  for (const auto& [reason, count] : counts) text += (text.empty() ? "" : ", ") + reason + ' ' + std::to_string(count);
  return text;
}

struct Row {
  std::string name;
  double rate = 0;
  const char* unit = "";
  Latency quiet;
  Latency during;
  Latency past_the_daemon;
  double cpu = 0;
  std::size_t before = 0;  // bytes
  std::size_t peak = 0;
  std::size_t after = 0;
  std::size_t most_mib = 0;
  std::string log;

  bool fast() const { return during.p99 < std::max(slowdown * quiet.p99, fast_enough) + past_the_daemon.p99; }

  static void print_titles() {
    std::printf("%-19s %20s  %-15s  %-22s  %4s  %-23s  %s\n", "attack", "done", "p50, ms", "p99, ms", "CPU", "MiB",
                "in the log");
    std::printf("%-19s %20s  %-15s  %-22s  %4s  %-23s  %s\n", "", "", " quiet > during", " quiet > during (past)", "",
                "before peak after bound", "");
  }
  void print() const {
    const auto in_mib = [](std::size_t bytes) { return static_cast<double>(bytes) / mib; };
    std::printf("%-19s %9.0f %8s/s  %6.2f > %6.2f  %6.2f > %6.2f (%4.1f)  %3.0f%%  %6.1f %5.1f %5.1f %4zu  %s\n",
                name.c_str(), rate, unit, quiet.median, during.median, quiet.p99, during.p99, past_the_daemon.p99,
                100 * cpu, in_mib(before), in_mib(peak), in_mib(after), most_mib, log.c_str());
    std::fflush(stdout);
  }
};

// What the attack and the daemon do within the length.
void watch(const Process& process, const Attacker& attacker, Row& row) {
  const std::uint64_t count = attacker.count();
  const double cpu = process.cpu_seconds();
  const auto start = steady_clock::now();
  const auto seconds = [&] { return std::chrono::duration<double>(steady_clock::now() - start).count(); };
  while (seconds() < length) {
    row.peak = std::max(row.peak, process.resident_bytes());
    std::this_thread::sleep_for(5ms);  // between samples
  }
  row.rate = static_cast<double>(attacker.count() - count) / seconds();
  row.cpu = (process.cpu_seconds() - cpu) / seconds();
}

}  // namespace

void endure(const Siege& siege) {
  raise_descriptor_limit();
  const Backend echoing(echo());
  const Sink sink;
  const Backend flooding([](Wire& wire) {
    const std::string bytes(64 << 10, 'b');
    for (;;) wire.write(bytes);
  });
  Daemon daemon(configuration(tls_listener(),
                              route("desk", echoing.port()) + route("sink", sink.port(), siege.route) +
                                  route("flood", flooding.port(), siege.route),
                              siege.settings));
  const Process& process = daemon.process();
  Row row;
  row.name = boost::unit_test::framework::current_test_case().p_name;
  row.unit = siege.unit;
  row.most_mib = siege.most_mib;

  const std::string message = pattern(64);
  RawClient good_client = RawClient::open(daemon.port());
  RoundTrips good([&] {
    good_client.send_frame(Op::binary, message);
    expect(good_client.read_payload(message.size()) == message, "a wrong byte in an echo");
  });
  Wire backend = connect_tcp(echoing.port());
  RoundTrips past_the_daemon([&] {
    backend.write(message);
    backend.read_exactly(message.size());
  });
  row.quiet = good.measure(quiet_round_trips);
  past_the_daemon.measure(1);
  row.before = row.peak = process.resident_bytes();
  const std::size_t descriptors = process.open_descriptors();

  Attacker attacker(daemon.port(), siege.attack);
  for (int window = 0; window == 0 || (at_full_length && window < most_windows && !row.fast()); ++window) {
    watch(process, attacker, row);
    row.during = good.measure(1);
    row.past_the_daemon = past_the_daemon.measure(1);
  }
  BOOST_TEST(comes_true([&] { return attacker.count() >= (at_full_length ? siege.least : 1); }), "a poor attack");
  for (const Expected& expected : siege.log) daemon.wait_for(expected.event, {{"reason", expected.reason}});
  row.peak = std::max(row.peak, process.resident_bytes());
  attacker.finish();

  BOOST_TEST(comes_true([&] { return process.open_descriptors() <= descriptors; }),
             process.open_descriptors() << " descriptors are open, before there were " << descriptors);
  BOOST_TEST(comes_true([&] { return gets_in(daemon.port()); }), "a new client does not get in");
  BOOST_TEST(cpu_share(process, 200ms) < 0.5, "the daemon has nothing to do, and is busy");
  if (!sanitized) {  // their shadows and quarantines are no memory of the daemon's
    BOOST_TEST(comes_true([&] { return process.resident_bytes() < row.before + kept; }), "memory has not come back");
    BOOST_TEST(row.peak < siege.most_mib * mib);
  }
  row.after = process.resident_bytes();
  good.finish();
  good_client.finish();
  past_the_daemon.finish();
  daemon.terminate();
  daemon.wait_for("stopped");
  BOOST_TEST(daemon.process().wait() == 0);
  row.log = reasons(daemon.records());
  row.print();

  if (at_full_length) BOOST_TEST(row.fast(), "the good client's round trips are too slow");
}

struct Titles {
  Titles() { Row::print_titles(); }
};
BOOST_TEST_GLOBAL_FIXTURE(Titles);

}  // namespace drawbridge::testing
