#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace drawbridge {

// ASCII only: the locale never decides about protocol text.
constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
constexpr bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
constexpr bool is_alpha(char c) {
  return is_upper(c) || is_lower(c);
}
constexpr bool is_alnum(char c) {
  return is_alpha(c) || is_digit(c);
}
constexpr bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
constexpr char to_lower(char c) {
  return is_upper(c) ? static_cast<char>(c + ('a' - 'A')) : c;
}
// tchar of RFC 9110 §5.6.2.
constexpr bool is_token_char(char c) {
  return is_alnum(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

std::string to_lower(std::string_view text);
bool equal_ignoring_case(std::string_view a, std::string_view b);
// Without leading and trailing spaces and tabs (OWS of RFC 9110 §5.6.3).
std::string_view trim(std::string_view text);
// One or more tchar.
bool is_token(std::string_view text);
// The parts between separators, untrimmed; one empty part for an empty text.
std::vector<std::string_view> split(std::string_view text, char separator);
// True for text that is wholly valid UTF-8 (RFC 3629).
bool is_utf8(std::string_view text);

// Levenshtein distance; used to name the nearest valid key.
std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace drawbridge
