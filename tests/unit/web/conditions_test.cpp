#include "web/conditions.hpp"

#include "unit/web/request.hpp"

#include <ostream>

#include <boost/test/unit_test.hpp>

namespace drawbridge::web {

std::ostream& operator<<(std::ostream& out, Condition condition) {
  switch (condition) {
    case Condition::met: return out << "met";
    case Condition::not_modified: return out << "not modified";
    case Condition::failed: return out << "failed";
  }
  return out;
}

namespace {

constexpr std::string_view before = "Sun, 06 Nov 1994 08:49:36 GMT";
constexpr std::string_view at = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr std::string_view after = "Sun, 06 Nov 1994 08:49:38 GMT";

Condition judged(std::vector<ws::Field> fields) {
  return judge_conditions(get(std::move(fields)), {"\"now\"", 784'111'777});
}

bool takes(std::string_view accepted, std::string_view coding) {
  return accepts_coding(get({{"Accept-Encoding", accepted}}), coding);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(conditions)

BOOST_AUTO_TEST_CASE(without_any_the_file_is_sent) {
  BOOST_TEST(judged({}) == Condition::met);
}

BOOST_AUTO_TEST_CASE(if_none_match) {
  BOOST_TEST(judged({{"If-None-Match", "\"now\""}}) == Condition::not_modified);
  BOOST_TEST(judged({{"If-None-Match", "W/\"now\""}}) == Condition::not_modified);
  BOOST_TEST(judged({{"If-None-Match", "\"old\", \"now\" ,\"x\""}}) == Condition::not_modified);
  BOOST_TEST(judged({{"If-None-Match", "\"old\""}, {"if-none-match", "\"now\""}}) == Condition::not_modified);
  BOOST_TEST(judged({{"If-None-Match", "*"}}) == Condition::not_modified);
  for (const char* other : {"\"old\"", "now", "", "\"now", "\"no,w\"", "w/\"now\""}) {
    BOOST_TEST(judged({{"If-None-Match", other}}) == Condition::met, other);
  }
}

BOOST_AUTO_TEST_CASE(if_modified_since) {
  BOOST_TEST(judged({{"If-Modified-Since", at}}) == Condition::not_modified);
  BOOST_TEST(judged({{"If-Modified-Since", after}}) == Condition::not_modified);
  BOOST_TEST(judged({{"If-Modified-Since", before}}) == Condition::met);
  BOOST_TEST(judged({{"If-Modified-Since", "yesterday"}}) == Condition::met);
  // A tag says more than a date.
  BOOST_TEST(judged({{"If-None-Match", "\"old\""}, {"If-Modified-Since", at}}) == Condition::met);
}

BOOST_AUTO_TEST_CASE(if_match_and_if_unmodified_since) {
  BOOST_TEST(judged({{"If-Match", "\"now\""}}) == Condition::met);
  BOOST_TEST(judged({{"If-Match", "*"}}) == Condition::met);
  BOOST_TEST(judged({{"If-Match", "\"old\""}}) == Condition::failed);
  BOOST_TEST(judged({{"If-Match", "W/\"now\""}}) == Condition::failed);
  BOOST_TEST(judged({{"If-Unmodified-Since", at}}) == Condition::met);
  BOOST_TEST(judged({{"If-Unmodified-Since", before}}) == Condition::failed);
  BOOST_TEST(judged({{"If-Unmodified-Since", "tomorrow"}}) == Condition::met);
  BOOST_TEST(judged({{"If-Match", "\"now\""}, {"If-Unmodified-Since", before}}) == Condition::met);
  BOOST_TEST(judged({{"If-Match", "\"now\""}, {"If-None-Match", "\"now\""}}) == Condition::not_modified);
}

BOOST_AUTO_TEST_CASE(codings_are_those_that_are_asked_for) {
  BOOST_TEST(takes("gzip, deflate, br", "br"));
  BOOST_TEST(takes("GZIP", "gzip"));
  BOOST_TEST(takes("gzip;q=0.5", "gzip"));
  BOOST_TEST(takes("*", "br"));
  BOOST_TEST(takes("*;q=0, br ; Q=1.000", "br"));
  BOOST_TEST(!takes("*;q=0, br", "gzip"));
  BOOST_TEST(!takes("br;q=0, *", "br"));
  BOOST_TEST(!takes("gzip;q=0.000", "gzip"));
  BOOST_TEST(!takes("gzip;q=x", "gzip"));
  BOOST_TEST(!takes("", "gzip"));
  BOOST_TEST(!takes("identity", "gzip"));
  BOOST_TEST(!accepts_coding(get(), "gzip"));
  BOOST_TEST(accepts_coding(get({{"Accept-Encoding", "br"}, {"accept-encoding", "gzip"}}), "gzip"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace drawbridge::web
