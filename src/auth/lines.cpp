#include "auth/lines.hpp"

#include "base/text.hpp"
#include "config/disk.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace drawbridge::auth {
namespace {

bool is_control(char c) {
  return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F;
}

}  // namespace

std::optional<std::vector<Line>> lines_of(std::string_view text, std::string& why) {
  if (text.size() > config::largest_file) {
    why = "it is larger than 1 MiB";
    return std::nullopt;
  }
  if (text.starts_with("\xEF\xBB\xBF")) {
    why = "it begins with a byte order mark; save it without one";
    return std::nullopt;
  }
  std::vector<Line> lines;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    Line line{number, text.substr(0, end)};
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.text.ends_with('\r')) line.text.remove_suffix(1);
    line.text = trim(line.text);
    if (line.text.empty() || line.text.starts_with('#')) continue;
    if (std::any_of(line.text.begin(), line.text.end(), is_control)) {
      why = at(line, "it holds a control byte");
      return std::nullopt;
    }
    lines.push_back(line);
  }
  return lines;
}

std::string at(const Line& line, std::string_view what) {
  return fmt::format("line {}: {}", line.number, what);
}

std::string_view take_word(std::string_view& text) {
  const std::string_view word = text.substr(0, text.find_first_of(" \t"));
  text.remove_prefix(word.size());
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return word;
}

std::optional<unsigned> number(std::string_view digits, int base) {
  unsigned value = 0;
  const char* const last = digits.data() + digits.size();
  const auto [end, error] = std::from_chars(digits.data(), last, value, base);
  if (error != std::errc{} || end != last) return std::nullopt;
  return value;
}

}  // namespace drawbridge::auth
