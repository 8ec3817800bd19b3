#include "auth/lines.hpp"

#include <boost/test/unit_test.hpp>

using namespace drawbridge::auth;

namespace {

std::string told(std::string_view text) {
  std::string why;
  const auto lines = lines_of(text, why);
  if (!lines) return why;
  std::string out;
  for (const Line& line : *lines) out += std::to_string(line.number) + "=" + std::string(line.text) + "|";
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lines)

BOOST_AUTO_TEST_CASE(are_what_is_neither_blank_nor_a_comment) {
  BOOST_TEST(told("").empty());
  BOOST_TEST(told("\n\r\n  \t\n# a\n  # b").empty());
  BOOST_TEST(told("a") == "1=a|");
  BOOST_TEST(told("a\r\n\n \tb c\t \n#\nd # e\n") == "1=a|3=b c|5=d # e|");
}

BOOST_AUTO_TEST_CASE(hold_nothing_that_cannot_be_seen) {
  BOOST_TEST(told("\xEF\xBB\xBF# a\n") == "it begins with a byte order mark; save it without one");
  for (const char c : {'\0', '\x01', '\x1B', '\x7F', '\r'}) {
    BOOST_TEST(told(std::string("a\nb") + c + "c\n") == "line 2: it holds a control byte");
  }
  BOOST_TEST(told("a\tb") == "1=a\tb|");
}

BOOST_AUTO_TEST_CASE(are_of_a_mebibyte_at_most) {
  BOOST_TEST(told(std::string(1 << 20, '\n')).empty());
  BOOST_TEST(told(std::string((1 << 20) + 1, '\n')) == "it is larger than 1 MiB");
}

BOOST_AUTO_TEST_CASE(are_taken_word_by_word) {
  std::string_view text = "a  b\tc=\t ";
  BOOST_TEST(take_word(text) == "a");
  BOOST_TEST(take_word(text) == "b");
  BOOST_TEST(take_word(text) == "c=");
  BOOST_TEST(text.empty());
  BOOST_TEST(take_word(text).empty());
}

BOOST_AUTO_TEST_CASE(numbers_are_digits_and_nothing_else) {
  BOOST_TEST(number("0900").value() == 900U);
  BOOST_TEST(number("fF", 16).value() == 255U);
  for (const char* text : {"", " 1", "1 ", "+1", "-1", "1x", "0x1", "4294967296"}) BOOST_TEST(!number(text), text);
}

BOOST_AUTO_TEST_SUITE_END()
