#include "web/range.hpp"

#include "unit/web/request.hpp"

#include <ostream>

#include <boost/test/unit_test.hpp>

namespace drawbridge::web {

std::ostream& operator<<(std::ostream& out, const Range& range) {
  switch (range.kind) {
    case Range::Kind::whole: return out << "whole";
    case Range::Kind::unsatisfiable: return out << "unsatisfiable";
    case Range::Kind::part: break;
  }
  return out << range.first << '+' << range.size;
}

namespace {

const Range whole{};
const Range unsatisfiable{Range::Kind::unsatisfiable};

Range part(std::uint64_t first, std::uint64_t size) {
  return {Range::Kind::part, first, size};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ranges)

BOOST_AUTO_TEST_CASE(one_range_is_cut_to_the_file) {
  BOOST_TEST(parse_range("bytes=0-0", 10) == part(0, 1));
  BOOST_TEST(parse_range("bytes=2-4", 10) == part(2, 3));
  BOOST_TEST(parse_range("bytes=2-", 10) == part(2, 8));
  BOOST_TEST(parse_range("bytes=2-99", 10) == part(2, 8));
  BOOST_TEST(parse_range("bytes=9-9", 10) == part(9, 1));
  BOOST_TEST(parse_range("bytes=-3", 10) == part(7, 3));
  BOOST_TEST(parse_range("bytes=-99", 10) == part(0, 10));
  BOOST_TEST(parse_range("Bytes= 0-1 ", 10) == part(0, 2));
}

BOOST_AUTO_TEST_CASE(numbers_that_no_file_has_are_just_large) {
  BOOST_TEST(parse_range("bytes=0-18446744073709551615", 10) == part(0, 10));
  BOOST_TEST(parse_range("bytes=0-99999999999999999999999999", 10) == part(0, 10));
  BOOST_TEST(parse_range("bytes=99999999999999999999999999-", 10) == unsatisfiable);
  BOOST_TEST(parse_range("bytes=18446744073709551615-18446744073709551615", UINT64_MAX) == unsatisfiable);
  BOOST_TEST(parse_range("bytes=0-", UINT64_MAX) == part(0, UINT64_MAX));
  BOOST_TEST(parse_range("bytes=-99999999999999999999999999", 10) == part(0, 10));
}

BOOST_AUTO_TEST_CASE(what_lies_behind_the_end_cannot_be_had) {
  BOOST_TEST(parse_range("bytes=10-", 10) == unsatisfiable);
  BOOST_TEST(parse_range("bytes=10-20", 10) == unsatisfiable);
  BOOST_TEST(parse_range("bytes=-0", 10) == unsatisfiable);
  BOOST_TEST(parse_range("bytes=0-", 0) == unsatisfiable);
  BOOST_TEST(parse_range("bytes=-5", 0) == unsatisfiable);
}

BOOST_AUTO_TEST_CASE(everything_else_gets_the_whole) {
  for (const char* value :
       {"", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=1", "bytes=4-2", "bytes=0-1,3-4", "bytes=1--2",
        "bytes=+1-2", "bytes=0x1-2", "bytes=1-2 3", "lines=0-1", "bytes 0-1", "bytes=1 -2"}) {
    BOOST_TEST(parse_range(value, 10) == whole, value);
  }
}

BOOST_AUTO_TEST_CASE(a_part_only_of_the_version_that_was_begun) {
  const Validators now{"\"a\"", 784'111'777};
  const auto asked = [&](std::vector<ws::Field> fields) {
    fields.push_back({"Range", "bytes=1-2"});
    return requested_range(get(std::move(fields)), now, 10);
  };
  BOOST_TEST(asked({}) == part(1, 2));
  BOOST_TEST(asked({{"If-Range", "\"a\""}}) == part(1, 2));
  BOOST_TEST(asked({{"if-range", "Sun, 06 Nov 1994 08:49:37 GMT"}}) == part(1, 2));
  for (const char* other :
       {"\"b\"", "W/\"a\"", "a", "", "Sun, 06 Nov 1994 08:49:38 GMT", "Sun, 06 Nov 1994 08:49:36 GMT"}) {
    BOOST_TEST(asked({{"If-Range", other}}) == whole, other);
  }
  BOOST_TEST(asked({{"If-Range", "\"a\""}, {"If-Range", "\"a\""}}) == whole);
  BOOST_TEST(requested_range(get({{"Range", "bytes=0-1"}, {"Range", "bytes=0-1"}}), now, 10) == whole);
  BOOST_TEST(requested_range(get(), now, 10) == whole);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace drawbridge::web
