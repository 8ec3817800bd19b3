#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace drawbridge::web {

// IMF-fixdate (RFC 9110 §5.6.7), "Sun, 06 Nov 1994 08:49:37 GMT", of seconds since 1970, in the years 0 to 9999; beyond
// them the nearest.
std::string http_date(std::int64_t unix_time);
// The obsolete forms, which no sender may make any more, are not read. The day of the week is not compared.
std::optional<std::int64_t> parse_http_date(std::string_view text);

}  // namespace drawbridge::web
