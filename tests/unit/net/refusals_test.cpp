#include "net/refusals.hpp"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace drawbridge;
using namespace std::chrono_literals;

namespace {

class Lines : public net::Log {
 public:
  config::Log settings() const override { return {}; }
  std::vector<std::string> lines;

 protected:
  void put(drawbridge::LogLevel /*level*/, std::string line) override { lines.push_back(std::move(line)); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(refusals)

BOOST_AUTO_TEST_CASE(a_flood_of_one_reason_is_summarised_and_others_are_still_seen) {
  Lines log;
  net::Refusals refusals(log);
  const Instant now = Instant(1h);
  int written = 0;
  for (int i = 0; i < 10'000; ++i) written += refusals.wants_line(Reason::rate, now + i * 1ms) ? 1 : 0;
  BOOST_TEST(written >= 50);
  BOOST_TEST(written <= 110);
  BOOST_TEST(refusals.wants_line(Reason::origin, now + 10s));
  refusals.summarise(now + 10s);
  BOOST_REQUIRE(log.lines.size() == 1U);
  BOOST_TEST(
      log.lines[0].find("\"reason\":\"rate\",\"count\":" + std::to_string(10'000 - written)) != std::string::npos,
      log.lines[0]);
  refusals.summarise(now + 20s);
  BOOST_TEST(log.lines.size() == 1U);
}

BOOST_AUTO_TEST_CASE(what_is_only_told_takes_no_line_from_what_is_refused) {
  Lines log;
  net::Refusals refusals(log);
  const Instant now = Instant(1h);
  for (int i = 0; i < 1'000; ++i) refusals.wants_line(Reason::quota, now, false);
  BOOST_TEST(refusals.wants_line(Reason::quota, now));
  refusals.summarise(now + 1s);
  BOOST_REQUIRE(log.lines.size() == 1U);
  BOOST_TEST(log.lines[0].find("\"event\":\"would_be_refusals\",\"reason\":\"quota\"") != std::string::npos,
             log.lines[0]);
}

BOOST_AUTO_TEST_SUITE_END()
