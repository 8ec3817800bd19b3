#pragma once

#include "config/load.hpp"

#include <optional>
#include <string>

namespace drawbridge::config {

constexpr std::size_t largest_file = 1 << 20;

struct Content {
  std::string bytes;
  unsigned mode = 0;  // permission bits
};

// A regular file of at most largest_file bytes; nothing else is waited for. Otherwise `why` says what is wrong.
std::optional<Content> read_regular_file(const std::string& path, std::string& why);

class DiskFiles final : public Files {
 public:
  std::optional<std::string> read(const std::string& path, std::string& why) override;
  std::vector<std::string> match(const std::string& pattern) override;
};

}  // namespace drawbridge::config
