#include "net/task.hpp"

#include "net/parked.hpp"

#include <stdexcept>
#include <string>

#include <boost/test/unit_test.hpp>

using namespace drawbridge;
using namespace std::chrono_literals;

namespace {

// Writes down when it goes.
struct Trace {
  Trace(std::string& its_log, char its_name) : log(its_log), name(its_name) {}
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;
  ~Trace() { log += name; }
  std::string& log;
  char name;
};

net::Task<int> inner(net::Parked& parked, std::string& log) {
  const Trace trace(log, 'i');
  const bool woken = co_await parked.wait();
  if (!woken) throw std::runtime_error("late");
  co_return 7;
}

net::Task<> outer(net::Parked& parked, std::string& log) {
  const Trace trace(log, 'o');
  try {
    log += std::to_string(co_await inner(parked, log));
  } catch (const std::runtime_error& e) {
    log += e.what();
  }
}

struct Fixture {
  Instant now = Instant(1h);
  net::Deadlines deadlines;
  std::string log;
  net::Parked parked{deadlines, now + 1s};
  net::Tasks tasks;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(task, Fixture)

BOOST_AUTO_TEST_CASE(who_awaits_gets_the_value) {
  tasks.start(outer(parked, log));
  BOOST_TEST(log == "");
  parked.wake();
  BOOST_TEST(log == "i7o");
  parked.wake();  // nobody waits any more
}

BOOST_AUTO_TEST_CASE(who_awaits_gets_the_failure) {
  tasks.start(outer(parked, log));
  deadlines.run(now + 1s);
  BOOST_TEST(log == "ilateo");
  BOOST_TEST(parked.expired());
}

BOOST_AUTO_TEST_CASE(a_limit_that_moved_counts_from_there) {
  parked.set_limit(now + 3s);
  tasks.start(outer(parked, log));
  deadlines.run(now + 2s);
  BOOST_TEST(log == "");
  deadlines.run(now + 3s);
  BOOST_TEST(log == "ilateo");
}

BOOST_AUTO_TEST_CASE(what_waits_is_destroyed_with_its_owner_from_the_inside_out) {
  {
    net::Tasks owner;
    owner.start(outer(parked, log));
    const net::Task<> never_begun = outer(parked, log);
  }
  BOOST_TEST(log == "io");
}

BOOST_AUTO_TEST_CASE(a_failure_that_nobody_awaits_harms_nobody) {
  const auto fails = []() -> net::Task<> {
    throw std::runtime_error("unheard");
    co_return;
  };
  tasks.start(fails());
  tasks.start(outer(parked, log));
  parked.wake();
  BOOST_TEST(log == "i7o");
}

BOOST_AUTO_TEST_SUITE_END()
