#include "net/meter.hpp"

#include <boost/test/unit_test.hpp>

using namespace drawbridge;
using namespace std::chrono_literals;

namespace {

const config::Quotas a_hundred_bytes{.enforce = true, .sessions = {}, .rate = {}, .bytes_per_day = 100};
const config::Quotas a_thousand_a_second{.enforce = true, .sessions = {}, .rate = 1'000, .bytes_per_day = {}};

}  // namespace

BOOST_AUTO_TEST_SUITE(meter)

BOOST_AUTO_TEST_CASE(each_byte_is_spent_once_whichever_way_it_went) {
  policy::Quotas quotas(10, 0);
  const Instant now = Instant(1h);
  net::Meter meter(quotas.join("desk", a_hundred_bytes, "alice", now).share);
  net::Counts counts;
  counts.up_bytes = 60;
  counts.down_bytes = 40;
  BOOST_TEST(!meter.read(counts, now).objection);
  BOOST_TEST(!meter.read(counts, now).objection);
  counts.down_bytes = 41;
  BOOST_TEST(policy::refuses(meter.read(counts, now).objection));
}

BOOST_AUTO_TEST_CASE(what_a_session_takes_back_stays_spent) {
  policy::Quotas quotas(10, 0);
  const Instant now = Instant(1h);
  net::Meter meter(quotas.join("desk", a_hundred_bytes, "alice", now).share);
  net::Counts counts;
  counts.down_bytes = 100;
  BOOST_TEST(!meter.read(counts, now).objection);
  counts.down_bytes = 50;
  BOOST_TEST(!meter.read(counts, now).objection);
  counts.down_bytes = 100;
  BOOST_TEST(!meter.read(counts, now).objection);
  counts.down_bytes = 101;
  BOOST_TEST(policy::refuses(meter.read(counts, now).objection));
}

BOOST_AUTO_TEST_CASE(it_tells_what_others_of_the_identity_left_over) {
  policy::Quotas quotas(10, 0);
  const Instant now = Instant(1h);
  net::Meter one(quotas.join("desk", a_thousand_a_second, "alice", now).share);
  net::Meter other(quotas.join("desk", a_thousand_a_second, "alice", now).share);
  net::Counts counts;
  counts.up_bytes = 1'250;
  BOOST_TEST((one.read(counts, now).ready == now + 1s));
  BOOST_TEST((other.read({}, now).ready == now + 1s));
  BOOST_TEST((other.read({}, now + 1s).ready == now + 1s));
}

BOOST_AUTO_TEST_SUITE_END()
