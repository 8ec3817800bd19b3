#include "support/backend.hpp"
#include "support/daemon.hpp"
#include "support/raw_client.hpp"
#include "support/websocket_client.hpp"

#include <optional>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace drawbridge::testing;

BOOST_TEST_DONT_PRINT_LOG_VALUE(Close)

namespace {

// What a browser with that head sees of a refusal: a status, or 101 and a Close.
struct Refusal {
  Answer answer;
  std::optional<Close> close;
};

Refusal refusal(std::uint16_t port, const Head& head) {
  RawClient client(port);
  Refusal result{client.request(head), std::nullopt};
  if (result.answer.status == 101) {
    result.close = client.read_close();
    client.finish();
  }
  return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(origins)

BOOST_AUTO_TEST_CASE(only_listed_origins_cross) {
  const Backend backend(echo());
  Daemon daemon(configuration(
      tls_listener(),
      route("list", backend.port(),
            ", origins: [ \"https://app.example.org\", \"http://plain.test:8080\", \"capacitor://localhost\" ]") +
          route("sub", backend.port(), ", origins: [ \"https://*.example.org\" ]") +
          route("nobody", backend.port(), ", origins: [ \"null\" ]") +
          route("any", backend.port(), ", origins: [ \"*\" ]") +
          route("missing", backend.port(), ", allow_missing_origin: true")));
  struct Case {
    const char* route;
    const char* origin;  // empty: none is sent
    bool crosses;
  };
  const std::vector<Case> cases{
      {"/list", "https://app.example.org", true},
      {"/list", "https://app.example.org:443", true},
      {"/list", "HTTPS://APP.Example.ORG", true},
      {"/list", "http://plain.test:8080", true},
      {"/list", "capacitor://localhost", true},
      {"/list", "http://app.example.org", false},
      {"/list", "https://app.example.org:8443", false},
      {"/list", "https://evilapp.example.org", false},
      {"/list", "https://app.example.org.evil.net", false},
      {"/list", "http://plain.test", false},
      {"/list", "null", false},
      {"/list", "", false},
      {"/sub", "https://a.example.org", true},
      {"/sub", "https://a.b.example.org", true},
      {"/sub", "https://example.org", false},
      {"/sub", "https://evilexample.org", false},
      {"/sub", "https://example.org.evil.net", false},
      {"/sub", "http://a.example.org", false},
      {"/nobody", "null", true},
      {"/nobody", "https://app.example.org", false},
      {"/any", "https://whoever.test", true},
      {"/any", "null", false},
      {"/any", "", false},
      {"/missing", "", true},
      {"/missing", "https://app.example.org", true},
      {"/missing", "https://other.test", false},
  };
  for (const Case& each : cases) {
    BOOST_TEST_CONTEXT(each.route << " from '" << each.origin << "'") {
      Head head(each.route);
      if (*each.origin == '\0')
        head.without("Origin");
      else
        head.set("Origin", each.origin);
      RawClient client(daemon.port());
      const Answer answer = client.request(head);
      BOOST_TEST(answer.status == (each.crosses ? 101U : 403U));
      if (!each.crosses) {
        BOOST_TEST(answer.reason() == "origin");
        const Record record = daemon.refused("origin");
        BOOST_TEST(record["origin"] == each.origin);
        BOOST_TEST("/" + record["route"] == each.route);
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(rejection)

BOOST_AUTO_TEST_CASE(script_can_read_the_reason_where_the_route_says_close) {
  const ClosedPort closed;
  Daemon daemon(configuration(tls_listener(), route("http", closed.port()) +
                                                  route("close", closed.port(), ", rejection: close") +
                                                  route("any", closed.port(), ", rejection: close-any")));
  const Refusal http = refusal(daemon.port(), Head("/http"));
  BOOST_TEST(http.answer.status == 502U);
  BOOST_TEST(http.answer.reason() == "backend_refused");
  BOOST_TEST(daemon.refused("backend_refused")["status"] == "502");

  const Refusal close = refusal(daemon.port(), Head("/close").set("Sec-WebSocket-Protocol", "first, second"));
  BOOST_TEST(close.close.value() == (Close{4502, "backend_refused"}));
  BOOST_TEST(close.answer.field("Sec-WebSocket-Protocol") == "first");
  BOOST_TEST(daemon.refused("backend_refused")["code"] == "4502");

  const Refusal foreign = refusal(daemon.port(), Head("/close").set("Origin", "https://evil.test"));
  BOOST_TEST(foreign.answer.status == 403U);
  BOOST_TEST(daemon.refused("origin")["status"] == "403");

  const Refusal any = refusal(daemon.port(), Head("/any").set("Origin", "https://evil.test"));
  BOOST_TEST(any.close.value() == (Close{4403, "origin"}));
  BOOST_TEST(daemon.refused("origin")["code"] == "4403");

  // Without a matching route nobody said that a Close is wanted.
  BOOST_TEST(refusal(daemon.port(), Head("/nothing")).answer.status == 404U);
  BOOST_TEST(refusal(daemon.port(), Head("/any").without("Sec-WebSocket-Key")).answer.status == 400U);
}

BOOST_AUTO_TEST_CASE(a_delay_stands_behind_the_word) {
  const Backend backend(echo());
  Daemon daemon(simple(backend.port(), ", rejection: close, limits: { sessions: 1 }"));
  RawClient first = RawClient::open(daemon.port());
  const Refusal second = refusal(daemon.port(), Head());
  BOOST_TEST(second.close.value().code == 4503);
  BOOST_TEST(second.close.value().text.starts_with("route_full;retry="), second.close.value().text);
  daemon.refused("route_full");
}

BOOST_AUTO_TEST_CASE(a_backend_that_never_answers_is_504) {
  const FullPort full;
  Daemon daemon(simple(full.port(), ", timeouts: { connect: 300ms }"));
  const Refusal late = refusal(daemon.port(), Head());
  BOOST_TEST(late.answer.status == 504U);
  BOOST_TEST(late.answer.reason() == "backend_timeout");
  const Record record = daemon.refused("backend_timeout");
  BOOST_TEST(record["route"] == "desk");
}

BOOST_AUTO_TEST_CASE(a_backend_name_that_does_not_resolve_is_502) {
  Daemon daemon(configuration(tls_listener(),
                              "  - { name: desk, path: /desk, origins: [ \"https://app.example.org\" ], backend: "
                              "\"tcp://nowhere.invalid:7\", timeouts: { connect: 10s } }\n"));
  const Refusal lost = refusal(daemon.port(), Head());
  BOOST_TEST(lost.answer.status == 502U);
  BOOST_TEST(lost.answer.reason() == "backend_unresolved");
  daemon.refused("backend_unresolved");
}

BOOST_AUTO_TEST_CASE(a_name_with_several_addresses_reaches_the_one_that_answers) {
  // localhost is ::1 first, where nobody listens, and 127.0.0.1.
  const Backend backend(greet("here"));
  Daemon daemon(configuration(tls_listener(),
                              "  - { name: desk, path: /desk, origins: [ \"https://app.example.org\" ], "
                              "backend: \"tcp://localhost:" +
                                  std::to_string(backend.port()) + "\" }\n"));
  BOOST_TEST(RawClient::open(daemon.port()).read_payload(4) == "here");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(subprotocols)

BOOST_AUTO_TEST_CASE(the_answer_is_one_that_was_offered_or_none) {
  const Backend backend(echo());
  Daemon daemon(configuration(tls_listener(),
                              route("free", backend.port()) +
                                  route("list", backend.port(), ", subprotocols: [ mqtt, binary ]") +
                                  route("close", backend.port(), ", subprotocols: [ mqtt ], rejection: close-any")));
  struct Case {
    const char* route;
    const char* offered;
    unsigned status;
    const char* answered;
  };
  const std::vector<Case> cases{
      {"/free", "", 101, ""},     {"/free", "chat", 101, "chat"},     {"/free", "chat, mqtt", 101, "chat"},
      {"/list", "", 101, ""},     {"/list", "binary", 101, "binary"}, {"/list", "chat,binary , mqtt", 101, "mqtt"},
      {"/list", "MQTT", 400, ""}, {"/list", "chat", 400, ""},         {"/close", "chat", 400, ""},
      {"/free", "a b", 400, ""},  {"/free", "chat, chat", 400, ""},
  };
  for (const Case& each : cases) {
    BOOST_TEST_CONTEXT(each.route << " offered '" << each.offered << "'") {
      Head head(each.route);
      if (*each.offered != '\0') head.set("Sec-WebSocket-Protocol", each.offered);
      RawClient client(daemon.port());
      const Answer answer = client.request(head);
      BOOST_TEST(answer.status == each.status);
      BOOST_TEST(answer.field("Sec-WebSocket-Protocol") == each.answered);
      if (answer.status == 101) {
        client.finish();
        BOOST_TEST(daemon.session("client_closed")["subprotocol"] == each.answered);
      }
    }
  }
  daemon.refused("subprotocol");
  WebSocketClient browser(daemon.port(), {.target = "/list", .subprotocols = "binary"});
  BOOST_TEST(browser.subprotocol() == "binary");
}

BOOST_AUTO_TEST_CASE(several_fields_make_one_list) {
  const Backend backend(echo());
  Daemon daemon(simple(backend.port(), ", subprotocols: [ second ]"));
  RawClient client(daemon.port());
  const Answer answer =
      client.request(Head().add_line("Sec-WebSocket-Protocol: first").add_line("Sec-WebSocket-Protocol: second"));
  BOOST_TEST(answer.field("Sec-WebSocket-Protocol") == "second");
}

BOOST_AUTO_TEST_SUITE_END()
