// Random peers, limits and moments around one session.

#include "session_world.hpp"

#include <boost/test/unit_test.hpp>

using drawbridge::testing::Behind;
using drawbridge::testing::Heard;
using drawbridge::testing::Manners;
using drawbridge::testing::SeededChoices;
using drawbridge::testing::SessionWorld;

namespace {

void run(std::uint32_t seeds, Manners manners, Behind behind, Heard heard = Heard::no) {
  for (std::uint32_t seed = 1; seed <= seeds; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      SeededChoices choices(seed);
      SessionWorld(choices, manners, behind, heard).run();
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(splice_random)

BOOST_AUTO_TEST_CASE(peers_with_good_manners_lose_nothing) {
  run(400, Manners::good, Behind::service);
}

BOOST_AUTO_TEST_CASE(browsers_with_good_manners_get_every_message_back) {
  run(400, Manners::good, Behind::echo);
}

BOOST_AUTO_TEST_CASE(every_session_ends_once_with_one_reason_and_true_counts) {
  run(3'000, Manners::any, Behind::service);
}

BOOST_AUTO_TEST_CASE(so_does_every_echo) {
  run(3'000, Manners::any, Behind::echo);
}

BOOST_AUTO_TEST_CASE(a_trace_hears_what_crosses_and_changes_nothing) {
  for (const Behind behind : {Behind::service, Behind::echo}) {
    run(200, Manners::good, behind, Heard::yes);
    run(1'500, Manners::any, behind, Heard::yes);
  }
}

BOOST_AUTO_TEST_SUITE_END()
