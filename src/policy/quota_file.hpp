#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drawbridge::policy {

// Stands for an identity on a route, in a table and in a file, without giving it away at once.
using QuotaKey = std::array<std::uint8_t, 16>;
// Of a route's name, which has no line feed, and an identity of any length.
QuotaKey quota_key(std::string_view route, std::string_view identity);

// What each identity used on a day.
struct QuotaDay {
  struct Use {
    QuotaKey key;
    std::uint64_t bytes = 0;  // 1 to 2^63 - 1
    bool operator==(const Use&) const = default;
  };
  std::int64_t day = 0;   // since 1970, UTC; 0 to 9,999,999
  std::vector<Use> used;  // in the order of their keys, each once

  bool operator==(const QuotaDay&) const = default;
};

// As lines: "drawbridge quotas 1", "day D", KEY and BYTES of each use, and "sha256 CHECKSUM" of all before. The
// checksum finds damage; it keeps out nobody who may write the file. There is one way to write a day.
std::string write_quota_file(const QuotaDay& day);
// Bytes that no file of so many uses exceeds.
std::size_t longest_quota_file(std::size_t uses);
// All of it or nothing: absent, with the end of the sentence "the file …" in `why`, if it is not what write_quota_file
// writes, or holds more than `most` uses. Costs no more than such a file may be long.
std::optional<QuotaDay> read_quota_file(std::string_view text, std::size_t most, std::string& why);

}  // namespace drawbridge::policy
