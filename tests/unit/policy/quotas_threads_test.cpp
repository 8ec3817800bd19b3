#include "policy/quotas.hpp"

#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace drawbridge::policy {
namespace {

using namespace std::chrono_literals;

constexpr unsigned thread_count = 4;
constexpr auth::UnixSeconds day = 24 * 60 * 60;

BOOST_AUTO_TEST_SUITE(quotas_threads)

BOOST_AUTO_TEST_CASE(bytes_from_all_threads_add_up) {
  config::Quotas limits;
  limits.bytes_per_day = thread_count * 5'000;
  Quotas quotas(10, day);
  std::vector<std::thread> threads;
  std::atomic<int> exceeded{0};
  for (unsigned i = 0; i < thread_count; ++i) {
    threads.emplace_back([&] {
      IdentityShare share = quotas.join("desk", limits, "ann", Instant{}).share;
      for (int step = 0; step < 5'000; ++step) exceeded += share.spend(1, Instant{}).objection.has_value();
    });
  }
  for (std::thread& thread : threads) thread.join();
  BOOST_TEST(exceeded == 0);
  BOOST_TEST(refuses(quotas.join("desk", limits, "ann", Instant{}).objection));
}

BOOST_AUTO_TEST_CASE(no_more_sessions_than_may_be_and_every_place_comes_back) {
  config::Quotas limits;
  limits.sessions = 3;
  limits.rate = 1e6;
  limits.bytes_per_day = 1ULL << 40;
  Quotas quotas(8, day);
  std::vector<std::atomic<int>> live(12);
  std::atomic<int> most{0};
  std::atomic<int> joined{0};
  std::atomic<std::size_t> largest{0};
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < thread_count; ++i) {
    threads.emplace_back([&, i] {
      std::mt19937_64 random(i);
      std::vector<std::pair<std::size_t, IdentityShare>> mine;
      for (int step = 0; step < 10'000; ++step) {
        const Instant now{step * 1ms};
        const std::size_t who = random() % live.size();
        if (IdentityShare share = quotas.join("desk", limits, std::to_string(who), now).share) {
          ++joined;
          most = std::max(most.load(), ++live[who]);
          share.spend(random() % 2, now);
          mine.emplace_back(who, std::move(share));
        }
        if (mine.size() > 4) {
          --live[mine.front().first];
          mine.erase(mine.begin());
        }
        if (step % 100 == 0) {
          largest = std::max(largest.load(), quotas.table_size());
          if (quotas.save().empty()) return;
          quotas.set_time(day + step * 3'600);
        }
      }
      for (auto& [who, share] : mine) --live[who];
    });
  }
  for (std::thread& thread : threads) thread.join();
  BOOST_TEST(joined > 0);
  BOOST_TEST(most <= 3);
  BOOST_TEST(largest <= 8U);
  quotas.set_time(1'000 * day);
  for (int who = 0; who < 12; ++who) {
    std::vector<IdentityShare> all;
    for (int i = 0; i < 3; ++i) {
      Joined one = quotas.join("desk", limits, std::to_string(who), Instant{1h});
      BOOST_TEST_REQUIRE(bool(one.share));
      all.push_back(std::move(one.share));
    }
    BOOST_TEST_REQUIRE(refuses(quotas.join("desk", limits, std::to_string(who), Instant{1h}).objection));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace drawbridge::policy
