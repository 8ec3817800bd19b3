#include "daemon/overview.hpp"

#include <string_view>

#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

using namespace drawbridge;
namespace json = boost::json;

namespace {

daemon::Surroundings two_routes() {
  daemon::Surroundings all;
  all.time = 1'800'000'000;
  all.uptime = 1.5;
  all.routes = {{"desk", "tcp://127.0.0.1:5900", false}, {"game", "echo:", true}};
  return all;
}

net::Tally some_counts() {
  net::Tally sum;
  net::RouteTally& desk = sum.route("desk");
  desk.sessions = 2;
  desk.opened = 5;
  desk.ends.count(Reason::client_closed);
  desk.refusals.count(Reason::origin);
  desk.refusals.count(Reason::backend_refused);
  desk.refusals.count(Reason::backend_timeout);
  desk.would_refuse.count(Reason::rate);
  desk.ended.up_bytes = 10;
  desk.running.up_bytes = 7;
  desk.running.down_messages = 3;
  desk.dials.count(0.002);
  sum.route("gone").opened = 1;
  sum.route("").refusals.count(Reason::no_route);
  return sum;
}

std::string text(const json::value& value) {
  return json::serialize(value);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(overviews)

BOOST_AUTO_TEST_CASE(a_route_has_what_is_over_and_what_runs) {
  const json::object all = daemon::overview(two_routes(), some_counts(), {});
  const json::object& desk = all.at("routes").at(0).as_object();
  BOOST_TEST(desk.at("route").as_string() == "desk");
  BOOST_TEST(desk.at("backend").as_string() == "tcp://127.0.0.1:5900");
  BOOST_TEST(desk.at("sessions").to_number<int>() == 2);
  BOOST_TEST(desk.at("opened").to_number<int>() == 5);
  BOOST_TEST(desk.at("up_bytes").to_number<int>() == 17);
  BOOST_TEST(desk.at("down_messages").to_number<int>() == 3);
  BOOST_TEST(text(desk.at("refused")) == R"({"origin":1,"backend_refused":1,"backend_timeout":1})");
  BOOST_TEST(text(desk.at("ended")) == R"({"client_closed":1})");
  BOOST_TEST(text(desk.at("would_refuse")) == R"({"rate":1})");
  BOOST_TEST(desk.at("dials").at("count").to_number<int>() == 1);
  BOOST_TEST(desk.at("dials").at("failed").to_number<int>() == 2);
  BOOST_TEST(desk.at("dials").at("median").to_number<double>() == 0.00175);
}

BOOST_AUTO_TEST_CASE(routes_stand_in_the_order_of_the_configuration_and_removed_ones_behind) {
  const json::array routes = daemon::overview(two_routes(), some_counts(), {}).at("routes").as_array();
  BOOST_TEST_REQUIRE(routes.size() == 3U);
  BOOST_TEST(!routes[0].at("draining").as_bool());
  BOOST_TEST(routes[1].at("route").as_string() == "game");
  BOOST_TEST(routes[1].at("draining").as_bool());
  BOOST_TEST(routes[1].at("opened").to_number<int>() == 0);
  BOOST_TEST(routes[2].at("route").as_string() == "gone");
  BOOST_TEST(!routes[2].at("configured").as_bool());
}

BOOST_AUTO_TEST_CASE(the_total_is_of_all_routes_and_of_what_came_to_none) {
  const json::object all = daemon::overview(two_routes(), some_counts(), {});
  BOOST_TEST(all.at("total").at("opened").to_number<int>() == 6);
  BOOST_TEST(text(all.at("total").at("refused")) ==
             R"({"origin":1,"no_route":1,"backend_refused":1,"backend_timeout":1})");
  BOOST_TEST(text(all.at("unrouted")) == R"({"refused":{"no_route":1},"would_refuse":{}})");
}

BOOST_AUTO_TEST_CASE(workers_stand_in_their_order_with_their_own_sessions) {
  std::vector<daemon::WorkerReport> reports(2);
  reports[0].index = 1;
  reports[0].tally = some_counts();
  reports[1].lag = std::chrono::milliseconds(2);
  BOOST_TEST(text(daemon::overview(two_routes(), some_counts(), reports).at("workers")) ==
             R"([{"worker":0,"sessions":0,"lag":2E-3},{"worker":1,"sessions":2,"lag":0E0}])");
}

BOOST_AUTO_TEST_SUITE_END()
