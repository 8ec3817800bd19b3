#pragma once

#include <string>
#include <string_view>

namespace drawbridge::daemon {

// Our version, and those of what we link, a line each.
std::string version();

std::string_view our_version();
// Of the library that is loaded, such as 3.0.17.
std::string openssl_version();

}  // namespace drawbridge::daemon
