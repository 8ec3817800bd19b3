#pragma once

#include "ws/upgrade.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace drawbridge::web {

// What tells one version of a file from the next (RFC 9110 §8.8).
struct Validators {
  std::string etag;           // strong, with its quotes
  std::int64_t modified = 0;  // seconds since 1970
};

enum class Condition : std::uint8_t { met, not_modified, failed };

// What the conditions of a GET or HEAD say, in the order of RFC 9110 §13.2.2, without If-Range.
Condition judge_conditions(const ws::Request& request, const Validators& validators);

// Whether a stored answer with that content coding ("br", "gzip") may be sent (RFC 9110 §12.5.3).
bool accepts_coding(const ws::Request& request, std::string_view coding);

}  // namespace drawbridge::web
