// What a message, an opening and an idle session may cost: counted, so it does not depend on how busy the machine is.

#include "support/backend.hpp"
#include "support/call_control.hpp"
#include "support/daemon.hpp"
#include "support/pattern.hpp"
#include "support/raw_client.hpp"

#include <array>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace drawbridge::testing;

namespace {

// How many calls of each kind the daemon makes while `work` is done, divided by `times`.
struct Calls {
  Calls(const CallControl& its_control, double its_times) : control(its_control), times(its_times) {
    for (std::size_t i = 0; i < before.size(); ++i) before[i] = control.calls(static_cast<Call>(i));
  }
  double of(Call call) const {
    return static_cast<double>(control.calls(call) - before[static_cast<std::size_t>(call)]) / times;
  }
  const CallControl& control;
  const double times;
  std::array<std::uint64_t, static_cast<std::size_t>(Call::count_)> before{};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(costs)

BOOST_AUTO_TEST_CASE(an_echo_costs_two_reads_and_two_writes) {
  CallControl control;
  const Backend backend(echo());
  Daemon daemon(simple(backend.port()), {.process = control.options()});
  RawClient client = RawClient::open(daemon.port());
  const std::string message = pattern(64);
  const auto exchange = [&](int times) {
    for (int i = 0; i < times; ++i) {
      client.send_frame(Op::binary, message);
      BOOST_REQUIRE(client.read_payload(message.size()) == message);
    }
  };
  exchange(10);
  constexpr int times = 500;
  const Calls calls(control, times);
  exchange(times);
  // A few more where the machine tore an exchange apart.
  BOOST_TEST(calls.of(Call::receive) < 2.1);
  BOOST_TEST(calls.of(Call::send) < 2.1);
  for (const Call call : {Call::watch, Call::setsockopt, Call::getsockopt, Call::write_log, Call::open}) {
    BOOST_TEST(calls.of(call) == 0, static_cast<int>(call));
  }
}

BOOST_AUTO_TEST_CASE(a_session_from_its_opening_to_its_end_costs_so_many_calls) {
  CallControl control;
  const Backend backend(echo());
  Daemon daemon(simple(backend.port()), {.process = control.options()});
  const auto cross = [&](int times) {
    for (int i = 0; i < times; ++i) {
      RawClient client = RawClient::open(daemon.port());
      client.finish();
      daemon.session("client_closed");
    }
  };
  cross(5);
  constexpr int times = 100;
  const Calls calls(control, times);
  cross(times);
  BOOST_TEST(calls.of(Call::watch) == 2);
  BOOST_TEST(calls.of(Call::socket) == 1);
  BOOST_TEST(calls.of(Call::connect) == 1);
  BOOST_TEST(calls.of(Call::getsockopt) <= 1);
  BOOST_TEST(calls.of(Call::setsockopt) <= 8);
  BOOST_TEST(calls.of(Call::send) <= 5);
  BOOST_TEST(calls.of(Call::receive) < 12);
}

BOOST_AUTO_TEST_CASE(an_idle_session_costs_so_much_memory) {
  if (sanitized) return;  // their shadows are no memory of the daemon's
  const Backend backend(echo());
  Daemon daemon(simple(backend.port()));
  std::vector<RawClient> clients;
  const auto open = [&](int times) {
    for (int i = 0; i < times; ++i) {
      clients.push_back(RawClient::open(daemon.port()));
      clients.back().send_frame(Op::binary, "x");
      BOOST_REQUIRE(clients.back().read_payload(1) == "x");
    }
  };
  open(100);
  const std::uint64_t before = daemon.process().resident_bytes();
  constexpr int times = 300;
  open(times);
  const double kib = static_cast<double>(daemon.process().resident_bytes() - before) / 1024 / times;
  BOOST_TEST(kib < 17);
}

BOOST_AUTO_TEST_SUITE_END()
