#include "ws/utf8.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace drawbridge::ws {
namespace {

std::span<const std::uint8_t> bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// One code point that takes all of `text`, decoded by arithmetic: shortest form, no surrogate, at most U+10FFFF.
bool is_one_code_point(std::span<const std::uint8_t> text) {
  const unsigned lead = text[0];
  std::size_t size = 0;
  unsigned value = 0;
  if (lead < 0x80) {
    size = 1;
    value = lead;
  } else if (lead >> 5U == 0x6) {
    size = 2;
    value = lead & 0x1FU;
  } else if (lead >> 4U == 0xE) {
    size = 3;
    value = lead & 0x0FU;
  } else if (lead >> 3U == 0x1E) {
    size = 4;
    value = lead & 0x07U;
  }
  if (size != text.size()) return false;
  for (const std::uint8_t byte : text.subspan(1)) {
    if (byte >> 6U != 0x2) return false;
    value = (value << 6U) | (byte & 0x3FU);
  }
  constexpr unsigned smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  return value >= smallest[size] && value <= 0x10FFFF && (value < 0xD800 || value > 0xDFFF);
}

bool accepts_as_one(std::span<const std::uint8_t> text) {
  Utf8 utf8;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!utf8.feed(text.subspan(i, 1)) || utf8.complete() != (i + 1 == text.size())) return false;
  }
  return true;
}

BOOST_AUTO_TEST_SUITE(utf8)

BOOST_AUTO_TEST_CASE(every_sequence_of_one_to_three_bytes_is_judged_as_by_arithmetic) {
  std::size_t wrong = 0;
  std::size_t good = 0;
  std::uint8_t text[3];
  const auto check = [&](std::size_t size) {
    const std::span<const std::uint8_t> sequence(text, size);
    const bool right = is_one_code_point(sequence);
    good += right;
    wrong += accepts_as_one(sequence) != right;
  };
  for (unsigned a = 0; a < 256; ++a) {
    text[0] = static_cast<std::uint8_t>(a);
    check(1);
    for (unsigned b = 0; b < 256; ++b) {
      text[1] = static_cast<std::uint8_t>(b);
      check(2);
      for (unsigned c = 0; c < 256; ++c) {
        text[2] = static_cast<std::uint8_t>(c);
        check(3);
      }
    }
  }
  BOOST_TEST(wrong == 0U);
  BOOST_TEST(good == 0x10000U - 0x800U);
}

BOOST_AUTO_TEST_CASE(every_class_of_four_byte_sequences_is_judged_as_by_arithmetic) {
  constexpr std::uint8_t edges[] = {0x00, 0x41, 0x7F, 0x80, 0x81, 0x8F, 0x90, 0x91,
                                    0x9F, 0xA0, 0xBE, 0xBF, 0xC0, 0xE0, 0xF4, 0xFF};
  std::size_t good = 0;
  for (unsigned lead = 0xE0; lead < 256; ++lead) {
    for (unsigned second = 0; second < 256; ++second) {
      for (const std::uint8_t third : edges) {
        for (const std::uint8_t fourth : edges) {
          const std::uint8_t text[] = {static_cast<std::uint8_t>(lead), static_cast<std::uint8_t>(second), third,
                                       fourth};
          const bool right = is_one_code_point(text);
          good += right;
          if (accepts_as_one(text) != right)
            BOOST_TEST(false, lead << ' ' << second << ' ' << int{third} << ' ' << int{fourth});
        }
      }
    }
  }
  BOOST_TEST(good > 0U);
}

BOOST_AUTO_TEST_CASE(the_first_bad_byte_is_named) {
  const struct {
    std::string_view text;
    std::size_t good;
  } cases[] = {
      {"\xFF", 0},
      {"abc\x80", 3},
      {"\xC3\xA9\xC0\x80", 2},
      {"\xE2\x82"
       "a",
       2},
      {"\xF0\x8F\x80\x80", 1},
      {"\xED\xA0\x80", 1},
      {"\xF4\x90\x80\x80", 1},
      {"0123456789abcdef0123456789abcdef\xFFx", 32},
  };
  for (const auto& [text, good] : cases) {
    Utf8 validator;
    BOOST_TEST(validator.accept(bytes(text)) == good, text);
    BOOST_TEST(!validator.valid());
    BOOST_TEST(!validator.complete());
    BOOST_TEST(!validator.feed(bytes("a")), "it stays invalid");
    BOOST_TEST(!validator.feed({}), "it stays invalid");
    validator.reset();
    BOOST_TEST(validator.feed(bytes("a")));
  }
}

BOOST_AUTO_TEST_CASE(a_bad_byte_is_found_wherever_it_stands) {
  for (std::size_t at = 0; at < 70; ++at) {
    for (std::size_t start = 0; start < 16; ++start) {
      std::string text(start + 70, 'a');
      text[start + at] = '\x80';
      Utf8 validator;
      BOOST_TEST(validator.accept(bytes(text).subspan(start)) == at);
    }
  }
}

BOOST_AUTO_TEST_CASE(any_split_gives_the_same_verdict) {
  const std::string text =
      "plain ascii that is long enough, h\xC3\xA9llo \xE6\x97\xA5\xE6\x9C\xAC \xF0\x9F\x98\x80\xF4\x8F\xBF\xBF end";
  for (std::size_t first = 0; first <= text.size(); ++first) {
    for (std::size_t second = first; second <= text.size(); ++second) {
      Utf8 validator;
      const bool good = validator.feed(bytes(text).first(first)) &&
                        validator.feed(bytes(text).subspan(first, second - first)) &&
                        validator.feed(bytes(text).subspan(second)) && validator.complete();
      if (!good) BOOST_TEST(good, first << ' ' << second);
    }
  }
}

BOOST_AUTO_TEST_CASE(unfinished_counts_the_bytes_of_a_begun_code_point) {
  const std::string text = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z";
  const std::vector<std::size_t> expected{0, 1, 0, 1, 2, 0, 1, 2, 3, 0, 0};
  Utf8 validator;
  for (std::size_t i = 0; i < text.size(); ++i) {
    BOOST_TEST(validator.feed(bytes(text).subspan(i, 1)));
    BOOST_TEST(validator.unfinished() == expected[i]);
    BOOST_TEST(validator.complete() == (expected[i] == 0));

    Utf8 at_once;
    BOOST_TEST(at_once.feed(bytes(text).first(i + 1)));
    BOOST_TEST(at_once.unfinished() == expected[i]);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace drawbridge::ws
