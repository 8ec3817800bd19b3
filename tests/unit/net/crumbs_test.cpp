#include "net/crumbs.hpp"

#include <boost/test/unit_test.hpp>

using namespace drawbridge;
using namespace std::chrono_literals;

namespace {

// A backend that writes `size` bytes every `pause`, on a machine that needs `work` for each look and `nap` for a nap.
struct Backend {
  Duration pause;
  std::size_t size = 64;
  Duration work = 5us;
  Duration nap = 100us;

  // How many of 10,000 looks were preceded by a nap.
  int naps() const {
    net::Crumbs crumbs;
    Instant now = Instant(1h);
    Instant next = now;
    int count = 0;
    bool napped = false;
    for (int i = 0; i < 10'000; ++i) {
      now = std::max(now + work + (napped ? nap : 0us), next);
      std::size_t bytes = 0;
      for (; next <= now; next += pause) bytes += size;
      napped = crumbs.came(bytes, now);
      count += napped;
    }
    return count;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(crumbs)

BOOST_AUTO_TEST_CASE(a_stream_of_tiny_writes_is_looked_at_now_and_then) {
  BOOST_TEST(Backend{.pause = 2us}.naps() > 9'900);
  BOOST_TEST(Backend{.pause = 10us}.naps() > 9'900);
}

BOOST_AUTO_TEST_CASE(who_writes_seldom_is_heard_at_once) {
  BOOST_TEST(Backend{.pause = 100us}.naps() == 0);
  BOOST_TEST(Backend{.pause = 10ms}.naps() == 0);
}

BOOST_AUTO_TEST_CASE(bulk_is_not_held_up) {
  BOOST_TEST((Backend{.pause = 5us, .size = 16'384}.naps() == 0));
}

BOOST_AUTO_TEST_CASE(a_nap_that_finds_nothing_more_is_not_repeated_at_once) {
  BOOST_TEST((Backend{.pause = 29us, .nap = 10us}.naps() < 10'000 / 8));
}

BOOST_AUTO_TEST_CASE(a_conversation_is_no_stream) {
  net::Crumbs crumbs;
  Instant now = Instant(1h);
  for (int i = 0; i < 1'000; ++i) {
    BOOST_TEST(!crumbs.came(64, now += 10us));
    crumbs.answered();
  }
}

BOOST_AUTO_TEST_SUITE_END()
