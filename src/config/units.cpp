#include "config/units.hpp"

#include "base/text.hpp"

#include <array>
#include <charconv>
#include <limits>

namespace drawbridge::config {
namespace {

struct Unit {
  std::string_view suffix;
  std::uint64_t factor;
};

// Largest first, so that the first factor that divides a value names it best.
constexpr std::array size_units{Unit{"TiB", 1ULL << 40}, Unit{"GiB", 1ULL << 30}, Unit{"MiB", 1ULL << 20},
                                Unit{"KiB", 1ULL << 10}, Unit{"", 1}};
constexpr std::array duration_units{Unit{"h", 3'600'000}, Unit{"m", 60'000}, Unit{"s", 1'000}, Unit{"ms", 1}};

constexpr std::uint64_t most_bytes = std::numeric_limits<std::int64_t>::max();
constexpr std::uint64_t ten_years = 10ULL * 365 * 24 * 3'600'000;

constexpr double lowest_rate = 0.001;
constexpr double highest_rate = 1e9;

// A whole number directly followed by one of the units.
template <std::size_t n>
std::optional<std::uint64_t> parse_quantity(std::string_view text, const std::array<Unit, n>& units,
                                            std::uint64_t most) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return {};
  const std::string_view suffix = text.substr(static_cast<std::size_t>(end - text.data()));
  for (const Unit& unit : units) {
    if (unit.suffix != suffix) continue;
    if (number > most / unit.factor) return {};
    return number * unit.factor;
  }
  return {};
}

template <std::size_t n>
std::string quantity_text(std::uint64_t value, const std::array<Unit, n>& units, std::string_view zero) {
  if (value == 0) return std::string(zero);
  for (const Unit& unit : units) {
    if (value % unit.factor == 0) return std::to_string(value / unit.factor).append(unit.suffix);
  }
  return {};
}

std::optional<std::string_view> per_second(std::string_view text) {
  constexpr std::string_view suffix = "/s";
  if (!text.ends_with(suffix)) return {};
  return text.substr(0, text.size() - suffix.size());
}

}  // namespace

std::optional<std::uint64_t> parse_size(std::string_view text) {
  return parse_quantity(text, size_units, most_bytes);
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const auto value = parse_quantity(text, duration_units, ten_years);
  if (!value) return {};
  return std::chrono::milliseconds(static_cast<std::int64_t>(*value));
}

std::optional<double> parse_rate(std::string_view text) {
  const auto number = per_second(text);
  // from_chars would also take a sign, "inf" and "nan".
  if (!number || number->empty() || !is_digit(number->front()) || !is_digit(number->back())) return {};
  double rate = 0;
  const char* const last = number->data() + number->size();
  const auto [end, error] = std::from_chars(number->data(), last, rate, std::chars_format::fixed);
  if (error != std::errc{} || end != last || rate < lowest_rate || rate > highest_rate) return {};
  return rate;
}

std::optional<double> parse_byte_rate(std::string_view text) {
  const auto size = per_second(text);
  if (!size) return {};
  const auto bytes = parse_size(*size);
  if (!bytes || *bytes == 0) return {};
  return static_cast<double>(*bytes);
}

std::string size_text(std::uint64_t bytes) {
  return quantity_text(bytes, size_units, "0");
}

std::string duration_text(std::chrono::milliseconds duration) {
  return quantity_text(static_cast<std::uint64_t>(duration.count()), duration_units, "0s");
}

}  // namespace drawbridge::config
