// Any bytes in any split through the UTF-8 validator say what the table of RFC 3629 says, row by row: where the first
// bad byte stands, and whether the text is whole.
//
// Input: see Received; the options are not used.

#include "ws/utf8.hpp"

#include "base/text.hpp"
#include "finding.hpp"
#include "received.hpp"

#include <array>
#include <vector>

namespace {

using drawbridge::fuzz::Received;
using drawbridge::fuzz::require;
using drawbridge::ws::Utf8;
using Text = std::span<const std::uint8_t>;

struct Range {
  std::uint8_t low;
  std::uint8_t high;
};

// RFC 3629 §4, "Syntax of UTF-8 Byte Sequences".
const std::vector<std::vector<Range>> rows{
    {{0x00, 0x7F}},
    {{0xC2, 0xDF}, {0x80, 0xBF}},
    {{0xE0, 0xE0}, {0xA0, 0xBF}, {0x80, 0xBF}},
    {{0xE1, 0xEC}, {0x80, 0xBF}, {0x80, 0xBF}},
    {{0xED, 0xED}, {0x80, 0x9F}, {0x80, 0xBF}},
    {{0xEE, 0xEF}, {0x80, 0xBF}, {0x80, 0xBF}},
    {{0xF0, 0xF0}, {0x90, 0xBF}, {0x80, 0xBF}, {0x80, 0xBF}},
    {{0xF1, 0xF3}, {0x80, 0xBF}, {0x80, 0xBF}, {0x80, 0xBF}},
    {{0xF4, 0xF4}, {0x80, 0x8F}, {0x80, 0xBF}, {0x80, 0xBF}},
};

// How many bytes at the start of `text` fit the row.
std::size_t fitting(const std::vector<Range>& row, Text text) {
  std::size_t n = 0;
  while (n < row.size() && n < text.size() && text[n] >= row[n].low && text[n] <= row[n].high) ++n;
  return n;
}

struct Reading {
  std::size_t good = 0;        // bytes before the first bad one
  std::size_t unfinished = 0;  // of them, those of a code point that the text's end cuts
  bool valid = true;
};

Reading read_by_the_table(Text text) {
  Reading reading;
  while (reading.good < text.size()) {
    const Text rest = text.subspan(reading.good);
    std::size_t most = 0;
    bool whole = false;
    for (const auto& row : rows) {
      const std::size_t n = fitting(row, rest);
      most = std::max(most, n);
      whole = whole || n == row.size();
    }
    reading.good += most;
    if (whole) continue;
    reading.valid = most == rest.size();
    if (reading.valid) reading.unfinished = most;
    break;
  }
  return reading;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < Received::shortest) return 0;
  const Received received(data, size);
  const Text text = received.bytes;
  const Reading expected = read_by_the_table(text);

  Utf8 utf8;
  auto next_size = received.reads();
  std::size_t good = 0;
  for (Text rest = text; !rest.empty();) {
    const Text piece = rest.first(std::min(next_size(), rest.size()));
    rest = rest.subspan(piece.size());
    const std::size_t accepted = utf8.accept(piece);
    good += accepted;
    require(utf8.valid() == (accepted == piece.size()), "a bad byte is the one that is not accepted");
    if (!utf8.valid()) break;
  }
  require(good == expected.good, good, " good bytes, not ", expected.good);
  require(utf8.valid() == expected.valid, "valid: ", utf8.valid());
  require(utf8.complete() == (expected.valid && expected.unfinished == 0), "complete: ", utf8.complete());
  if (expected.valid) require(utf8.unfinished() == expected.unfinished, "unfinished: ", utf8.unfinished());

  const std::string_view whole(reinterpret_cast<const char*>(text.data()), text.size());
  require(drawbridge::is_utf8(whole) == utf8.complete(), "is_utf8 says ", drawbridge::is_utf8(whole));
  utf8.reset();
  require(utf8.complete() && utf8.accept(text) == expected.good, "a reset does not begin anew");
  return 0;
}
