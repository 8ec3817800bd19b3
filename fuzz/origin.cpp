// Parsing, writing and parsing again is stable for patterns and authorities, and matching is what a slow comparison of
// labels says.
//
// Input: a pattern and an origin, separated by a line end.

#include "ws/origin.hpp"

#include "base/text.hpp"
#include "finding.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace drawbridge::ws {
namespace {

using fuzz::require;

bool slow_match(const OriginPattern& pattern, const Origin& origin) {
  if (pattern.kind == OriginPattern::Kind::any) return !origin.scheme.empty();
  if (pattern.origin.scheme != origin.scheme || pattern.origin.port != origin.port) return false;
  if (pattern.kind == OriginPattern::Kind::exact) return pattern.origin.host == origin.host;
  auto wanted = split(pattern.origin.host, '.');
  auto given = split(origin.host, '.');
  if (given.size() <= wanted.size()) return false;
  std::reverse(wanted.begin(), wanted.end());
  std::reverse(given.begin(), given.end());
  return std::equal(wanted.begin(), wanted.end(), given.begin());
}

void check_host(const std::string& host) {
  const bool ipv6 = host.find(':') != std::string::npos;
  const std::string text = ipv6 ? "[" + host + "]" : host;
  const auto again = parse_authority(text);
  require(again.has_value() && again->host == host && !again->port, "host is not stable: ", host);
  require(host == to_lower(host) && !host.ends_with('.'), "host is not canonical: ", host);
  require(host.find_first_of("@/?#[]%* \\") == std::string::npos, "host holds a delimiter: ", host);
}

void check_pattern(const OriginPattern& pattern) {
  const std::string text = pattern.text();
  const auto again = parse_origin_pattern(text);
  require(again.has_value() && *again == pattern && again->text() == text, "pattern is not stable: ", text);
  if (pattern.kind == OriginPattern::Kind::any) return;
  if (!pattern.origin.is_null()) check_host(pattern.origin.host);
  if (pattern.kind == OriginPattern::Kind::exact) {
    const auto origin = parse_origin(text);
    require(origin.has_value() && matches(pattern, *origin), "an exact pattern does not match itself: ", text);
    return;
  }
  Origin below = pattern.origin;
  require(!matches(pattern, below), "a pattern matches its own domain: ", text);
  below.host = "evil" + below.host;
  require(!matches(pattern, below), "a pattern matches a longer label: ", text);
  below.host = "a." + pattern.origin.host;
  require(matches(pattern, below), "a pattern does not match below: ", text);
}

}  // namespace
}  // namespace drawbridge::ws

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace drawbridge::ws;
  if (size > 1024) return 0;
  const std::string input(data, data + size);
  const auto line_end = std::min(input.find('\n'), input.size());
  const std::string first = input.substr(0, line_end);
  const std::string second = line_end < input.size() ? input.substr(line_end + 1) : std::string();

  const auto pattern = parse_origin_pattern(first);
  const auto origin = parse_origin(second);
  if (pattern) check_pattern(*pattern);
  if (origin && !origin->is_null()) check_host(origin->host);
  if (const auto authority = parse_authority(second)) check_host(authority->host);
  if (pattern && origin) {
    require(matches(*pattern, *origin) == slow_match(*pattern, *origin), "matching ", first, " and ", second);
  }
  return 0;
}
