#pragma once

#include <string>

namespace drawbridge::daemon {

// Our version, and those of what we link, a line each.
std::string version();

}  // namespace drawbridge::daemon
