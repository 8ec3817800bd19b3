#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace drawbridge::config {

// "512", "64KiB", "16MiB", "1GiB", "2TiB": bytes. Empty if malformed, above 2^63-1, or in another unit (KB and kb are
// refused: 1000 or 1024?).
std::optional<std::uint64_t> parse_size(std::string_view text);
// "250ms", "5s", "10m", "12h"; a bare number is refused. At most 10 years.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
// "10/s", "0.5/s": events a second, 0.001 to 10^9. Rarer ones would only make waits that no clock can hold.
std::optional<double> parse_rate(std::string_view text);
// "10MiB/s": bytes a second, above 0.
std::optional<double> parse_byte_rate(std::string_view text);

// The text in the largest unit that holds the value exactly; it parses to the same value.
std::string size_text(std::uint64_t bytes);
std::string duration_text(std::chrono::milliseconds duration);

}  // namespace drawbridge::config
