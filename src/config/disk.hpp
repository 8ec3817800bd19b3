#pragma once

#include "config/load.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace drawbridge::config {

constexpr std::size_t largest_file = 1 << 20;

struct Content {
  std::string bytes;
  unsigned mode = 0;  // permission bits
};

// A regular file of at most `most` bytes; nothing else is waited for. Otherwise `why` says what is wrong.
std::optional<Content> read_regular_file(const std::string& path, std::string& why, std::size_t most = largest_file);

// What tells one content of a file from the next without reading it; all zero if there is none.
struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = 0;
  std::int64_t changed = 0;  // nanoseconds since 1970: its status or content

  bool operator==(const FileStamp&) const = default;
};
FileStamp stamp_of(const std::string& path);

// A directory in which files can be opened. Otherwise `why` says what is wrong.
bool is_readable_directory(const std::string& path, std::string& why);

class DiskFiles final : public Files {
 public:
  std::optional<std::string> read(const std::string& path, std::string& why) override;
  std::vector<std::string> match(const std::string& pattern) override;
};

}  // namespace drawbridge::config
