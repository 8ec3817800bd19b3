// Section 6: UTF-8 in text messages. From 6.5 on the sequences are those of Markus Kuhn's UTF-8-test.txt.

#include "conformance/case.hpp"

#include <algorithm>
#include <initializer_list>

namespace drawbridge::conformance {
namespace {

using testing::frame;

const std::string kosme = "\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5";
const std::string edited = "edited";

Case valid(std::string number, std::string title, std::string bytes, std::string payload) {
  return {std::move(number), std::move(title), at_once(std::move(bytes)), {text(std::move(payload))}};
}

Case invalid(std::string number, std::string title, std::vector<Step> sends, std::string begun) {
  return {std::move(number), std::move(title), std::move(sends), {}, fails(1007, "utf8"), std::move(begun)};
}

// What is sent ends with the byte that breaks the text: nothing more is needed to see it (6.4).
std::vector<Case> fail_fast() {
  const std::string beyond_unicode = "\xF4\x90\x80\x80";  // U+110000: wrong from its second byte on
  const std::string all = kosme + beyond_unicode + edited;
  const std::string until_wrong = all.substr(0, 12);
  const std::string whole = frame(Op::text, all);
  const std::size_t header = whole.size() - all.size();
  const auto cut = [&](std::size_t first, std::size_t second) {
    return frame_by_frame({whole.substr(0, header + first), whole.substr(header + first, second)});
  };
  return {
      invalid("6.4.1", "a valid frame, then one beyond Unicode",
              frame_by_frame({part(Op::text, kosme), part(Op::continuation, beyond_unicode)}), until_wrong),
      invalid("6.4.2", "the same, up to the wrong byte",
              frame_by_frame({part(Op::text, until_wrong), part(Op::continuation, "\x90")}), until_wrong),
      invalid("6.4.3", "valid bytes of a frame, then some beyond Unicode", cut(11, 4), until_wrong),
      invalid("6.4.4", "the same, up to the wrong byte", cut(12, 1), until_wrong),
  };
}

struct Sequence {
  bool valid;
  std::string bytes;
};

std::vector<Sequence> all_valid(std::initializer_list<const char*> texts) {
  std::vector<Sequence> result;
  for (const char* each : texts) result.push_back({true, each});
  return result;
}

std::vector<Sequence> all_invalid(std::initializer_list<const char*> texts) {
  std::vector<Sequence> result;
  for (const char* each : texts) result.push_back({false, each});
  return result;
}

std::vector<Sequence> prefixes() {
  std::vector<Sequence> result;
  for (std::size_t size = 1; size <= kosme.size(); ++size) {
    const bool whole = size == 2 || size == 5 || size == 7 || size == 9 || size == 11;
    result.push_back({whole, kosme.substr(0, size)});
  }
  return result;
}

std::vector<Sequence> continuation_bytes() {
  std::vector<Sequence> result = all_invalid({"\x80", "\xBF", "\x80\xBF", "\x80\xBF\x80", "\x80\xBF\x80\xBF",
                                              "\x80\xBF\x80\xBF\x80", "\x80\xBF\x80\xBF\x80\xBF"});
  std::string many;
  for (int byte = 0x80; byte < 0xBF; ++byte) many += static_cast<char>(byte);
  result.push_back({false, many});
  return result;
}

std::vector<Sequence> lonely_first_bytes() {
  std::vector<Sequence> result;
  for (const auto& [first, end] : {std::pair{0xC0, 0xDF}, {0xE0, 0xEF}, {0xF0, 0xF7}, {0xF8, 0xFB}, {0xFC, 0xFD}}) {
    std::string bytes;
    for (int byte = first; byte < end; ++byte) bytes += {static_cast<char>(byte), ' '};
    result.push_back({false, bytes});
  }
  return result;
}

constexpr std::initializer_list<const char*> last_byte_missing = {
    "\xC0", "\xE0\x80", "\xF0\x80\x80", "\xF8\x80\x80\x80", "\xFC\x80\x80\x80\x80",
    "\xDF", "\xEF\xBF", "\xF7\xBF\xBF", "\xFB\xBF\xBF\xBF", "\xFD\xBF\xBF\xBF\xBF"};

std::vector<Sequence> several_unfinished() {
  std::string together;
  for (const char* each : last_byte_missing) together += each;
  return {{false, together}};
}

// The last two code points of the planes 0 and 1 to 16.
std::vector<Sequence> noncharacters() {
  std::vector<Sequence> result = all_valid({"\xEF\xBF\xBE", "\xEF\xBF\xBF"});
  for (unsigned plane = 1; plane <= 16; ++plane) {
    for (const char last : {'\xBE', '\xBF'}) {
      result.push_back(
          {true, {static_cast<char>(0xF0 | plane >> 2), static_cast<char>(0x8F | (plane & 3) << 4), '\xBF', last}});
    }
  }
  return result;
}

// What stands before the byte that makes the text wrong: the first that fits nowhere into RFC 3629's syntax (§4), or
// the last one if the text ends within a code point.
std::string right_part(std::string_view text) {
  struct Range {
    unsigned low, high;
  };
  constexpr Range tail{0x80, 0xBF};
  static const std::vector<std::vector<Range>> code_points{{{0x00, 0x7F}},
                                                           {{0xC2, 0xDF}, tail},
                                                           {{0xE0, 0xE0}, {0xA0, 0xBF}, tail},
                                                           {{0xE1, 0xEC}, tail, tail},
                                                           {{0xED, 0xED}, {0x80, 0x9F}, tail},
                                                           {{0xEE, 0xEF}, tail, tail},
                                                           {{0xF0, 0xF0}, {0x90, 0xBF}, tail, tail},
                                                           {{0xF1, 0xF3}, tail, tail, tail},
                                                           {{0xF4, 0xF4}, {0x80, 0x8F}, tail, tail}};
  std::size_t begin = 0;
  while (begin < text.size()) {
    std::size_t longest = 0;
    bool whole = false;
    for (const auto& ranges : code_points) {
      std::size_t size = 0;
      for (const auto& [low, high] : ranges) {
        const unsigned byte = begin + size < text.size() ? static_cast<unsigned char>(text[begin + size]) : 0x100U;
        if (byte < low || byte > high) break;
        ++size;
      }
      whole = whole || size == ranges.size();
      longest = std::max(longest, size);
    }
    if (!whole) return std::string(text.substr(0, std::min(begin + longest, text.size() - 1)));
    begin += longest;
  }
  return std::string(text);
}

}  // namespace

std::vector<Case> utf8() {
  const std::string umlauts = "Hello-µ@ßöäüàá-UTF-8!!";
  const std::size_t half = std::string_view("Hello-µ@ßöä").size();
  const std::string surrogate = kosme + "\xED\xA0\x80" + edited;
  const std::string until_surrogate = kosme + "\xED";
  std::vector<Case> cases{
      valid("6.1.1", "an empty message", frame(Op::text, ""), ""),
      valid("6.1.2", "three empty fragments",
            part(Op::text, "") + part(Op::continuation, "") + frame(Op::continuation, ""), ""),
      valid("6.1.3", "an empty fragment before and behind",
            part(Op::text, "") + part(Op::continuation, "middle frame payload") + frame(Op::continuation, ""),
            "middle frame payload"),
      valid("6.2.1", "one frame", frame(Op::text, umlauts), umlauts),
      valid("6.2.2", "cut between code points",
            part(Op::text, umlauts.substr(0, half)) + frame(Op::continuation, umlauts.substr(half)), umlauts),
      valid("6.2.3", "fragments of a byte", fragmented(Op::text, umlauts, 1), umlauts),
      valid("6.2.4", "fragments of a byte", fragmented(Op::text, kosme, 1), kosme),
      invalid("6.3.1", "a surrogate", at_once(frame(Op::text, surrogate)), until_surrogate),
      invalid("6.3.2", "a surrogate in fragments of a byte", at_once(fragmented(Op::text, surrogate, 1)),
              until_surrogate),
  };
  for (Case& each : fail_fast()) cases.push_back(std::move(each));

  const std::pair<const char*, std::vector<Sequence>> groups[] = {
      {"some valid text", all_valid({"hello\x24world", "hello\xC2\xA2world", "hello\xE2\x82\xACworld",
                                     "hello\xF0\xA4\xAD\xA2world", kosme.c_str()})},
      {"a beginning of a valid text", prefixes()},
      {"the first sequence of a length",
       {{true, std::string(1, '\0')}, {true, "\xC2\x80"}, {true, "\xE0\xA0\x80"}, {true, "\xF0\x90\x80\x80"}}},
      {"the first sequence of length 5 or 6", all_invalid({"\xF8\x88\x80\x80\x80", "\xFC\x84\x80\x80\x80\x80"})},
      {"the last sequence of a length", all_valid({"\x7F", "\xDF\xBF", "\xEF\xBF\xBF", "\xF4\x8F\xBF\xBF"})},
      {"the last sequence of length 4, 5 or 6",
       all_invalid({"\xF7\xBF\xBF\xBF", "\xFB\xBF\xBF\xBF\xBF", "\xFD\xBF\xBF\xBF\xBF\xBF"})},
      {"other boundaries",
       {{true, "\xED\x9F\xBF"},
        {true, "\xEE\x80\x80"},
        {true, "\xEF\xBF\xBD"},
        {true, "\xF4\x8F\xBF\xBF"},
        {false, "\xF4\x90\x80\x80"}}},
      {"unexpected continuation bytes", continuation_bytes()},
      {"first bytes alone", lonely_first_bytes()},
      {"the last continuation byte missing", all_invalid(last_byte_missing)},
      {"unfinished sequences in a row", several_unfinished()},
      {"impossible bytes", all_invalid({"\xFE", "\xFF", "\xFE\xFE\xFF\xFF"})},
      {"overlong ASCII", all_invalid({"\xC0\xAF", "\xE0\x80\xAF", "\xF0\x80\x80\xAF", "\xF8\x80\x80\x80\xAF",
                                      "\xFC\x80\x80\x80\x80\xAF"})},
      {"the last overlong sequence", all_invalid({"\xC1\xBF", "\xE0\x9F\xBF", "\xF0\x8F\xBF\xBF",
                                                  "\xF8\x87\xBF\xBF\xBF", "\xFC\x83\xBF\xBF\xBF\xBF"})},
      {"overlong NUL", all_invalid({"\xC0\x80", "\xE0\x80\x80", "\xF0\x80\x80\x80", "\xF8\x80\x80\x80\x80",
                                    "\xFC\x80\x80\x80\x80\x80"})},
      {"a surrogate", all_invalid({"\xED\xA0\x80", "\xED\xAD\xBF", "\xED\xAE\x80", "\xED\xAF\xBF", "\xED\xB0\x80",
                                   "\xED\xBE\x80", "\xED\xBF\xBF"})},
      {"a pair of surrogates",
       all_invalid({"\xED\xA0\x80\xED\xB0\x80", "\xED\xA0\x80\xED\xBF\xBF", "\xED\xAD\xBF\xED\xB0\x80",
                    "\xED\xAD\xBF\xED\xBF\xBF", "\xED\xAE\x80\xED\xB0\x80", "\xED\xAE\x80\xED\xBF\xBF",
                    "\xED\xAF\xBF\xED\xB0\x80", "\xED\xAF\xBF\xED\xBF\xBF"})},
      {"a noncharacter", noncharacters()},
      {"a special", all_valid({"\xEF\xBF\xB9", "\xEF\xBF\xBA", "\xEF\xBF\xBB", "\xEF\xBF\xBC", "\xEF\xBF\xBD",
                               "\xEF\xBF\xBE", "\xEF\xBF\xBF"})},
  };
  int section = 5;
  for (const auto& [title, sequences] : groups) {
    for (std::size_t i = 0; i < sequences.size(); ++i) {
      const auto& [is_valid, bytes] = sequences[i];
      const std::string number = "6." + std::to_string(section) + "." + std::to_string(i + 1);
      const std::string whole = frame(Op::text, bytes);
      cases.push_back(is_valid ? valid(number, title, whole, bytes)
                               : invalid(number, title, at_once(whole), right_part(bytes)));
    }
    ++section;
  }
  return cases;
}

}  // namespace drawbridge::conformance
