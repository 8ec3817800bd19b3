#pragma once

#include <cstdint>

namespace drawbridge::net {

// Whether a loop should look for what comes next for a moment before it goes to sleep: where a peer answers at once,
// sleeping and being woken takes longer than the answer. Knows no clock.
class Spin {
 public:
  // Something was sent that may be answered at once; `session`: its identity, only compared.
  void sent(const void* session);
  // Before each sleep: whether to look first.
  bool pays();
  // Afterwards: whether something came.
  void learn(bool came);
  // Every `looks_between` such looks: how often this thread has been preempted in its life. Where others need the
  // processor, looking takes it from the very peers that are waited for.
  void learn_of_preemptions(std::uint64_t preempted);
  static constexpr unsigned looks_between = 1'024;

 private:
  bool expects_answer_ = false;
  // Of the last few times: how many, and a bit for each session by its hash.
  unsigned times_sent_ = 0;
  std::uint64_t sessions_ = 0;
  bool crowded_ = false;
  unsigned failures_ = 0;  // in a row
  unsigned waits_left_ = 0;
  std::uint64_t preempted_ = 0;
};

}  // namespace drawbridge::net
