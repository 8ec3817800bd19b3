#include "support/backend.hpp"
#include "support/base64.hpp"
#include "support/daemon.hpp"
#include "support/line_feed.hpp"
#include "support/pattern.hpp"
#include "support/raw_client.hpp"

#include <string>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

using namespace drawbridge::testing;
using boost::json::object;

BOOST_TEST_DONT_PRINT_LOG_VALUE(Close)

namespace {

// A route whose payload operators may see, and one whose they may not.
struct Bridge {
  explicit Bridge(const std::string& top = "") : daemon(text(top)) {}

  std::string text(const std::string& top = "", const std::string& desk = ", trace_payload: true") const {
    return configuration(tls_listener(), route("desk", backend.port(), desk) + route("game", backend.port()),
                         "admin: [ { bind: 'unix:admin.sock' } ]\n" + top);
  }
  Wire admin() const { return connect_unix(daemon.directory().path("admin.sock")); }
  object ask(const std::string& method, const std::string& target) const {
    RawClient client(admin());
    return boost::json::parse(client.request(Head().request_line(method + " " + target + " HTTP/1.1")).body)
        .as_object();
  }
  LineFeed trace(const std::string& query) const { return {admin(), "/trace?" + query}; }
  // Of one that is refused.
  std::string refusal(const std::string& query, unsigned status) const {
    const LineFeed feed = trace(query);
    BOOST_TEST(feed.status() == status, query);
    return std::string(boost::json::parse(feed.answer().body).as_object().at("error").as_string());
  }
  RawClient open(const std::string& path) { return RawClient::open(daemon.port(), Head(path)); }
  std::string newest() const {
    return std::string(ask("GET", "/sessions").at("sessions").as_array().back().as_object().at("session").as_string());
  }
  std::size_t traces() const { return ask("GET", "/status").at("traces").to_number<std::size_t>(); }
  void wait_for_traces(std::size_t count) const {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (traces() != count) {
      if (std::chrono::steady_clock::now() > deadline) throw Timeout("the number of traces");
    }
  }

  Backend backend{echo()};
  Daemon daemon;
};

void echoes(RawClient& client, const std::string& text = "across") {
  client.send_frame(Op::binary, text);
  BOOST_TEST(client.read_payload(text.size()) == text);
}

// "up binary 6", and what follows.
std::string frame_of(const object& line) {
  std::string words = std::string(line.at("direction").as_string()) + " " + std::string(line.at("opcode").as_string()) +
                      (line.at("fin").as_bool() ? " " : "+ ") + std::to_string(line.at("size").to_number<int>());
  if (const auto* code = line.if_contains("code")) words += " " + std::to_string(code->to_number<int>());
  if (const auto* reason = line.if_contains("reason")) words += " " + std::string(reason->as_string());
  if (const auto* payload = line.if_contains("payload")) words += " " + std::string(payload->as_string());
  return words;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(trace)

BOOST_AUTO_TEST_CASE(a_session_is_heard_frame_by_frame_to_its_end) {
  Bridge bridge;
  RawClient client = bridge.open("/game");
  RawClient other = bridge.open("/game");
  echoes(other);
  const std::string id = std::string(
      bridge.ask("GET", "/sessions").at("sessions").as_array().front().as_object().at("session").as_string());
  LineFeed feed = bridge.trace("session=" + id);
  BOOST_TEST(feed.status() == 200U);
  BOOST_TEST(feed.answer().field("content-type") == "application/x-ndjson");
  BOOST_TEST(feed.answer().field("transfer-encoding") == "chunked");
  const object first = feed.next().value();
  BOOST_TEST(first.at("event").as_string() == "session");
  BOOST_TEST(first.at("session").as_string() == id);
  BOOST_TEST(first.at("route").as_string() == "game");
  BOOST_TEST(!first.at("shows_payload").as_bool());

  echoes(other);
  echoes(client);
  BOOST_TEST(frame_of(*feed.next()) == "up binary 6");
  BOOST_TEST(frame_of(*feed.next()) == "down binary 6");
  client.send_frame(Op::text, "a", {.fin = false});
  BOOST_TEST(frame_of(*feed.next()) == "up text+ 1");
  BOOST_TEST(frame_of(*feed.next()) == "down binary 1");
  client.send_frame(Op::ping, "?");
  BOOST_TEST(frame_of(*feed.next()) == "up ping 1");
  BOOST_TEST(frame_of(*feed.next()) == "down pong 1");
  client.send_frame(Op::close, close_payload(3000, "bye"));
  BOOST_TEST(frame_of(*feed.next()) == "up close 5 3000 bye");
  BOOST_TEST(frame_of(*feed.next()) == "down close 2 3000 ");
  client.wire().read_to_end();
  client.wire().close();
  const object last = feed.next().value();
  BOOST_TEST(last.at("event").as_string() == "end");
  BOOST_TEST(last.at("reason").as_string() == "client_closed");
  BOOST_TEST(last.at("up_bytes").to_number<int>() == 7);
  BOOST_TEST(!feed.next());
  BOOST_TEST(feed.wire().read_to_end().empty());
  bridge.wait_for_traces(0);
  BOOST_TEST(bridge.daemon.wait_for("admin")["action"] == "trace " + id);
  echoes(other);
}

BOOST_AUTO_TEST_CASE(the_sessions_of_a_client_are_heard_from_their_first_frame) {
  Bridge bridge("workers: 2\n");
  RawClient here = bridge.open("/desk");
  LineFeed feed = bridge.trace("client=127.0.0.1");
  BOOST_TEST(feed.next("session").at("route").as_string() == "desk");
  RawClient stranger({.port = bridge.daemon.port(), .source = "127.0.0.9"}, {});
  BOOST_TEST(stranger.request(Head("/desk")).status == 101U);
  echoes(stranger);

  // What comes with the request is among it.
  RawClient later(bridge.daemon.port());
  later.send(Head("/game").text() + frame(Op::binary, "at once"));
  BOOST_TEST(later.read_answer().status == 101U);
  const object second = feed.next().value();
  BOOST_TEST(second.at("route").as_string() == "game");
  const object heard = feed.next().value();
  BOOST_TEST(frame_of(heard) == "up binary 7");
  BOOST_TEST(heard.at("session").as_string() == second.at("session").as_string());
  later.finish();
  BOOST_TEST(feed.next("end").at("session").as_string() == second.at("session").as_string());
  // It goes on.
  echoes(here);
  BOOST_TEST(frame_of(feed.next("frame")) == "up binary 6");
  BOOST_TEST(bridge.traces() == 1U);

  LineFeed network = bridge.trace("client=127.0.0.0/29");
  BOOST_TEST(network.next("session").at("client").as_string() == "127.0.0.1");
}

BOOST_AUTO_TEST_CASE(payload_is_shown_only_where_the_route_allows_it) {
  Bridge bridge;
  RawClient game = bridge.open("/game");
  const std::string refused = bridge.newest();
  BOOST_TEST(bridge.refusal("session=" + refused + "&payload=true", 403).find("`trace_payload: true`") !=
             std::string::npos);
  BOOST_TEST(bridge.traces() == 0U);

  RawClient desk = bridge.open("/desk");
  const std::string id = bridge.newest();
  LineFeed feed = bridge.trace("session=" + id + "&payload=true");
  BOOST_TEST(feed.next().value().at("shows_payload").as_bool());
  const std::string secret("p\0ss", 4);
  desk.send_frame(Op::binary, secret);
  BOOST_TEST(frame_of(*feed.next()) == "up binary 4 " + base64(secret));
  BOOST_TEST(frame_of(*feed.next()) == "down binary 4 " + base64(secret));
  const std::string large = pattern(5'000);
  desk.send_frame(Op::binary, large);
  const object cut = feed.next().value();
  BOOST_TEST(frame_of(cut) == "up binary 5000 " + base64(large.substr(0, 1'024)));
  BOOST_TEST(cut.at("cut").to_number<int>() == 3'976);
  const LineFeed silent = bridge.trace("session=" + id);
  BOOST_TEST(silent.status() == 200U);

  // Of a client's sessions only of those whose route does.
  LineFeed both = bridge.trace("client=127.0.0.1&payload=true");
  for (int i = 0; i < 2; ++i) {
    const object session = both.next("session");
    BOOST_TEST(session.at("shows_payload").as_bool() == (session.at("route").as_string() == "desk"));
  }
  echoes(game);
  BOOST_TEST(frame_of(both.next("frame")) == "up binary 6");
  BOOST_TEST(bridge.daemon.wait_for("admin", {{"action", "trace " + id + " with payload"}})["asker"] ==
             "uid " + std::to_string(::getuid()));
}

BOOST_AUTO_TEST_CASE(a_reload_opens_nothing_of_before_and_closes_at_once) {
  Bridge bridge;
  RawClient game = bridge.open("/game");
  const std::string before = bridge.newest();
  LineFeed running = bridge.trace("session=" + before);
  const std::string opens_all = configuration(
      tls_listener(),
      route("desk", bridge.backend.port()) + route("game", bridge.backend.port(), ", trace_payload: true"),
      "admin: [ { bind: 'unix:admin.sock' } ]\n");
  RawClient desk = bridge.open("/desk");
  const std::string taken_back = bridge.newest();
  bridge.daemon.reload(opens_all);
  bridge.daemon.wait_for("reloaded");
  bridge.refusal("session=" + before + "&payload=true", 403);
  bridge.refusal("session=" + taken_back + "&payload=true", 403);
  RawClient fresh = bridge.open("/game");
  BOOST_TEST(bridge.trace("session=" + bridge.newest() + "&payload=true").status() == 200U);
  // What runs goes on.
  echoes(game);
  BOOST_TEST(frame_of(running.next("frame")) == "up binary 6");
}

BOOST_AUTO_TEST_CASE(a_reload_that_takes_payload_back_holds_for_traces_that_run) {
  Bridge bridge;
  RawClient desk = bridge.open("/desk");
  LineFeed feed = bridge.trace("session=" + bridge.newest() + "&payload=true");
  echoes(desk);
  BOOST_TEST(frame_of(feed.next("frame")) == "up binary 6 YWNyb3Nz");
  BOOST_TEST(frame_of(feed.next("frame")) == "down binary 6 YWNyb3Nz");
  bridge.daemon.reload(bridge.text("", ""));
  bridge.daemon.wait_for("reloaded");
  bridge.newest();  // the workers answer, and so have heard of the reload
  echoes(desk);
  for (const char* direction : {"up", "down"}) {
    const object line = feed.next("frame");
    BOOST_TEST(frame_of(line) == std::string(direction) + " binary 6 ");
    BOOST_TEST(line.at("cut").to_number<int>() == 6);
  }
}

BOOST_AUTO_TEST_CASE(what_cannot_be_traced_is_said) {
  Bridge bridge;
  BOOST_TEST(bridge.refusal("session=0123456789abcdef", 404) == "there is no such session");
  bridge.refusal("", 400);
  bridge.refusal("session=1&client=127.0.0.1", 400);
  bridge.refusal("client=somebody", 400);
  bridge.refusal("client=127.0.0.1&payload=yes", 400);
  bridge.refusal("client=127.0.0.1&rute=desk", 400);
  BOOST_TEST(bridge.traces() == 0U);

  bridge.daemon.reload(bridge.text("", ""));
  bridge.daemon.wait_for("reloaded");
  BOOST_TEST(bridge.refusal("client=127.0.0.1&payload=true", 403).find("no route") == 0U);
}

BOOST_AUTO_TEST_CASE(four_traces_are_the_most_and_who_goes_makes_room) {
  Bridge bridge;
  RawClient client = bridge.open("/desk");
  const std::string id = bridge.newest();
  std::vector<LineFeed> feeds;
  for (int i = 0; i < 4; ++i) {
    feeds.push_back(bridge.trace(i % 2 == 0 ? "session=" + id : "client=127.0.0.1"));
    BOOST_TEST(feeds.back().status() == 200U);
  }
  BOOST_TEST(bridge.refusal("session=" + id, 429) == "4 traces run already, and there can be no more");
  // All of them hear the same.
  echoes(client);
  for (LineFeed& feed : feeds) BOOST_TEST(frame_of(feed.next("frame")) == "up binary 6");
  feeds.erase(feeds.begin());
  bridge.wait_for_traces(3);
  BOOST_TEST(bridge.trace("session=" + id).status() == 200U);
  feeds.clear();
  bridge.wait_for_traces(0);
  echoes(client);
}

BOOST_AUTO_TEST_CASE(a_killed_session_ends_its_trace) {
  Bridge bridge;
  RawClient client = bridge.open("/desk");
  const std::string id = bridge.newest();
  LineFeed feed = bridge.trace("session=" + id);
  bridge.ask("DELETE", "/sessions/" + id);
  BOOST_TEST(frame_of(feed.next("frame")) == "down close 8 1008 killed");
  BOOST_TEST((client.read_close() == Close{1008, "killed"}));
  client.finish();
  BOOST_TEST(feed.next("end").at("reason").as_string() == "killed");
  BOOST_TEST(!feed.next());
}

BOOST_AUTO_TEST_CASE(a_drain_and_a_stop_do_not_wait_for_whoever_traces) {
  Bridge bridge;
  RawClient client = bridge.open("/desk");
  LineFeed feed = bridge.trace("client=127.0.0.1");
  LineFeed one = bridge.trace("session=" + bridge.newest());
  bridge.ask("POST", "/drain?over=1ms");
  BOOST_TEST((client.read_close() == Close{1012, "drain"}));
  client.finish();
  BOOST_TEST(feed.next("end").at("reason").as_string() == "drain");
  BOOST_TEST(one.next("end").at("reason").as_string() == "drain");
  BOOST_TEST(!one.next());
  bridge.daemon.terminate();
  BOOST_TEST(bridge.daemon.process().wait() == 0);
  BOOST_CHECK_THROW(feed.next(), EndOfStream);  // it breaks off
}

BOOST_AUTO_TEST_CASE(a_stop_in_the_middle_of_a_traced_session_is_clean) {
  Bridge bridge("timeouts: { drain: 1ms }\n");
  RawClient client = bridge.open("/desk");
  LineFeed feed = bridge.trace("session=" + bridge.newest());
  echoes(client);
  bridge.daemon.terminate();
  BOOST_TEST(bridge.daemon.process().wait() == 0);
}

BOOST_AUTO_TEST_CASE(a_new_token_ends_what_the_old_one_began) {
  const Backend backend(echo());
  const std::string text = configuration(tls_listener(), route("desk", backend.port()),
                                         "admin: [ { bind: '127.0.0.1:0', token: token } ]\n");
  const std::string token(32, 'a');
  Daemon daemon(text, {.files = {{"token", token}}, .process = {}});
  const std::string address = daemon.wait_for("admin_listening")["address"];
  const auto port = static_cast<std::uint16_t>(std::stoi(address.substr(address.find(':') + 1)));
  Head head;
  head.set("Host", address).without("Origin").set("Authorization", "Bearer " + token);
  LineFeed feed(connect_tcp(port), "/trace?client=127.0.0.1", head);
  RawClient client = RawClient::open(daemon.port());
  BOOST_TEST(feed.next("session").at("route").as_string() == "desk");
  daemon.reload(text);
  daemon.wait_for("reloaded");
  echoes(client);
  BOOST_TEST(frame_of(feed.next("frame")) == "up binary 6");
  BOOST_TEST(frame_of(feed.next("frame")) == "down binary 6");

  daemon.write("token", std::string(32, 'b'));
  daemon.reload(text);
  daemon.wait_for("reloaded");
  echoes(client);
  BOOST_CHECK_THROW(feed.next(), EndOfStream);
}

BOOST_AUTO_TEST_CASE(an_old_client_gets_the_lines_as_they_are) {
  Bridge bridge;
  RawClient client = bridge.open("/desk");
  Wire wire = bridge.admin();
  wire.write("GET /trace?session=" + bridge.newest() + " HTTP/1.0\r\nHost: localhost\r\n\r\n");
  const std::string head = wire.read_until("\r\n\r\n");
  BOOST_TEST(head.find("chunked") == std::string::npos, head);
  BOOST_TEST(wire.read_until("\n").starts_with("{\"event\":\"session\""));
}

// An asker who never reads costs what is bounded, and the session nothing.
BOOST_AUTO_TEST_CASE(nobody_waits_for_an_asker_who_does_not_read) {
  constexpr std::uint64_t size = (sanitized ? 16ULL : 256ULL) << 20U;
  constexpr std::size_t frame_size = sanitized ? 1'000 : 8'000;
  Bridge bridge;
  RawClient client = bridge.open("/desk");
  LineFeed feed = bridge.trace("session=" + bridge.newest() + "&payload=true");
  BOOST_TEST(feed.status() == 200U);
  echoes(client);
  const std::size_t before = bridge.daemon.process().resident_bytes();

  const std::string bytes = pattern(1'000'003);
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  std::string current;
  std::string unread;
  bool same = true;
  client.wire().exchange(
      [&]() -> std::string_view {
        const std::size_t at = sent % bytes.size();
        const std::size_t piece = std::min<std::uint64_t>({frame_size, bytes.size() - at, size - sent});
        sent += piece;
        current = piece == 0 ? "" : frame(Op::binary, std::string_view(bytes).substr(at, piece));
        return current;
      },
      [&](std::string_view more) {
        unread += more;
        std::string_view rest = unread;
        while (auto next = take_server_frame(rest)) {
          for (const char byte : next->payload) same = same && byte == bytes[received++ % bytes.size()];
        }
        unread.erase(0, unread.size() - rest.size());
        return received < size;
      });
  BOOST_TEST(received == size);
  BOOST_TEST(same);
  const std::size_t after = bridge.daemon.process().resident_bytes();
  if (!sanitized) BOOST_TEST(after < before + (24U << 20U), before << " bytes before, " << after << " after");
  client.finish();

  std::uint64_t dropped = 0;
  std::size_t lines = 0;
  object last;
  while (auto line = feed.next()) {
    if (line->at("event").as_string() == "dropped") dropped += line->at("dropped").to_number<std::uint64_t>();
    last = *line;
    ++lines;
  }
  BOOST_TEST(dropped > 0U);
  BOOST_TEST(lines + dropped > size / frame_size);
  BOOST_TEST(last.at("event").as_string() == "end");
  BOOST_TEST(last.at("up_bytes").to_number<std::uint64_t>() == size + 6);
}

BOOST_AUTO_TEST_SUITE_END()
