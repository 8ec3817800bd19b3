#pragma once

#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>

namespace drawbridge::bench {

// Ends the run: a wrong byte, an end that nobody asked for, a call that cannot fail.
struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline Failure system_failure(const std::string& what) {
  return Failure(what + ": " + std::system_category().message(errno));
}

}  // namespace drawbridge::bench
