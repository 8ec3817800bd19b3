#include "base/log_record.hpp"

#include <string>
#include <string_view>

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

namespace drawbridge {
namespace {

using namespace std::string_view_literals;

constexpr auto noon = "2024-05-01T12:00:00.000Z"sv;

LogRecord json() {
  return {LogFormat::json, noon, LogLevel::info, "session"};
}

LogRecord plain() {
  return {LogFormat::text, noon, LogLevel::warning, "session"};
}

BOOST_AUTO_TEST_SUITE(log_record)

BOOST_AUTO_TEST_CASE(json_is_one_object_with_the_fields_in_order) {
  LogRecord record = json();
  record.add("route", "desk").add("bytes", std::uint64_t{18446744073709551615U}).add_seconds("seconds", 1.25);
  BOOST_TEST(std::move(record).line() ==
             R"({"time":"2024-05-01T12:00:00.000Z","level":"info","event":"session","route":"desk",)"
             R"("bytes":18446744073709551615,"seconds":1.250})");
}

BOOST_AUTO_TEST_CASE(text_quotes_only_what_needs_it) {
  LogRecord record = plain();
  record.add("route", "desk").add("origin", "").add("query", "a=b").add("agent", "two words").add("frames", 7);
  BOOST_TEST(std::move(record).line() ==
             R"(2024-05-01T12:00:00.000Z warning session route=desk origin="" query="a=b" agent="two words" frames=7)");
}

// What an attacker would send to forge a line, a field, a colour or another character.
constexpr std::string_view hostile[] = {
    "a\nb", "a\r\nlevel=error", "\x1B[31mred",  "\"}\n{\"level\":\"error", "a\\x0Ab",
    "\0"sv, "\x7F\x80\xFF",     "\xE2\x80\xA8",
};

BOOST_AUTO_TEST_CASE(hostile_values_stay_inside_their_json_string) {
  for (const std::string_view value : hostile) {
    LogRecord record = json();
    record.add("origin", value);
    const std::string line = std::move(record).line();
    BOOST_TEST_CONTEXT(line) {
      const auto parsed = boost::json::parse(line).as_object();
      BOOST_TEST(parsed.size() == 4U);
      BOOST_TEST(parsed.at("origin").as_string() == printable(value));
    }
  }
}

BOOST_AUTO_TEST_CASE(no_line_holds_anything_but_printable_ascii) {
  for (const std::string_view value : hostile) {
    for (LogRecord record : {json(), plain()}) {
      record.add("origin", value);
      const std::string line = std::move(record).line();
      for (const char c : line) BOOST_TEST((c >= 0x20 && c < 0x7F), line);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_quote_in_text_cannot_end_its_value) {
  LogRecord record = plain();
  record.add("origin", R"(x" level=error y=")");
  BOOST_TEST(std::move(record).line().ends_with(R"( origin="x\" level=error y=\"")"));
}

BOOST_AUTO_TEST_CASE(bytes_that_are_not_printable_ascii_stand_as_hex) {
  BOOST_TEST(printable("a b~") == "a b~");
  BOOST_TEST(printable("\t\x7F\xC3\\\0"sv) == "\\x09\\x7F\\xC3\\x5C\\x00");
}

BOOST_AUTO_TEST_CASE(long_values_are_cut_and_say_so) {
  const std::string fits(longest_logged_value, 'x');
  BOOST_TEST(printable(fits) == fits);
  BOOST_TEST(printable(fits + "y") == fits + "...");
  // Cut before escaping: the bound is on what the network sent, and an escape is never halved.
  BOOST_TEST(printable(std::string(1000, '\n')).size() == 4 * longest_logged_value + 3);
}

BOOST_AUTO_TEST_CASE(levels_have_names) {
  BOOST_TEST(name(LogLevel::debug) == "debug");
  BOOST_TEST(name(LogLevel::info) == "info");
  BOOST_TEST(name(LogLevel::warning) == "warning");
  BOOST_TEST(name(LogLevel::error) == "error");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace drawbridge
