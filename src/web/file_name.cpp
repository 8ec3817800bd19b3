#include "web/file_name.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <charconv>

namespace drawbridge::web {
namespace {

constexpr std::size_t longest_segment = 255;  // NAME_MAX
constexpr std::size_t longest_name = 1'024;
constexpr std::string_view index = "index.html";

std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (text.front() != '%') {
      out += text.front();
      text.remove_prefix(1);
      continue;
    }
    unsigned value = 0;
    if (text.size() < 3 || !is_hex(text[1]) || !is_hex(text[2])) return std::nullopt;
    std::from_chars(text.data() + 1, text.data() + 3, value, 16);
    out += static_cast<char>(value);
    text.remove_prefix(3);
  }
  return out;
}

bool is_served(std::string_view segment) {
  const auto forbidden = [](char c) { return (c >= 0 && c < ' ') || c == 0x7F || c == '/' || c == '\\'; };
  return !segment.empty() && segment.size() <= longest_segment && segment.front() != '.' && is_utf8(segment) &&
         std::none_of(segment.begin(), segment.end(), forbidden);
}

}  // namespace

std::optional<std::string> file_name(std::string_view below) {
  std::string name;
  for (;;) {
    const auto slash = below.find('/');
    const bool last = slash == std::string_view::npos;
    if (last && below.empty()) {
      name += index;
    } else {
      const auto segment = decoded(below.substr(0, slash));
      if (!segment || !is_served(*segment)) return std::nullopt;
      name += *segment;
    }
    if (name.size() > longest_name) return std::nullopt;
    if (last) return name;
    name += '/';
    below.remove_prefix(slash + 1);
  }
}

}  // namespace drawbridge::web
