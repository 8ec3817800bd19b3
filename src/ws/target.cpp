#include "ws/target.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <charconv>

namespace drawbridge::ws {
namespace {

// What browsers leave unencoded in a URL goes beyond RFC 3986's grammar ('|', '^', '[' for instance), and is harmless.
bool allowed(char c) {
  return c > ' ' && c < 0x7F && c != '#' && c != '<' && c != '>' && c != '"';
}

bool unreserved(char c) {
  return is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

bool well_formed(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!allowed(text[i])) return false;
    if (text[i] == '%' && (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2]))) return false;
  }
  return true;
}

char decoded(std::string_view two_digits) {
  unsigned value = 0;
  std::from_chars(two_digits.data(), two_digits.data() + two_digits.size(), value, 16);
  return static_cast<char>(value);
}

bool encoding_is_needed(char c) {
  const bool control = (c >= 0 && c < ' ') || c == 0x7F;
  return !control && !unreserved(c) && c != '/' && c != '\\';
}

bool unambiguous_path(std::string_view path) {
  if (!path.starts_with('/') || path.find('\\') != std::string_view::npos) return false;
  for (std::size_t at = path.find('%'); at != std::string_view::npos; at = path.find('%', at + 1)) {
    if (!encoding_is_needed(decoded(path.substr(at + 1, 2)))) return false;
  }
  const auto segments = split(path.substr(1), '/');
  return std::none_of(segments.begin(), segments.end(), [&](const std::string_view& segment) {
    const bool last = &segment == &segments.back();
    return segment == "." || segment == ".." || (segment.empty() && !last);
  });
}

std::string with_upper_case_encodings(std::string_view path) {
  std::string out(path);
  for (std::size_t at = out.find('%'); at != std::string::npos; at = out.find('%', at + 1)) {
    for (std::size_t digit = at + 1; digit <= at + 2; ++digit) {
      if (is_lower(out[digit])) out[digit] = static_cast<char>(out[digit] - ('a' - 'A'));
    }
  }
  return out;
}

}  // namespace

Result<Target> parse_target(std::string_view text) {
  if (!well_formed(text)) return Reason::bad_request;
  const auto mark = text.find('?');
  const std::string_view path = text.substr(0, mark);
  if (!unambiguous_path(path)) return Reason::bad_request;
  const std::string_view query = mark == std::string_view::npos ? std::string_view{} : text.substr(mark + 1);
  return Target{with_upper_case_encodings(path), std::string(query)};
}

}  // namespace drawbridge::ws
