#include "base/text.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace drawbridge {
namespace {

using namespace std::string_view_literals;

BOOST_AUTO_TEST_SUITE(text)

BOOST_AUTO_TEST_CASE(only_ascii_letters_change_case) {
  BOOST_TEST(to_lower("AZaz09-\xC3\x84[@") == "azaz09-\xC3\x84[@");
  BOOST_TEST(equal_ignoring_case("WebSocket", "webSOCKET"));
  BOOST_TEST(equal_ignoring_case("", ""));
  BOOST_TEST(!equal_ignoring_case("websocket", "websockets"));
  BOOST_TEST(!equal_ignoring_case("[", "{"));
}

BOOST_AUTO_TEST_CASE(trim_takes_spaces_and_tabs_off_both_ends) {
  BOOST_TEST(trim(" \t a b\t ") == "a b");
  BOOST_TEST(trim("a") == "a");
  BOOST_TEST(trim(" \t") == "");
  BOOST_TEST(trim("") == "");
  BOOST_TEST(trim("\na\r") == "\na\r");
}

BOOST_AUTO_TEST_CASE(a_token_is_one_or_more_tchar) {
  BOOST_TEST(is_token("chat.v1"));
  BOOST_TEST(is_token("!#$%&'*+-.^_`|~09azAZ"));
  for (const std::string_view bad :
       {""sv, "a b"sv, "a,b"sv, "a/b"sv, "a\"b"sv, "a:"sv, "\x7F"sv, "a\0"sv, "\xC3\xA9"sv}) {
    BOOST_TEST(!is_token(bad), bad);
  }
}

BOOST_AUTO_TEST_CASE(split_keeps_empty_parts) {
  const auto parts = [](std::string_view text) { return split(text, ','); };
  BOOST_TEST(parts("") == (std::vector<std::string_view>{""}), boost::test_tools::per_element());
  BOOST_TEST(parts("a") == (std::vector<std::string_view>{"a"}), boost::test_tools::per_element());
  BOOST_TEST(parts(",a, b,") == (std::vector<std::string_view>{"", "a", " b", ""}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(utf8_is_what_rfc_3629_says) {
  for (const std::string_view good : {"", "a", "\xC2\x80", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
                                      "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "\xEF\xBF\xBF", "h\xC3\xA9llo"}) {
    BOOST_TEST(is_utf8(good), good);
  }
  for (const std::string_view bad :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2\x41", "\xE0\x9F\xBF", "\xE1\x80", "\xED\xA0\x80", "\xED\xBF\xBF",
        "\xF0\x8F\xBF\xBF", "\xF1\x80\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFE", "\xFF", "a\xE2\x82"}) {
    BOOST_TEST(!is_utf8(bad), bad);
  }
  BOOST_TEST(is_utf8("\0a"sv));
}

BOOST_AUTO_TEST_CASE(edit_distance_counts_insertions_deletions_and_replacements) {
  BOOST_TEST(edit_distance("", "") == 0U);
  BOOST_TEST(edit_distance("abc", "abc") == 0U);
  BOOST_TEST(edit_distance("", "abc") == 3U);
  BOOST_TEST(edit_distance("abc", "") == 3U);
  BOOST_TEST(edit_distance("orgins", "origins") == 1U);
  BOOST_TEST(edit_distance("kitten", "sitting") == 3U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace drawbridge
