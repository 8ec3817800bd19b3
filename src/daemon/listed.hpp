#pragma once

#include "base/log_record.hpp"

#include <cstddef>
#include <string>

#include <fmt/format.h>

namespace drawbridge::daemon {

// "a, b, c and 4 more"; `text` makes text of an item.
template <class Range, class Text>
std::string listed(const Range& range, Text text) {
  constexpr std::size_t most = 5;
  std::string out;
  std::size_t count = 0;
  for (const auto& item : range) {
    if (count++ < most) out += (out.empty() ? "" : ", ") + printable(text(item));
  }
  return count > most ? fmt::format("{} and {} more", out, count - most) : out;
}

}  // namespace drawbridge::daemon
