#include "load/report.hpp"

#include <array>
#include <charconv>

namespace drawbridge::bench {

void Report::add(std::string_view key, std::string_view word) {
  add_raw(key, '"' + std::string(word) + '"');
}

void Report::add(std::string_view key, bool value) {
  add_raw(key, value ? "true" : "false");
}

void Report::add(std::string_view key, double value) {
  std::array<char, 64> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, 6).ptr;
  add_raw(key, {text.data(), end});
}

void Report::add_raw(std::string_view key, std::string_view value) {
  if (!body_.empty()) body_ += ", ";
  body_ += '"';
  body_ += key;
  body_ += "\": ";
  body_ += value;
}

}  // namespace drawbridge::bench
