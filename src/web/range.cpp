#include "web/range.hpp"

#include "base/text.hpp"
#include "web/http_date.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace drawbridge::web {
namespace {

// Digits alone; more than fit mean the largest number, which is beyond every file.
std::optional<std::uint64_t> number(std::string_view text) {
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit)) return std::nullopt;
  std::uint64_t value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  return result.ec == std::errc() ? value : UINT64_MAX;
}

// If-Range: the part only of the version that the client has begun with.
bool is_same_version(const ws::Request& request, const Validators& validators) {
  const bool asked = std::any_of(request.fields.begin(), request.fields.end(),
                                 [](const ws::Field& field) { return equal_ignoring_case(field.name, "If-Range"); });
  if (!asked) return true;
  const auto value = request.field("If-Range");
  if (!value) return false;
  if (*value == validators.etag) return true;
  return parse_http_date(*value) == validators.modified;
}

}  // namespace

Range parse_range(std::string_view value, std::uint64_t size) {
  constexpr std::string_view unit = "bytes=";
  if (!equal_ignoring_case(value.substr(0, unit.size()), unit)) return {};
  const std::string_view range = trim(value.substr(unit.size()));
  const auto dash = range.find('-');
  if (dash == std::string_view::npos) return {};
  const std::string_view from = range.substr(0, dash);
  const std::string_view to = range.substr(dash + 1);
  if (from.empty()) {
    const auto last_bytes = number(to);
    if (!last_bytes) return {};
    const std::uint64_t suffix = std::min(*last_bytes, size);
    if (suffix == 0) return {Range::Kind::unsatisfiable};
    return {Range::Kind::part, size - suffix, suffix};
  }
  const auto first = number(from);
  const auto last = to.empty() ? std::optional(UINT64_MAX) : number(to);
  if (!first || !last || *first > *last) return {};
  if (*first >= size) return {Range::Kind::unsatisfiable};
  return {Range::Kind::part, *first, std::min(*last, size - 1) - *first + 1};
}

Range requested_range(const ws::Request& request, const Validators& validators, std::uint64_t size) {
  const auto value = request.field("Range");
  if (!value || !is_same_version(request, validators)) return {};
  return parse_range(*value, size);
}

}  // namespace drawbridge::web
