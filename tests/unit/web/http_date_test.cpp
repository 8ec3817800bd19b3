#include "web/http_date.hpp"

#include <cstdint>

#include <boost/test/unit_test.hpp>

namespace drawbridge::web {

BOOST_AUTO_TEST_SUITE(http_dates)

BOOST_AUTO_TEST_CASE(are_written_as_the_rfc_shows_them) {
  BOOST_TEST(http_date(784'111'777) == "Sun, 06 Nov 1994 08:49:37 GMT");
  BOOST_TEST(http_date(0) == "Thu, 01 Jan 1970 00:00:00 GMT");
  BOOST_TEST(http_date(-1) == "Wed, 31 Dec 1969 23:59:59 GMT");
  BOOST_TEST(http_date(951'782'400) == "Tue, 29 Feb 2000 00:00:00 GMT");
  BOOST_TEST(http_date(INT64_MAX) == "Fri, 31 Dec 9999 23:59:59 GMT");
  BOOST_TEST(http_date(INT64_MIN) == "Sat, 01 Jan 0000 00:00:00 GMT");
}

BOOST_AUTO_TEST_CASE(are_read_as_they_are_written) {
  for (const std::int64_t at : {0LL, -1LL, 784'111'777LL, 951'782'400LL, 253'402'300'799LL, -62'167'219'200LL}) {
    const auto parsed = parse_http_date(http_date(at));
    BOOST_TEST_REQUIRE(parsed.has_value());
    BOOST_TEST(*parsed == at);
  }
  BOOST_TEST((parse_http_date("Sat, 31 Dec 2016 23:59:60 GMT") == parse_http_date("Sun, 01 Jan 2017 00:00:00 GMT")));
}

BOOST_AUTO_TEST_CASE(nothing_else_is_one) {
  for (const char* text :
       {"", "0", "Sun, 06 Nov 1994 08:49:37", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
        "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT", "Xyz, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT", "Sun, +6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov -994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT "}) {
    BOOST_TEST(!parse_http_date(text), text);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace drawbridge::web
