#pragma once

#include "web/conditions.hpp"

#include <cstdint>
#include <string_view>

namespace drawbridge::web {

// Which bytes of a file a request asks for.
struct Range {
  enum class Kind : std::uint8_t { whole, part, unsatisfiable };
  Kind kind = Kind::whole;
  std::uint64_t first = 0;  // of part
  std::uint64_t size = 0;   // of part; at least 1

  bool operator==(const Range&) const = default;
};

// Of a GET, by its Range and If-Range (RFC 9110 §14.2 and §13.1.5). One range is heeded; several, other units and what
// is malformed get the whole, as they may.
Range requested_range(const ws::Request& request, const Validators& validators, std::uint64_t size);

// The same of a Range field's value alone.
Range parse_range(std::string_view value, std::uint64_t size);

}  // namespace drawbridge::web
