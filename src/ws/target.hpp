#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace drawbridge::ws {

struct Target {
  std::string path;   // begins with '/'; percent-encodings in upper case
  std::string query;  // without '?', as sent; empty if there is none
};

// A request-target in origin-form (RFC 9112 §3.2.1). What two parties could read differently is refused, not repaired.
// bad_request for absolute-form, '#', white space, control and non-ASCII bytes, and broken percent-encodings; in the
// path also for dot segments, "//", '\', and encodings of '/', '\', control bytes or unreserved characters (RFC 3986
// §2.3), which nobody needs to encode. In a query those are ordinary data: encodeURIComponent writes '/' as %2F.
Result<Target> parse_target(std::string_view text);

}  // namespace drawbridge::ws
