#include "net/spin.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <functional>
#include <utility>

namespace drawbridge::net {
namespace {

// Where more sessions than a few are busy, one wake-up serves many of them: better to sleep until more is there.
constexpr unsigned times_looked_at = 64;
constexpr int few = 8;
// It is tried less and less often while nothing comes: in the end once in a thousand sleeps.
constexpr unsigned most_failures = 10;
// More preemptions than that between two reports, and it is not tried for so many sleeps. Peers that this thread wakes
// preempt it a few dozen times also where there is nobody else; with a peer on the same processor it is most times.
constexpr std::uint64_t bearable = 150;
constexpr unsigned sleeps_when_contended = 100'000;

}  // namespace

void Spin::sent(const void* session) {
  expects_answer_ = true;
  sessions_ |= std::uint64_t{1} << (std::hash<const void*>{}(session) / alignof(std::max_align_t) % 61);
  if (++times_sent_ < times_looked_at) return;
  crowded_ = std::popcount(sessions_) > few;
  sessions_ = times_sent_ = 0;
}

bool Spin::pays() {
  if (!std::exchange(expects_answer_, false) || crowded_) return false;
  if (waits_left_ == 0) return true;
  --waits_left_;
  return false;
}

void Spin::learn(bool came) {
  if (came) {
    failures_ = 0;
  } else {
    waits_left_ = 1U << failures_;
    failures_ = std::min(failures_ + 1, most_failures);
  }
}

void Spin::learn_of_preemptions(std::uint64_t preempted) {
  if (preempted - std::exchange(preempted_, preempted) > bearable) waits_left_ = sleeps_when_contended;
}

}  // namespace drawbridge::net
