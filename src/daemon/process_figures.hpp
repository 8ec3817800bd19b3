#pragma once

#include <cstdint>

namespace drawbridge::daemon {

// What the kernel counts for this process; 0 where it does not say.
struct ProcessFigures {
  double cpu_seconds = 0;
  std::uint64_t resident_bytes = 0;
  std::uint64_t open_descriptors = 0;
  std::uint64_t most_descriptors = 0;
};

ProcessFigures process_figures();

}  // namespace drawbridge::daemon
