#include "net/turns.hpp"

#include <new>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
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
  net::asio::io_context context{1};
  net::Turns turns{context, look};
};

// Lines up again whenever its turn has come.
struct Busy {
  net::Turns& turns;
  int left;
  int done = 0;
  void line_up() {
    turns.line_up([this] {
      ++done;
      if (--left > 0) line_up();
    });
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(turns, Fixture)

BOOST_AUTO_TEST_CASE(pieces_run_once_in_the_order_of_the_line) {
  std::vector<int> order;
  for (int i = 0; i < 5; ++i) turns.line_up([&order, i] { order.push_back(i); });
  BOOST_TEST(order.empty());
  context.run();
  BOOST_TEST(order == (std::vector<int>{0, 1, 2, 3, 4}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_line_moves_on_when_each_look_at_the_clock_is_late) {
  step = 5ms;
  Busy busy{turns, 20};
  busy.line_up();
  int others = 0;
  for (int i = 0; i < 3; ++i) turns.line_up([&others] { ++others; });
  context.run();
  BOOST_TEST(busy.done == 20);
  BOOST_TEST(others == 3);
}

BOOST_AUTO_TEST_CASE(who_is_not_in_the_line_waits_for_a_millisecond_of_it) {
  step = 100us;
  std::vector<Busy> crowd(50, Busy{turns, 100});
  for (Busy& busy : crowd) busy.line_up();
  const auto pieces = [&] {
    int all = 0;
    for (const Busy& busy : crowd) all += busy.done;
    return all;
  };
  int looks = 0;
  // Posts itself again and again, as sockets come ready.
  std::function<void()> somebody = [&] {
    BOOST_TEST(pieces() <= 10 * (looks + 1));
    if (++looks < 100) net::asio::post(context, somebody);
  };
  net::asio::post(context, somebody);
  context.run();
  BOOST_TEST(looks == 100);
  BOOST_TEST(pieces() == 50 * 100);
}

BOOST_AUTO_TEST_CASE(a_handshake_among_busy_sessions_has_one_of_them_each_before_every_step) {
  step = 100us;
  std::vector<Busy> crowd(50, Busy{turns, 1000});
  for (Busy& busy : crowd) busy.line_up();
  int steps = 0;
  std::vector<int> before;  // each step: how often the first of the crowd had its turn
  std::function<void()> handshake = [&] {
    before.push_back(crowd.front().done);
    if (++steps < 4) turns.line_up(handshake);
  };
  turns.line_up(handshake);
  context.run();
  BOOST_TEST(before == (std::vector<int>{1, 2, 3, 4}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_piece_that_throws_costs_nobody_else_a_turn) {
  for (const bool last : {false, true}) {
    context.restart();
    int done = 0;
    if (!last) turns.line_up([&] { ++done; });
    turns.line_up([] { throw std::bad_alloc(); });
    if (!last) turns.line_up([&] { ++done; });
    BOOST_CHECK_THROW(context.run(), std::bad_alloc);
    context.run();
    BOOST_TEST(done == (last ? 0 : 2));
    context.restart();
    turns.line_up([&] { done = 10; });
    context.run();
    BOOST_TEST(done == 10);
  }
}

BOOST_AUTO_TEST_SUITE_END()
