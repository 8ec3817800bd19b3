#include "net/snapshot.hpp"

#include <boost/test/unit_test.hpp>

using namespace drawbridge;

namespace {

config::Config with_routes(std::initializer_list<std::string> names, std::uint64_t sessions) {
  config::Config config;
  for (const std::string& name : names) {
    config::Route route;
    route.name = name;
    route.path = "/" + name;
    route.limits.sessions = sessions;
    config.routes.push_back(route);
  }
  return config;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(snapshot)

BOOST_AUTO_TEST_CASE(a_route_has_only_so_many_places) {
  const net::Snapshot snapshot(with_routes({"a"}, 2), nullptr);
  auto first = net::RoutePlace::take(snapshot.route(0));
  {
    const auto second = net::RoutePlace::take(snapshot.route(0));
    BOOST_TEST(static_cast<bool>(second));
    BOOST_TEST(!net::RoutePlace::take(snapshot.route(0)));
  }
  BOOST_TEST(static_cast<bool>(net::RoutePlace::take(snapshot.route(0))));
  const auto moved = std::move(first);
  BOOST_TEST(snapshot.route(0)->state->sessions.load() == 1U);
}

BOOST_AUTO_TEST_CASE(places_that_are_not_enforced_are_only_known_to_be_too_many) {
  config::Config config = with_routes({"a"}, 1);
  config.routes[0].limits.enforce_sessions = false;
  const net::Snapshot snapshot(std::move(config), nullptr);
  const auto first = net::RoutePlace::take(snapshot.route(0));
  BOOST_TEST(!first.is_beyond());
  {
    const auto second = net::RoutePlace::take(snapshot.route(0));
    BOOST_TEST_REQUIRE(static_cast<bool>(second));
    BOOST_TEST(second.is_beyond());
  }
  BOOST_TEST(snapshot.route(0)->state->sessions.load() == 1U);
}

BOOST_AUTO_TEST_CASE(a_reload_keeps_the_count_of_a_route_and_the_route_of_a_session) {
  auto before = std::make_unique<net::Snapshot>(with_routes({"a", "b"}, 1), nullptr);
  const auto place = net::RoutePlace::take(before->route(1));
  const net::Snapshot after(with_routes({"b"}, 1), before.get());
  before.reset();
  BOOST_TEST(!net::RoutePlace::take(after.route(0)));
  BOOST_TEST(place.route().name == "b");
  BOOST_TEST(after.has_route("b"));
  BOOST_TEST(!after.has_route("a"));
}

BOOST_AUTO_TEST_SUITE_END()
