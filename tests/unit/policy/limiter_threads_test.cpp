#include "policy/limiter.hpp"
#include "unit/policy/addresses.hpp"

#include <atomic>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace drawbridge::policy {
namespace {

using namespace std::chrono_literals;

constexpr int thread_count = 4;
constexpr int steps = 20'000;

Address any_client(std::mt19937_64& random) {
  // Few enough that threads meet in a client, and more than the table holds.
  const std::uint64_t number = random() % 400;
  if (number % 2 == 0) return v4(static_cast<std::uint32_t>(number));
  return v6(0x20010db8'00000000 + (number << 12));
}

BOOST_AUTO_TEST_SUITE(limiter_threads)

BOOST_AUTO_TEST_CASE(permits_wander_between_threads_and_every_count_ends_at_zero) {
  LimiterLimits limits{
      .sessions = 300, .pending = 500, .sessions_per_client = 8, .handshakes_per_client = 200, .handshake_burst = 50};
  Limiter limiter(limits, 256);
  std::mutex exchange_mutex;
  std::vector<Permit> exchange;
  std::atomic<std::uint64_t> most_sessions{0};
  std::atomic<std::uint64_t> most_pending{0};
  std::atomic<std::uint64_t> largest_table{0};
  std::atomic<std::uint64_t> promoted{0};

  const auto note = [](std::atomic<std::uint64_t>& most, std::uint64_t value) {
    std::uint64_t seen = most;
    while (seen < value && !most.compare_exchange_weak(seen, value)) {
    }
  };
  const auto work = [&](unsigned seed) {
    std::mt19937_64 random(seed);
    std::vector<Permit> mine;
    for (int step = 0; step < steps; ++step) {
      const Instant now{step * 1ms};
      const double chance = std::uniform_real_distribution<double>(0, 1)(random);
      Entry entry = limiter.enter(random() % 50 == 0 ? std::nullopt : std::optional(any_client(random)), now, chance);
      if (entry.permit) mine.push_back(std::move(entry.permit));
      if (!mine.empty() && random() % 2 == 0) promoted += mine[random() % mine.size()].promote();
      note(most_sessions, limiter.sessions());
      note(most_pending, limiter.pending());
      if (mine.size() > 100) mine.erase(mine.begin(), mine.begin() + 50);
      if (step % 16 == 0) {
        const std::lock_guard lock(exchange_mutex);
        mine.swap(exchange);
      }
      if (step % 1'000 == 0) {
        limiter.set_limits(limits);
        note(largest_table, limiter.table_size());
      }
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < thread_count; ++i) threads.emplace_back(work, i + 1);
  for (std::thread& thread : threads) thread.join();

  BOOST_TEST(promoted > 0U);
  BOOST_TEST(most_sessions <= 300U);
  BOOST_TEST(most_pending <= 1'000U + thread_count);  // one a thread may be counted that is about to be dropped
  BOOST_TEST(largest_table <= 256U);
  exchange.clear();
  BOOST_TEST(limiter.sessions() == 0U);
  BOOST_TEST(limiter.pending() == 0U);

  // Nothing stuck to a client: long after, each has all of its room.
  limits.handshakes_per_client = 1e6;
  limits.handshake_burst = 1'000;
  limiter.set_limits(limits);
  for (std::uint32_t number = 0; number < 400; number += 2) {
    std::vector<Permit> held;
    for (int i = 0; i < 8; ++i) {
      Entry entry = limiter.enter(v4(number), Instant{1h}, 0);
      BOOST_TEST_REQUIRE((entry.action == Entry::Action::proceed));
      held.push_back(std::move(entry.permit));
    }
    BOOST_TEST_REQUIRE((limiter.enter(v4(number), Instant{1h}, 0).action == Entry::Action::refuse));
  }
}

BOOST_AUTO_TEST_CASE(no_more_proceed_than_one_thread_would_let_through) {
  const LimiterLimits limits{.sessions = 100'000,
                             .pending = 100'000,
                             .sessions_per_client = 1'000'000,
                             .handshakes_per_client = 0.001,
                             .handshake_burst = 500};
  Limiter limiter(limits);
  std::atomic<int> proceeded{0};
  std::atomic<int> refused{0};
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < thread_count; ++i) {
    threads.emplace_back([&, i] {
      for (unsigned step = 0; step < 5'000; ++step) {
        // All in one /48, which has 8 times 500.
        const Entry entry = limiter.enter(v6(0xa0000 + (step * thread_count + i) % 1'000), Instant{}, 0);
        proceeded += entry.action == Entry::Action::proceed;
        refused += entry.action == Entry::Action::refuse;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  BOOST_TEST(proceeded == 4'000);
  BOOST_TEST(refused == 4'000);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace drawbridge::policy
