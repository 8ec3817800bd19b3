#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace bench {

// A piece of the daemon's own work, without sockets and TLS, that can be repeated.
struct Work {
  std::string name;  // no blanks
  std::string item;  // what `items` counts
  double items = 1;  // in one run
  std::function<void()> run;
};

std::vector<Work> works();

// What a result is given to, so that no compiler leaves the work out.
void keep(std::size_t result);

}  // namespace bench
