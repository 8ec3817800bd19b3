#include "daemon/metric_families.hpp"

#include <string>

#include <boost/test/unit_test.hpp>

using namespace drawbridge;
using daemon::MetricFamilies;

BOOST_AUTO_TEST_SUITE(metric_families)

BOOST_AUTO_TEST_CASE(a_family_without_series_has_its_name_on_the_page) {
  MetricFamilies page;
  page.counter("some_total", "Some of it.");
  BOOST_TEST(page.text() == "# HELP some_total Some of it.\n# TYPE some_total counter\n");
}

BOOST_AUTO_TEST_CASE(numbers_are_exact_and_labels_are_escaped) {
  MetricFamilies page;
  page.counter("bytes_total", "B.").put(std::uint64_t{1'234'567'890'123'456}, {{"route", "a\"b\\c\nd"}});
  BOOST_TEST(page.text().find("bytes_total{route=\"a\\\"b\\\\c\\nd\"} 1234567890123456\n") != std::string::npos,
             page.text());
}

BOOST_AUTO_TEST_CASE(only_reasons_that_occurred_are_series) {
  net::ReasonCounts counts;
  counts.count(Reason::origin);
  counts.count(Reason::origin);
  MetricFamilies page;
  page.counter("refusals_total", "R.").put(counts, {{"route", "desk"}});
  BOOST_TEST(page.text() ==
             "# HELP refusals_total R.\n# TYPE refusals_total counter\n"
             "refusals_total{reason=\"origin\",route=\"desk\"} 2\n");
}

BOOST_AUTO_TEST_CASE(a_histogram_ends_with_all) {
  net::Histogram<net::dial_bounds> dials;
  dials.count(0.004);
  dials.count(100);
  MetricFamilies page;
  page.histogram("dials", "D.").put(dials);
  const std::string text = page.text();
  for (const std::string line :
       {"dials_count 2\n", "dials_sum 100.004\n", "dials_bucket{le=\"0.0025\"} 0\n", "dials_bucket{le=\"0.005\"} 1\n",
        "dials_bucket{le=\"10\"} 1\n", "dials_bucket{le=\"+Inf\"} 2\n"}) {
    BOOST_TEST(text.find(line) != std::string::npos, line << "in\n" << text);
  }
}

BOOST_AUTO_TEST_SUITE_END()
