#include "ctl/top_view.hpp"

#include "ctl/top.hpp"

#include <algorithm>
#include <string>

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

using namespace drawbridge::ctl;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

json::object parsed(std::string_view text) {
  return json::parse(text).as_object();
}

Look first() {
  return {parsed(R"({"version":"0.1.0","uptime":10.0,"draining":false,"sessions_limit":100,"pending":3,
      "buffers_held":1024,"buffers_limit":2048,"workers":[{"worker":0,"lag":0.0001},{"worker":1,"lag":0.0025}],
      "total":{"sessions":2,"opened":10,"refused":{"origin":4},"would_refuse":{},"up_bytes":0,"down_bytes":1000},
      "unrouted":{"refused":{},"would_refuse":{}},
      "routes":[{"route":"desk","backend":"tcp://vnc:5900","configured":true,"draining":false,"sessions":2,"opened":10,
                 "refused":{"origin":4},"would_refuse":{},"up_bytes":0,"down_bytes":1000,
                 "dials":{"count":10,"seconds":0.1,"median":0.002,"failed":0}}]})"),
          parsed(R"({"sessions":[{"session":"a","client":"192.0.2.1","route":"desk","identity":"","seconds":9,
                                  "up_bytes":0,"down_bytes":1000}]})")};
}

// Two seconds later.
Look second() {
  Look look = first();
  look.overview["uptime"] = 12.0;
  json::object& total = look.overview["total"].as_object();
  total["opened"] = 11;
  total["refused"] = {{"origin", 4}, {"no_route", 40}};
  total["would_refuse"] = {{"rate", 1}};
  total["up_bytes"] = 4096;
  look.overview["unrouted"] = {{"refused", {{"no_route", 40}}}, {"would_refuse", json::object()}};
  json::object& desk = look.overview["routes"].as_array()[0].as_object();
  desk["opened"] = 11;
  desk["up_bytes"] = 4096;
  desk["would_refuse"] = {{"rate", 1}};
  look.sessions["sessions"].as_array().push_back(parsed(
      R"({"session":"b","client":"192.0.2.2","route":"desk","identity":"al\u001b[2Jice","seconds":1,
          "up_bytes":4096,"down_bytes":0})"));
  return look;
}

std::string all(const std::vector<Line>& lines) {
  std::string text;
  for (const Line& line : lines) text += line.text + "\n";
  return text;
}

Style style_of(const std::vector<Line>& lines, std::string_view beginning) {
  const auto line =
      std::find_if(lines.begin(), lines.end(), [&](const Line& its) { return its.text.starts_with(beginning); });
  BOOST_REQUIRE(line != lines.end());
  return line->style;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(top_views)

BOOST_AUTO_TEST_CASE(two_looks_are_rates) {
  BOOST_TEST(all(top_view(first(), second())) ==
             "drawbridge 0.1.0, up 12s, ready\n"
             "sessions 2 of 100, 3 opening; opened 0.5/s, refused 20/s\n"
             "up 2.0KiB/s, down 0B/s; 1.0KiB of 2.0KiB held; workers answer in 2.5ms\n"
             "\n"
             "ROUTE  SESSIONS  OPENED/S  REFUSED/S  UP/S       DOWN/S     DIAL    FAILED  BACKEND\n"
             "desk   2         0.5       0          2.0KiB     0B         2.0ms   0       tcp://vnc:5900\n"
             "\n"
             "REFUSED BY  REFUSED/S  SINCE START  ONLY TOLD  WHERE\n"
             "no_route    20         40           0          -\n"
             "origin      0          4            0          desk\n"
             "rate        0          0            1          desk\n"
             "\n"
             "BUSIEST SESSION   CLIENT     ROUTE  IDENTITY      UP/S       DOWN/S     AGE\n"
             "b                 192.0.2.2  desk   al\\x1B[2Jice  2.0KiB     0B         1s\n"
             "a                 192.0.2.1  desk   -             0B         0B         9s\n");
}

BOOST_AUTO_TEST_CASE(one_look_has_no_rates_nor_has_another_daemons) {
  Look other = second();
  other.overview["uptime"] = 100.0;
  for (const Look& before : {Look(), other}) {
    const std::string text = all(top_view(before, second()));
    BOOST_TEST(text.find("opened -/s, refused -/s") != std::string::npos, text);
  }
}

BOOST_AUTO_TEST_CASE(what_is_not_well_stands_out) {
  BOOST_TEST((style_of(top_view(first(), second()), "desk") == Style::plain));
  BOOST_TEST((style_of(top_view(first(), second()), "drawbridge") == Style::title));
  Look failing = second();
  json::object& desk = failing.overview["routes"].as_array()[0].as_object();
  desk["dials"].as_object()["failed"] = 1;
  BOOST_TEST((style_of(top_view(first(), failing), "desk") == Style::warning));
  desk["dials"].as_object()["failed"] = 0;
  desk["draining"] = true;
  failing.overview["draining"] = true;
  const auto lines = top_view(first(), failing);
  BOOST_TEST((style_of(lines, "desk") == Style::warning));
  BOOST_TEST((style_of(lines, "drawbridge 0.1.0, up 12s, draining") == Style::warning));
  desk["configured"] = false;
  BOOST_TEST(all(top_view(first(), failing)).find("(removed)") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(sessions_may_be_too_many) {
  Look crowded = second();
  crowded.sessions.clear();
  BOOST_TEST(all(top_view(first(), crowded))
                 .ends_with("\nToo many sessions to look at each; `drawbridge ctl sessions` "
                            "lists them.\n"));
}

BOOST_AUTO_TEST_CASE(an_answer_that_says_nothing_is_shown_as_nothing) {
  BOOST_TEST(all(top_view({}, {})).starts_with("drawbridge , up 0s, ready\n"));
}

BOOST_AUTO_TEST_CASE(an_interval_is_from_100ms_to_1m) {
  for (const std::string_view good : {"100ms", "1s", "1m"}) BOOST_TEST(interval_of(good).has_value(), good);
  for (const std::string_view wrong : {"99ms", "61s", "1", "", "soon"}) BOOST_TEST(!interval_of(wrong), wrong);
}

BOOST_AUTO_TEST_SUITE_END()
