#include "ws/lifecycle.hpp"

#include <algorithm>
#include <functional>
#include <ostream>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

using drawbridge::Reason;
using drawbridge::ws::Lifecycle;
using State = Lifecycle::State;

namespace drawbridge {

std::ostream& operator<<(std::ostream& out, Reason reason) {
  return out << word(reason);
}

}  // namespace drawbridge

namespace {

using Event = std::function<void(Lifecycle&)>;

// What an event makes of a session that is open: how far it goes, why, and with which Close frame.
struct Row {
  std::string_view name;
  Event happen;
  State state;
  Reason reason;
  int code;  // of the Close frame; 0: none goes
};

const std::vector<Row>& table() {
  static const std::vector<Row> rows{
      {"browser_closed", [](Lifecycle& life) { life.browser_closed(3001); }, State::finishing, Reason::client_closed,
       3001},
      {"an empty browser_closed", [](Lifecycle& life) { life.browser_closed(1005); }, State::finishing,
       Reason::client_closed, 1005},
      {"browser_lost", [](Lifecycle& life) { life.browser_lost(Reason::client_gone); }, State::finishing,
       Reason::client_gone, 0},
      {"browser_lost in TLS", [](Lifecycle& life) { life.browser_lost(Reason::tls_error); }, State::finishing,
       Reason::tls_error, 0},
      {"browser_refused", [](Lifecycle& life) { life.browser_refused(Reason::utf8); }, State::finishing, Reason::utf8,
       1007},
      {"backend_ended", [](Lifecycle& life) { life.backend_ended(); }, State::closing, Reason::backend_closed, 1000},
      {"backend_lost", [](Lifecycle& life) { life.backend_lost(); }, State::finishing, Reason::backend_reset, 1011},
      {"decide", [](Lifecycle& life) { life.decide(Reason::drain); }, State::closing, Reason::drain, 1012},
      {"cut", [](Lifecycle& life) { life.cut(Reason::stall); }, State::finishing, Reason::stall, 1013},
  };
  return rows;
}

void is(const Lifecycle& life, State state, const Row& why) {
  BOOST_TEST((life.state() == state));
  BOOST_TEST(life.reason().value() == why.reason);
  BOOST_TEST(life.close_code().value_or(0) == why.code);
  BOOST_TEST(life.takes_from_browser() == (state != State::finishing));
  BOOST_TEST(!life.takes_from_backend());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lifecycle)

BOOST_AUTO_TEST_CASE(it_is_open_both_ways_until_something_happens) {
  const Lifecycle life;
  BOOST_TEST((life.state() == State::open));
  BOOST_TEST(!life.reason());
  BOOST_TEST(!life.close_code());
  BOOST_TEST(life.takes_from_browser());
  BOOST_TEST(life.takes_from_backend());
}

BOOST_AUTO_TEST_CASE(every_event_ends_an_open_session_in_its_own_way) {
  for (const Row& row : table()) {
    BOOST_TEST_CONTEXT(row.name) {
      Lifecycle life;
      row.happen(life);
      is(life, row.state, row);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_first_reason_and_its_code_stay_and_nothing_goes_back) {
  for (const Row& first : table()) {
    for (const Row& second : table()) {
      BOOST_TEST_CONTEXT(first.name << ", then " << second.name) {
        Lifecycle life;
        first.happen(life);
        second.happen(life);
        is(life, std::max(first.state, second.state), first);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(waiting_for_the_browsers_close_ends_only_while_closing) {
  Lifecycle open;
  open.close_timed_out();
  BOOST_TEST((open.state() == State::open));
  for (const Row& row : table()) {
    BOOST_TEST_CONTEXT(row.name) {
      Lifecycle life;
      row.happen(life);
      life.close_timed_out();
      is(life, State::finishing, row);
    }
  }
}

BOOST_AUTO_TEST_CASE(every_reason_that_can_end_a_session_brings_its_own_code) {
  for (const drawbridge::ReasonInfo& info : drawbridge::reasons()) {
    BOOST_TEST_CONTEXT(info.word) {
      Lifecycle life;
      life.decide(info.reason);
      BOOST_TEST(life.close_code().has_value() == (info.close_code != 0));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
