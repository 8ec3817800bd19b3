#pragma once

#include <cstdlib>
#include <iostream>

namespace drawbridge::fuzz {

// Ends the run as a finding, with what was compared.
template <class... Parts>
void require(bool good, const Parts&... parts) {
  if (good) return;
  (std::cerr << ... << parts) << std::endl;
  std::abort();
}

}  // namespace drawbridge::fuzz
