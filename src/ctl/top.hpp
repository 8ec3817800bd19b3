#pragma once

#include "ctl/commands.hpp"

#include <chrono>
#include <optional>
#include <string_view>

namespace drawbridge::ctl {

// What `--interval` may say: 100ms to 1m.
std::optional<std::chrono::milliseconds> interval_of(std::string_view text);

// What happens, again and again on a terminal until somebody quits; elsewhere, or with `once`, what happened within one
// interval. Returns and throws as the other commands do.
int top(const Options& options);

}  // namespace drawbridge::ctl
