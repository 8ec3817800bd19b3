// Clocks that jump: the wall clock means nothing to a session; the steady one may have stood for hours.

#include "support/backend.hpp"
#include "support/call_control.hpp"
#include "support/crossing.hpp"
#include "support/daemon.hpp"
#include "support/pattern.hpp"
#include "support/raw_client.hpp"

#include <chrono>
#include <future>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace drawbridge::testing;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

namespace {

// The date of a record: YYYY-MM-DD.
std::string date(const Record& record) {
  return record["time"].substr(0, 10);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(clocks)

BOOST_AUTO_TEST_CASE(the_wall_clock_may_jump_as_it_likes) {
  CallControl clock;
  Crossing crossing;
  const Backend backend(echo());
  Daemon daemon(
      configuration(tls_listener(), route("c", crossing.backend_port()) +
                                        route("desk", backend.port(), ", timeouts: { idle: 1h, lifetime: 2h }")),
      {.process = clock.options()});
  crossing.use(daemon);
  RawClient client = RawClient::open(daemon.port());
  BOOST_TEST(wrongs(crossing.cross("/c", Ending::browser)) == "");
  std::string last = date(daemon.records().back());
  for (const std::chrono::hours jump : {100h, -200h, 24h * 365 * 15, -24h * 365 * 50}) {
    clock.shift_wall_clock(jump);
    const Crossed crossed = crossing.cross("/c", Ending::backend);
    BOOST_TEST(wrongs(crossed) == "");
    // As long as it took, whatever the clock says.
    BOOST_TEST(crossed.record.fields.at("seconds").to_number<double>() < 60, crossed.record.line);
    BOOST_TEST(date(crossed.record) != last);
    last = date(crossed.record);
    client.send_frame(Op::binary, "still here");
    BOOST_TEST(client.read_payload(10) == "still here");
  }
}

BOOST_AUTO_TEST_CASE(a_rate_is_held_against_the_wall_clock) {
  CallControl clock;
  const Backend backend(echo());
  Daemon daemon(simple(backend.port(), "", "limits: { handshakes_per_client: 0.01/s, handshake_burst: 1 }\n"),
                {.process = clock.options()});
  RawClient first = RawClient::open(daemon.port());
  clock.shift_wall_clock(1000h);
  BOOST_TEST(RawClient(daemon.port()).request(Head()).reason() == "rate");
  clock.shift_steady_clock(1h);
  BOOST_TEST(RawClient(daemon.port()).request(Head()).status == 101U);
}

BOOST_AUTO_TEST_CASE(small_leaps_disturb_nobody) {
  CallControl clock;
  Crossing crossing;
  Daemon daemon(simple(crossing.backend_port()), {.process = clock.options()});
  crossing.use(daemon);
  for (int i = 0; i < 30; ++i) {
    for (const Ending ending : {Ending::browser, Ending::browser_at_once, Ending::backend}) {
      std::future<Crossed> crossed = std::async(std::launch::async, [&] { return crossing.cross("/desk", ending); });
      clock.shift_steady_clock(1s);
      BOOST_TEST(wrongs(crossed.get()) == "");
    }
  }
}

// As after hours in which the machine slept: every deadline has passed at once.
BOOST_AUTO_TEST_CASE(a_leap_of_hours_ends_what_waited_and_nothing_else) {
  CallControl clock;
  Crossing crossing;
  const Backend echoing(echo());
  const Backend deaf([](Wire& wire) { wire.do_nothing(); });
  const FullPort full;
  const std::string no_life_signs = ", timeouts: { ping: none, dead: none, ";
  Daemon daemon(
      configuration(tls_listener(), route("c", crossing.backend_port()) + route("desk", echoing.port()) +
                                        route("idle", echoing.port(), no_life_signs + "idle: 1h }") +
                                        route("lifetime", echoing.port(), no_life_signs + "lifetime: 1h }") +
                                        route("timeless", echoing.port(), ", timeouts: { ping: none, dead: none }") +
                                        route("deaf", deaf.port()) + route("full", full.port())),
      {.process = clock.options()});
  crossing.use(daemon);
  const std::size_t before = daemon.process().open_descriptors();

  RawClient timeless = RawClient::open(daemon.port(), Head("/timeless"));
  std::vector<RawClient> waiting;
  for (const char* path : {"/desk", "/idle", "/lifetime"})
    waiting.push_back(RawClient::open(daemon.port(), Head(path)));
  RawClient stuck = RawClient::open(daemon.port(), Head("/deaf"));
  const std::string much = frame(Op::binary, pattern(15 << 20));
  BOOST_TEST(stuck.wire().write_until_stuck(much, 300ms) < much.size());
  Wire without_tls = connect_tcp(daemon.port());
  RawClient without_head(daemon.port());
  RawClient dialling(daemon.port());
  dialling.send(Head("/full").text());
  // Five sessions with two descriptors each, three connections, and the dial.
  const auto deadline = steady_clock::now() + patience;
  while (daemon.process().open_descriptors() < before + 14) BOOST_REQUIRE(steady_clock::now() < deadline);

  clock.shift_steady_clock(3h);
  BOOST_TEST(dialling.read_answer().reason() == "backend_timeout");
  BOOST_TEST(without_head.read_answer().reason() == "head_timeout");
  BOOST_TEST(without_tls.read_to_end_or_reset() == "");
  daemon.refused("backend_timeout");
  daemon.refused("head_timeout");
  daemon.refused("tls_timeout");
  const std::vector<std::string> reasons{"dead", "idle", "lifetime"};
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    BOOST_TEST((waiting[i].read_close() == Close{1001, reasons[i]}));
    waiting[i].finish();
    daemon.session(reasons[i]);
  }
  BOOST_TEST((stuck.read_close() == Close{1013, "stall"}));
  stuck.wire().close();
  daemon.session("stall");

  timeless.send_frame(Op::binary, "still here");
  BOOST_TEST(timeless.read_payload(10) == "still here");
  timeless.finish();
  daemon.session("client_closed");
  BOOST_TEST(wrongs(crossing.cross("/c", Ending::browser)) == "");
  for (Wire* wire : {&dialling.wire(), &without_head.wire(), &without_tls}) wire->close();
  const auto end = steady_clock::now() + patience;
  while (daemon.process().open_descriptors() != before) BOOST_REQUIRE(steady_clock::now() < end);
}

BOOST_AUTO_TEST_SUITE_END()
