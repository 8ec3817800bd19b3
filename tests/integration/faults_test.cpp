// What networks do to connections, on either side of the bridge, at every place of a session's life.

#include "support/crossing.hpp"
#include "support/daemon.hpp"
#include "support/pattern.hpp"
#include "support/raw_client.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <ostream>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace drawbridge::testing;
using std::chrono::steady_clock;

namespace {

enum class Side : std::uint8_t { browser, backend };

struct Case {
  Side side;
  FaultPlan plan;
  Ending ending;
};

std::ostream& operator<<(std::ostream& out, const Case& c) {
  return out << name(c.plan.fault) << (c.side == Side::browser ? " at the browser, " : " at the backend, ")
             << (c.plan.direction == Direction::forth ? "forth" : "back") << ", byte " << c.plan.at << ", ended by "
             << name(c.ending);
}

constexpr Ending all_endings[] = {Ending::browser, Ending::browser_at_once, Ending::backend};
constexpr Direction both_directions[] = {Direction::forth, Direction::back};

// Sessions at the same time, each with a route, a client's address and proxies of its own.
constexpr std::size_t crossings = 16;
// As many refusals for one reason as each get a line.
constexpr std::size_t cases_a_daemon = 48;

// Longer than a loaded machine needs for a handshake.
const std::string little_time_to_open =
    sanitized ? "timeouts: { tls: 5s, head: 5s }\n" : "timeouts: { tls: 2s, head: 2s }\n";

// How dense a sweep is.
struct Density {
  std::size_t step;   // bytes between two positions where nothing is known to change
  std::size_t every;  // takes every n-th of the cases
};

// The long run looks closer.
Density density(const Density& usual, const Density& whole) {
  return std::getenv("DRAWBRIDGE_FAULTS_WHOLE") == nullptr ? usual : whole;
}

enum class Patience : std::uint8_t { usual, little };

// The routes to a crossing's backend: one to be disturbed, and one on which the next session works.
std::string disturbed(std::size_t crossing) {
  return "disturbed" + std::to_string(crossing);
}
std::string quiet(std::size_t crossing) {
  return "quiet" + std::to_string(crossing);
}

// A daemon and the crossings over it. Places are scarce: one that does not come back is missed soon.
class World {
 public:
  explicit World(Patience how_much = Patience::usual) {
    const bool little = how_much == Patience::little;
    const std::string timeouts = little ? ", timeouts: { ping: 100ms, dead: 400ms, idle: 900ms, close: 300ms }" : "";
    std::string routes;
    for (std::size_t i = 0; i < crossings; ++i) {
      crossings_.emplace_back("127.0.1." + std::to_string(i + 1));
      const std::uint16_t port = crossings_.back().backend_port();
      routes += route(disturbed(i), port, ", limits: { sessions: 1 }" + timeouts);
      routes += route(quiet(i), port, ", limits: { sessions: 1 }");
    }
    daemon_.emplace(configuration(tls_listener(), routes,
                                  "workers: 1\nlimits: { sessions: 20, sessions_per_client: 8, "
                                  "handshakes_per_client: 100000/s, handshake_burst: 100000 }\n" +
                                      (little ? little_time_to_open : std::string())));
    for (Crossing& crossing : crossings_) crossing.use(*daemon_);
  }

  Daemon& daemon() { return *daemon_; }
  std::list<Crossing>& all() { return crossings_; }

 private:
  std::list<Crossing> crossings_;
  std::optional<Daemon> daemon_;
};

// The bytes after which something changes: around the beginnings of TLS records, and at the ends.
std::set<std::size_t> positions(const std::string& passed, bool tls, std::size_t step) {
  std::set<std::size_t> result{0, 1, passed.size() - 1, passed.size()};
  for (std::size_t record = 0; tls && record + 5 <= passed.size();) {
    for (const std::size_t at : {record - 1, record, record + 1, record + 5, record + 6}) {
      if (at < passed.size()) result.insert(at);
    }
    const auto byte = [&](std::size_t at) -> std::size_t { return static_cast<unsigned char>(passed[record + at]); };
    record += 5 + 256 * byte(3) + byte(4);
  }
  for (std::size_t at = 0; at < passed.size(); at += step) result.insert(at);
  return result;
}

// Each of the faults at each position of each direction on each side, under each ending.
std::vector<Case> sweep(const std::vector<Fault>& faults, const Density& dense) {
  World world;
  Crossing& crossing = world.all().front();
  std::vector<Case> result;
  std::size_t count = 0;
  for (const Ending ending : all_endings) {
    const Crossed clean = crossing.cross("/" + quiet(0), ending);
    BOOST_TEST(wrongs(clean) == "");
    for (const Side side : {Side::browser, Side::backend}) {
      for (const Direction direction : both_directions) {
        const std::string& passed = side == Side::browser ? clean.passed_browser[direction == Direction::back]
                                                          : clean.passed_backend[direction == Direction::back];
        for (const std::size_t at : positions(passed, side == Side::browser, dense.step)) {
          for (const Fault fault : faults) {
            if (count++ % dense.every == 0) result.push_back({side, {fault, direction, at}, ending});
          }
        }
      }
    }
  }
  return result;
}

std::set<std::string> fitting(const Case& c, const Crossed& crossed) {
  std::set<std::string> result{crossed.natural()};
  const bool browser = c.side == Side::browser;
  switch (c.plan.fault) {
    case Fault::none:
    case Fault::chop:
    case Fault::delay: break;
    case Fault::end:
    case Fault::reset:
      if (browser) {
        result.insert("client_gone");
      } else {
        // A reset may come before the bridge has looked whether it is connected.
        result.merge(std::set<std::string>{"backend_closed", "backend_reset", "backend_refused"});
      }
      break;
    case Fault::stall:
    case Fault::vanish:
    case Fault::overtake:
      if (browser) {
        result.merge(std::set<std::string>{"tls_timeout", "head_timeout", "dead", "client_gone"});
      } else {
        result.insert("idle");
      }
      break;
  }
  return result;
}

// Whether all that was on its way must have arrived, if only later.
bool is_harmless(const Case& c, const Crossed& crossed) {
  switch (c.plan.fault) {
    case Fault::none:
    case Fault::chop:
    case Fault::delay: return true;
    case Fault::end:
    case Fault::reset: return !crossed.struck;
    case Fault::stall:
    case Fault::vanish:
    case Fault::overtake: break;  // a loaded machine may let the little patience end first
  }
  return false;
}

// Runs the cases, and after each one a session that nothing disturbs.
class Sweep {
 public:
  explicit Sweep(std::vector<Case> cases, Patience how_much = Patience::usual)
      : cases_(std::move(cases)), patience_(how_much) {}

  // Each of these reasons must have come about, or the faults did not do what they should.
  void run(const std::set<std::string>& reasons) {
    const auto start = steady_clock::now();
    while (next_ < cases_.size()) run_some();
    const std::chrono::duration<double> took = steady_clock::now() - start;
    std::ostringstream summary;
    summary << cases_.size() << " cases in " << took.count() << " s:";
    for (const auto& [reason, count] : seen_) summary << ' ' << reason << ' ' << count;
    BOOST_TEST_MESSAGE(summary.str());
    for (const std::string& reason : reasons) BOOST_TEST(seen_[reason] > 0U, reason);
    for (const std::string& wrong : wrongs_) BOOST_ERROR(wrong);
  }

 private:
  void run_some() {
    World world(patience_);
    const std::size_t end = std::min(next_ + cases_a_daemon, cases_.size());
    const std::size_t idle = world.daemon().process().open_descriptors();
    const std::size_t connections = 2 * (end - next_);
    std::vector<std::thread> threads;
    std::size_t i = 0;
    for (Crossing& crossing : world.all()) {
      threads.emplace_back([this, &crossing, end, number = i++] {
        for (std::size_t at = next_++; at < end; at = next_++) run_one(crossing, number, cases_[at]);
      });
    }
    for (std::thread& thread : threads) thread.join();
    next_ = end;

    const auto deadline = steady_clock::now() + patience;
    while (world.daemon().process().open_descriptors() != idle) {
      if (steady_clock::now() > deadline) {
        complain("in the end", std::to_string(world.daemon().process().open_descriptors()) +
                                   " descriptors instead of " + std::to_string(idle));
        break;
      }
    }
    const std::vector<Record> records = world.daemon().records();
    const auto ends = static_cast<std::size_t>(std::count_if(records.begin(), records.end(), [](const Record& record) {
      return record["event"] == "session" || record["event"] == "refused";
    }));
    if (ends != connections)
      complain("in the end", std::to_string(ends) + " lines for " + std::to_string(connections) + " connections");
    world.daemon().terminate();
    if (const int code = world.daemon().process().wait(); code != 0)
      complain("in the end", "exit code " + std::to_string(code));
  }

  void run_one(Crossing& crossing, std::size_t number, const Case& c) {
    std::ostringstream what;
    what << c;
    try {
      const bool browser = c.side == Side::browser;
      const Crossed crossed = crossing.cross("/" + disturbed(number), c.ending, browser ? c.plan : FaultPlan{},
                                             browser ? FaultPlan{} : c.plan);
      const std::string found =
          is_harmless(c, crossed) ? wrongs(crossed) : wrongs(crossed, fitting(c, crossed), !browser, browser);
      count(crossed.reason());
      complain(what.str(), found);
      complain("after " + what.str(), wrongs(crossing.cross("/" + quiet(number), c.ending)));
    } catch (const std::exception& error) {
      complain(what.str(), error.what());
    }
  }

  void count(const std::string& reason) {
    const std::lock_guard lock(mutex_);
    ++seen_[reason];
  }

  void complain(const std::string& what, const std::string& wrong) {
    if (wrong.empty()) return;
    const std::lock_guard lock(mutex_);
    wrongs_.push_back(what + ": " + wrong);
  }

  const std::vector<Case> cases_;
  const Patience patience_;
  std::atomic<std::size_t> next_ = 0;
  std::mutex mutex_;
  std::vector<std::string> wrongs_;
  std::map<std::string, std::size_t> seen_;  // by reason
};

}  // namespace

BOOST_AUTO_TEST_SUITE(faults)

BOOST_AUTO_TEST_CASE(a_slow_or_choppy_network_changes_nothing) {
  std::vector<Case> cases = sweep({Fault::delay}, density({97, 1}, {5, 1}));
  for (const Ending ending : all_endings) {
    for (const Side side : {Side::browser, Side::backend}) {
      for (const Direction direction : both_directions) cases.push_back({side, {Fault::chop, direction}, ending});
    }
  }
  Sweep(std::move(cases)).run({"client_closed", "backend_closed"});
}

BOOST_AUTO_TEST_CASE(a_connection_that_breaks_ends_its_session_alone) {
  Sweep(sweep({Fault::reset, Fault::end}, density({97, 1}, {1, 1})))
      .run({"client_closed", "backend_closed", "client_gone", "backend_reset"});
}

BOOST_AUTO_TEST_CASE(a_connection_that_hangs_is_given_up) {
  Sweep(sweep({Fault::stall, Fault::vanish, Fault::overtake}, density({997, 5}, {97, 1})), Patience::little)
      .run({"client_closed", "backend_closed", "tls_timeout", "head_timeout", "dead", "idle"});
}

// The sweeps' sessions are small; here the buffers of both kernels are full too.
BOOST_AUTO_TEST_CASE(a_backend_that_stalls_in_the_middle_of_much_is_given_up) {
  const std::string bytes = pattern(32 << 20);
  Channel<std::string> received;
  const Backend backend([&](Wire& wire) { received.push(wire.read_to_end_or_reset()); });
  FaultProxy network(backend.port());
  Daemon daemon(simple(network.port(), ", timeouts: { stall: 400ms, close: 300ms }"));
  network.arm({Fault::stall, Direction::forth, 1'000'003});
  RawClient client = RawClient::open(daemon.port());
  std::string all;
  for (std::size_t at = 0; at < bytes.size(); at += 1 << 20) all += frame(Op::binary, bytes.substr(at, 1 << 20));
  const std::size_t taken = client.wire().write_until_stuck(all, std::chrono::milliseconds(200));
  BOOST_TEST(taken < all.size());
  const Record record = daemon.session("stall");
  BOOST_TEST(record["code"] == "1013");
  BOOST_TEST(record.number("up_bytes") + record.number("up_discarded") <= taken);
  network.arm({});
  const std::string arrived = received.pop();
  BOOST_TEST(arrived.size() == 1'000'003U);
  BOOST_TEST(bytes.starts_with(arrived));
}

BOOST_AUTO_TEST_CASE(a_browser_that_stalls_in_the_middle_of_much_is_given_up) {
  const std::string bytes = pattern(32 << 20);
  const Backend backend(serve(bytes));
  Daemon daemon(simple(backend.port(), ", timeouts: { stall: 400ms, close: 300ms }"));
  FaultProxy network(daemon.port());
  network.arm({Fault::stall, Direction::back, 1'000'003});
  RawClient client = RawClient::open(network.port());
  const Record record = daemon.session("stall");
  BOOST_TEST(record["code"] == "1013");
  BOOST_TEST(record.number("down_bytes") + record.number("down_discarded") <= bytes.size());
  std::string arrived;
  network.arm({});
  BOOST_CHECK_THROW(for (;;) arrived += client.read_frame().payload, std::runtime_error);
  BOOST_TEST(arrived.size() <= 1'000'003U);
  BOOST_TEST(!arrived.empty());
  BOOST_TEST(bytes.starts_with(arrived));
}

BOOST_AUTO_TEST_CASE(sessions_that_break_leave_no_memory_behind) {
  World world;
  const auto break_sessions = [&](int each) {
    std::vector<std::thread> threads;
    std::size_t i = 0;
    for (Crossing& crossing : world.all()) {
      threads.emplace_back([&crossing, each, path = "/" + quiet(i++)] {
        const std::size_t whole = crossing.cross(path, Ending::browser).passed_browser[0].size();
        for (int session = 0; session < each; ++session) {
          crossing.cross(path, Ending::browser, {Fault::reset, Direction::forth, whole - 100});
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    return world.daemon().process().resident_bytes();
  };
  const auto before = static_cast<std::ptrdiff_t>(break_sessions(20));
  const auto after = static_cast<std::ptrdiff_t>(break_sessions(60));
  // 976 sessions, and the smallest of them holds several KiB. The sanitizers count to the byte, and have a heap of
  // their own kind.
  if (!sanitized) BOOST_TEST(after - before < std::ptrdiff_t{1 << 20});
  world.daemon().terminate();
  BOOST_TEST(world.daemon().process().wait() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
