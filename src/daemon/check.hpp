#pragma once

#include "config/load.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace drawbridge::daemon {

// The configuration with everything that can be said about it on this machine. `resolve`: ask for the backends' names
// too, which may take seconds.
config::Loaded load_and_check(const std::string& path, bool resolve);

// Raises the soft limit of descriptors to the hard one; returns the one that holds now.
std::uint64_t raise_descriptor_limit();

// `drawbridge check`: prints every diagnostic; the exit code.
int check(const std::string& path);

}  // namespace drawbridge::daemon
