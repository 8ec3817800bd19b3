#include "net/turns.hpp"

#include "net/task.hpp"

#include <functional>
#include <list>
#include <new>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace drawbridge;
using namespace std::chrono_literals;

namespace {

// Moves on by a step with every look at it.
Instant virtual_time;
Duration step;
Instant look() {
  return virtual_time += step;
}

struct Fixture {
  Fixture() {
    virtual_time = Instant() + 1s;
    step = 0ns;
  }
  void run() {
    while (!turns.empty()) turns.run();
  }
  net::Turns turns{look};
};

struct Piece : net::Turns::Piece {
  explicit Piece(std::function<void()> its_work) : work(std::move(its_work)) {}
  void on_turn() override { work(); }
  std::function<void()> work;
};

// Lines up again whenever its turn has come.
struct Busy : net::Turns::Piece {
  Busy(net::Turns& its_turns, int times) : turns(its_turns), left(times) {}
  void on_turn() override {
    ++done;
    if (--left > 0) turns.line_up(*this);
  }
  net::Turns& turns;
  int left;
  int done = 0;
};

// `size` of them, each of which lines up `times` times.
std::list<Busy> crowd_of(std::size_t size, net::Turns& turns, int times) {
  std::list<Busy> crowd;
  for (std::size_t i = 0; i < size; ++i) turns.line_up(crowd.emplace_back(turns, times));
  return crowd;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(turns, Fixture)

BOOST_AUTO_TEST_CASE(pieces_run_once_in_the_order_of_the_line) {
  std::vector<int> order;
  std::list<Piece> pieces;
  for (int i = 0; i < 5; ++i) turns.line_up(pieces.emplace_back([&order, i] { order.push_back(i); }));
  turns.line_up(pieces.front());  // stands there already
  BOOST_TEST(order.empty());
  run();
  BOOST_TEST(order == (std::vector<int>{0, 1, 2, 3, 4}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(who_is_destroyed_leaves_the_line) {
  int done = 0;
  Piece stays([&] { ++done; });
  {
    Piece goes([&] { done += 10; });
    turns.line_up(goes);
    turns.line_up(stays);
  }
  run();
  BOOST_TEST(done == 1);
}

BOOST_AUTO_TEST_CASE(the_line_moves_on_when_each_look_at_the_clock_is_late) {
  step = 5ms;
  const std::list<Busy> busy = crowd_of(1, turns, 20);
  const std::list<Busy> others = crowd_of(3, turns, 1);
  for (int i = 0; i < 23; ++i) turns.run();
  BOOST_TEST(turns.empty());
  BOOST_TEST(busy.front().done == 20);
  for (const Busy& other : others) BOOST_TEST(other.done == 1);
}

BOOST_AUTO_TEST_CASE(who_is_not_in_the_line_waits_for_a_millisecond_of_it) {
  step = 100us;
  const std::list<Busy> crowd = crowd_of(50, turns, 100);
  const auto pieces = [&] {
    int all = 0;
    for (const Busy& busy : crowd) all += busy.done;
    return all;
  };
  for (int runs = 1; !turns.empty(); ++runs) {
    turns.run();
    BOOST_TEST(pieces() <= 10 * runs);
    BOOST_TEST(pieces() >= std::min(runs, 50 * 100));
  }
  BOOST_TEST(pieces() == 50 * 100);
}

BOOST_AUTO_TEST_CASE(a_handshake_among_busy_sessions_has_one_of_them_each_before_every_step) {
  step = 100us;
  const std::list<Busy> crowd = crowd_of(50, turns, 1000);
  std::vector<int> before;  // each step: how often the first of the crowd had its turn
  net::Tasks tasks;
  const auto handshake = [](net::Turns& line, const std::list<Busy>& others, std::vector<int>& seen) -> net::Task<> {
    for (int i = 0; i < 4; ++i) {
      co_await line.next();
      seen.push_back(others.front().done);
    }
  };
  tasks.start(handshake(turns, crowd, before));
  run();
  BOOST_TEST(before == (std::vector<int>{1, 2, 3, 4}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_piece_that_throws_costs_nobody_else_a_turn) {
  for (const bool last : {false, true}) {
    int done = 0;
    Piece first([&] { ++done; });
    Piece thrower([] { throw std::bad_alloc(); });
    Piece third([&] { ++done; });
    if (!last) turns.line_up(first);
    turns.line_up(thrower);
    if (!last) turns.line_up(third);
    BOOST_CHECK_THROW(run(), std::bad_alloc);
    run();
    BOOST_TEST(done == (last ? 0 : 2));
    turns.line_up(third);
    run();
    BOOST_TEST(done == (last ? 1 : 3));
  }
}

BOOST_AUTO_TEST_SUITE_END()
