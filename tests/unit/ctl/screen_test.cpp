#include "ctl/screen.hpp"

#include <boost/test/unit_test.hpp>

using namespace drawbridge::ctl;

namespace {

const std::vector<Line> lines{{"ROUTE", Style::title}, {"desk"}, {"game", Style::warning}};

}  // namespace

BOOST_AUTO_TEST_SUITE(screens)

BOOST_AUTO_TEST_CASE(a_frame_replaces_the_one_before) {
  BOOST_TEST(frame(lines, {24, 80}, true) ==
             "\x1b[H"
             "\x1b[K\x1b[1mROUTE\x1b[0m\r\n"
             "\x1b[Kdesk\r\n"
             "\x1b[K\x1b[33mgame\x1b[0m\r\n"
             "\x1b[J");
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_cut_and_nothing_scrolls) {
  BOOST_TEST(frame(lines, {2, 3}, true) == "\x1b[H\x1b[K\x1b[1mROU\x1b[0m\r\n\x1b[Kdes");
  BOOST_TEST(frame(lines, {3, 80}, false).ends_with("game\x1b[0m"));
}

BOOST_AUTO_TEST_CASE(without_colours_a_warning_is_bold) {
  BOOST_TEST(frame({{"game", Style::warning}}, {24, 80}, false) == "\x1b[H\x1b[K\x1b[1mgame\x1b[0m\r\n\x1b[J");
}

BOOST_AUTO_TEST_SUITE_END()
