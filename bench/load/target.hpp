#pragma once

#include <cstdint>
#include <string>

namespace drawbridge::bench {

struct Memory {
  std::int64_t rss = 0;  // bytes
  std::int64_t pss = 0;  // bytes; equal to rss where the kernel does not show it to us
};

// The measured process and those that it started, read from /proc.
class Target {
 public:
  explicit Target(int pid);

  double cpu() const;  // seconds, user and system, of all their threads
  Memory memory() const;

 private:
  int pid_;
};

double own_cpu();  // seconds: what the load generator itself has used

}  // namespace drawbridge::bench
