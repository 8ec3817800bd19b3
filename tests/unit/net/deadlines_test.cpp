#include "net/deadlines.hpp"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace drawbridge;
using namespace std::chrono_literals;

namespace {

class Recorder : public net::Deadlines::Waiter {
 public:
  Recorder(std::vector<std::string>& log, std::string name) : log_(log), name_(std::move(name)) {}
  std::function<void(Instant)> also;

 private:
  void on_deadline(Instant now) override {
    log_.push_back(name_);
    if (also) also(now);
  }
  std::vector<std::string>& log_;
  std::string name_;
};

struct Fixture {
  // Until nobody waits any more, looking as late as allowed.
  void run() {
    for (Instant next = deadlines.plan(); next != never; next = deadlines.plan()) {
      now = std::max(now, next);
      deadlines.run(now);
    }
  }
  net::Deadlines deadlines;
  Instant now = Instant(1h);
  std::vector<std::string> log;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(deadlines, Fixture)

BOOST_AUTO_TEST_CASE(waiters_are_called_in_the_order_of_their_times) {
  Recorder a(log, "a"), b(log, "b"), c(log, "c");
  deadlines.expect_by(a, now + 3ms);
  deadlines.expect_by(b, now + 1ms);
  deadlines.expect_by(c, now + 2ms);
  run();
  BOOST_TEST((log == std::vector<std::string>{"b", "c", "a"}));
}

BOOST_AUTO_TEST_CASE(a_later_time_does_not_move_a_waiter_and_an_earlier_one_does) {
  Recorder a(log, "a"), b(log, "b");
  deadlines.expect_by(a, now + 1ms);
  deadlines.expect_by(a, now + 1h);
  deadlines.expect_by(b, now + 1h);
  deadlines.expect_by(b, now);
  run();
  BOOST_TEST((log == std::vector<std::string>{"b", "a"}));
}

BOOST_AUTO_TEST_CASE(who_is_forgotten_is_not_called) {
  Recorder a(log, "a"), b(log, "b");
  deadlines.expect_by(a, now);
  deadlines.expect_by(b, now);
  a.also = [&](Instant) { deadlines.forget(b); };
  deadlines.forget(b);
  deadlines.expect_by(b, now + 1ms);
  run();
  BOOST_TEST((log == std::vector<std::string>{"a"}));
}

BOOST_AUTO_TEST_CASE(a_waiter_may_ask_again_from_within) {
  Recorder a(log, "a");
  int left = 3;
  a.also = [&](Instant at) {
    if (--left > 0) deadlines.expect_by(a, at + 1ms);
  };
  deadlines.expect_by(a, now);
  run();
  BOOST_TEST(log.size() == 3U);
}

BOOST_AUTO_TEST_CASE(a_plan_is_needed_only_for_somebody_earlier) {
  Recorder a(log, "a"), b(log, "b"), c(log, "c");
  BOOST_TEST(!deadlines.needs_plan());
  deadlines.expect_by(a, now + 20s);
  BOOST_TEST(deadlines.needs_plan());
  BOOST_TEST((deadlines.plan() == now + 20s));
  deadlines.expect_by(b, now + 21s);
  BOOST_TEST(!deadlines.needs_plan());
  deadlines.expect_by(c, now + 5ms);
  BOOST_TEST(deadlines.needs_plan());
  BOOST_TEST((deadlines.plan() == now + 5ms));
  deadlines.run(now + 5ms);
  BOOST_TEST(deadlines.needs_plan());
  run();
  BOOST_TEST((log == std::vector<std::string>{"c", "a", "b"}));
}

BOOST_AUTO_TEST_CASE(far_deadlines_share_few_moments_and_near_ones_do_not) {
  BOOST_TEST((net::coarse(now + 999ms, now) == now + 999ms));
  for (const Duration away : {20s + 1ms, 20s + 50ms, 20s + 99ms}) {
    BOOST_TEST((net::coarse(now + away, now) == now + 20s + 100ms));
  }
  BOOST_TEST((net::coarse(never, now) == never));
}

BOOST_AUTO_TEST_SUITE_END()
