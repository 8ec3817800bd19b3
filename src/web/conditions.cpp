#include "web/conditions.hpp"

#include "base/text.hpp"
#include "web/http_date.hpp"

#include <algorithm>

namespace drawbridge::web {
namespace {

enum class Comparison : std::uint8_t { strong, weak };

bool has(const ws::Request& request, std::string_view name) {
  return std::any_of(request.fields.begin(), request.fields.end(),
                     [name](const ws::Field& field) { return equal_ignoring_case(field.name, name); });
}

// Whether one of the entity tags in the list, which may be spread over several lines, is the file's. Ours hold no
// comma, so that splitting at commas finds them, whatever others hold.
bool names_etag(const ws::Request& request, std::string_view name, std::string_view etag, Comparison comparison) {
  for (const ws::Field& field : request.fields) {
    if (!equal_ignoring_case(field.name, name)) continue;
    for (std::string_view tag : split(field.value, ',')) {
      tag = trim(tag);
      if (tag == "*") return true;
      if (comparison == Comparison::weak && tag.starts_with("W/")) tag.remove_prefix(2);
      if (tag == etag) return true;
    }
  }
  return false;
}

std::optional<std::int64_t> date(const ws::Request& request, std::string_view name) {
  const auto value = request.field(name);
  return value ? parse_http_date(*value) : std::nullopt;
}

// "0", "0.5", "1.000": whether it is above zero. A malformed one counts as none.
bool is_wanted(std::string_view weight) {
  return std::any_of(weight.begin(), weight.end(), [](char c) { return c >= '1' && c <= '9'; });
}

}  // namespace

Condition judge_conditions(const ws::Request& request, const Validators& validators) {
  if (has(request, "If-Match")) {
    if (!names_etag(request, "If-Match", validators.etag, Comparison::strong)) return Condition::failed;
  } else if (const auto since = date(request, "If-Unmodified-Since"); since && validators.modified > *since) {
    return Condition::failed;
  }
  if (has(request, "If-None-Match")) {
    const bool known = names_etag(request, "If-None-Match", validators.etag, Comparison::weak);
    return known ? Condition::not_modified : Condition::met;
  }
  const auto since = date(request, "If-Modified-Since");
  return since && validators.modified <= *since ? Condition::not_modified : Condition::met;
}

bool accepts_coding(const ws::Request& request, std::string_view coding) {
  bool any = false;
  for (const ws::Field& field : request.fields) {
    if (!equal_ignoring_case(field.name, "Accept-Encoding")) continue;
    for (const std::string_view element : split(field.value, ',')) {
      const auto parts = split(element, ';');
      const std::string_view named = trim(parts.front());
      bool wanted = true;
      for (std::size_t i = 1; i < parts.size(); ++i) {
        const std::string_view parameter = trim(parts[i]);
        if (equal_ignoring_case(parameter.substr(0, 2), "q=")) wanted = is_wanted(parameter.substr(2));
      }
      if (equal_ignoring_case(named, coding)) return wanted;
      if (named == "*") any = wanted;
    }
  }
  return any;
}

}  // namespace drawbridge::web
