#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drawbridge::auth {

constexpr std::size_t longest_name = 256;  // bytes of a user, an identity or a token's id in a file

struct Line {
  std::size_t number = 0;  // from 1
  std::string_view text;   // without blanks around it
};

// The lines of a file that an operator keeps by hand: without empty ones and comments, which begin with '#'. Lines may
// end in CRLF. Empty for more than 1 MiB, a byte order mark or control bytes, none of which can be seen and all of
// which would end up in a name; then `why` says what is wrong.
std::optional<std::vector<Line>> lines_of(std::string_view text, std::string& why);

// "line 3: what" as a file's `why`.
std::string at(const Line& line, std::string_view what);

// The first word of `text`, which loses it and the blanks behind it; empty at the end.
std::string_view take_word(std::string_view& text);

// The number that all of `digits` spells, up to 2^32 - 1.
std::optional<unsigned> number(std::string_view digits, int base = 10);

}  // namespace drawbridge::auth
