#include "support/backend.hpp"
#include "support/daemon.hpp"
#include "support/raw_client.hpp"

#include <string>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

using namespace drawbridge::testing;
namespace json = boost::json;

BOOST_TEST_DONT_PRINT_LOG_VALUE(Close)

namespace {

struct Bridge {
  std::string text(bool with_game = true) const {
    std::string routes = route("desk", backend.port()) + route("dead", closed.port());
    if (with_game) routes += route("game", backend.port());
    return configuration(tls_listener(), routes,
                         "admin: [ { bind: 'unix:admin.sock' } ]\nworkers: 2\ntimeouts: { drain: 10ms }\n");
  }
  json::object look() const {
    RawClient client(connect_unix(daemon.directory().path("admin.sock")));
    const Answer answer = client.request(Head().request_line("GET /overview HTTP/1.1"));
    BOOST_TEST(answer.status == 200U);
    return json::parse(answer.body).as_object();
  }

  Backend backend{echo()};
  ClosedPort closed;
  Daemon daemon{text()};
};

std::string text(const json::value& value) {
  return json::serialize(value);
}

int number(const json::value& value) {
  return value.to_number<int>();
}

const json::value& route_of(const json::object& look, std::string_view name) {
  for (const json::value& route : look.at("routes").as_array()) {
    if (route.at("route").as_string() == name) return route;
  }
  throw std::runtime_error("no such route");
}

void echoes(RawClient& client, const std::string& text) {
  client.send_frame(Op::binary, text);
  BOOST_TEST(client.read_payload(text.size()) == text);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(overview)

BOOST_AUTO_TEST_CASE(two_looks_show_what_happened_between_them) {
  Bridge bridge;
  RawClient early = RawClient::open(bridge.daemon.port(), Head("/desk"));
  echoes(early, "four");
  const json::object first = bridge.look();
  BOOST_TEST(number(first.at("total").at("sessions")) == 1);
  BOOST_TEST(number(first.at("total").at("up_bytes")) == 4);
  BOOST_TEST(text(first.at("total").at("refused")) == "{}");
  BOOST_TEST(first.at("workers").as_array().size() == 2U);
  BOOST_TEST(!first.at("draining").as_bool());

  RawClient late = RawClient::open(bridge.daemon.port(), Head("/game"));
  echoes(late, "seven77");
  for (const auto& [path, reason] : {std::pair("/nosuch", "no_route"), std::pair("/dead", "backend_refused")}) {
    RawClient client(bridge.daemon.port());
    BOOST_TEST(client.request(Head(path)).reason() == reason);
    bridge.daemon.refused(reason);
  }
  early.finish();
  bridge.daemon.session("client_closed");
  const json::object second = bridge.look();
  BOOST_TEST(second.at("uptime").to_number<double>() > first.at("uptime").to_number<double>());
  BOOST_TEST(number(second.at("total").at("sessions")) == 1);
  BOOST_TEST(number(second.at("total").at("opened")) == 2);
  BOOST_TEST(number(second.at("total").at("up_bytes")) == 11);
  BOOST_TEST(number(second.at("total").at("down_bytes")) == 11);
  BOOST_TEST(text(second.at("total").at("refused")) == R"({"no_route":1,"backend_refused":1})");
  BOOST_TEST(text(second.at("unrouted").at("refused")) == R"({"no_route":1})");
  BOOST_TEST(text(route_of(second, "desk").at("ended")) == R"({"client_closed":1})");
  BOOST_TEST(number(route_of(second, "game").at("dials").at("count")) == 1);
  BOOST_TEST(number(route_of(second, "dead").at("dials").at("failed")) == 1);
  BOOST_TEST(number(route_of(second, "dead").at("dials").at("count")) == 0);
}

BOOST_AUTO_TEST_CASE(a_removed_routes_counts_stay) {
  Bridge bridge;
  RawClient game = RawClient::open(bridge.daemon.port(), Head("/game"));
  echoes(game, "seven77");
  BOOST_TEST(route_of(bridge.look(), "game").at("configured").as_bool());
  bridge.daemon.reload(bridge.text(false));
  bridge.daemon.wait_for("reloaded");
  BOOST_TEST((game.read_close() == Close{1012, "drain"}));
  game.finish();
  bridge.daemon.session("drain");
  const json::object look = bridge.look();
  BOOST_TEST(!route_of(look, "game").at("configured").as_bool());
  BOOST_TEST(number(route_of(look, "game").at("up_bytes")) == 7);
  BOOST_TEST(number(look.at("total").at("up_bytes")) == 7);
}

// Of a thousand routes, so that each answer takes a while to write.
BOOST_AUTO_TEST_CASE(answers_are_whole_while_reloads_go_on) {
  const Backend backend(echo());
  std::string routes;
  for (int i = 0; i < 1'000; ++i) routes += route("r" + std::to_string(i), backend.port());
  const std::string admin = "admin: [ { bind: 'unix:admin.sock' } ]\n";
  const std::string small = configuration(tls_listener(), route("r0", backend.port()), admin);
  const std::string large = configuration(tls_listener(), routes, admin);
  Daemon daemon(large);
  for (int i = 0; i < 5; ++i) {
    daemon.reload(i % 2 == 0 ? small : large);
    for (const char* path : {"/overview", "/metrics", "/config", "/sessions", "/status"}) {
      RawClient client(connect_unix(daemon.directory().path("admin.sock")));
      const Answer answer = client.request(Head().request_line("GET " + std::string(path) + " HTTP/1.1"));
      BOOST_TEST(answer.status == 200U, path);
      BOOST_TEST(answer.body.ends_with("\n"), path);
      if (answer.body.starts_with("{")) BOOST_TEST(json::parse(answer.body).is_object(), path);
    }
    daemon.wait_for("reloaded");
  }
}

BOOST_AUTO_TEST_SUITE_END()
