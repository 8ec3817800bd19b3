#include "ctl/table.hpp"

#include <cstdint>
#include <limits>

#include <boost/test/unit_test.hpp>

using namespace drawbridge::ctl;

BOOST_AUTO_TEST_SUITE(tables)

BOOST_AUTO_TEST_CASE(columns_are_as_wide_as_their_widest_cell) {
  BOOST_TEST(table({{"ROUTE", "N"}, {"a", "10"}, {"longer name", ""}}) ==
             "ROUTE        N\n"
             "a            10\n"
             "longer name  -\n");
}

BOOST_AUTO_TEST_CASE(nothing_reaches_the_terminal_but_text) {
  BOOST_TEST(table({{"\x1b[2J", "\n"}}) == "\\x1B[2J  \\x0A\n");
}

BOOST_AUTO_TEST_CASE(sizes_and_times_read_at_a_glance) {
  BOOST_TEST(size_text(0) == "0B");
  BOOST_TEST(size_text(1'023) == "1023B");
  BOOST_TEST(size_text(1'536) == "1.5KiB");
  BOOST_TEST(size_text(std::numeric_limits<std::uint64_t>::max()) == "16.0EiB");
  BOOST_TEST(time_text(-1) == "0s");
  BOOST_TEST(time_text(59.9) == "59s");
  BOOST_TEST(time_text(192) == "3m12s");
  BOOST_TEST(time_text(3'600) == "1h0m");
  BOOST_TEST(time_text(2 * 86'400 + 4 * 3'600) == "2d4h");
}

BOOST_AUTO_TEST_SUITE_END()
