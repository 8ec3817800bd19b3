#include "support/backend.hpp"
#include "support/daemon.hpp"
#include "support/raw_client.hpp"

#include <set>
#include <string>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>
#include <sys/stat.h>

using namespace drawbridge::testing;
using namespace std::chrono_literals;

BOOST_TEST_DONT_PRINT_LOG_VALUE(Close)

namespace {

const std::string token = "0123456789abcdef0123456789abcdef";

// What an operator hears.
struct Said {
  unsigned status = 0;
  boost::json::object fields;
};

Said said(const Answer& answer) {
  Said result{answer.status, {}};
  BOOST_TEST(answer.field("content-type") == "application/json");
  BOOST_TEST(answer.field("cache-control") == "no-store");
  result.fields = boost::json::parse(answer.body).as_object();
  return result;
}

// Two routes with one backend, and an admin socket beside the configuration.
struct Bridge {
  explicit Bridge(const std::string& top = "", std::map<std::string, std::string> files = {})
      : daemon(text(top), {.files = std::move(files), .process = {}}) {}

  std::string text(const std::string& top = "") const {
    return configuration(tls_listener(), route("desk", backend.port()) + route("game", backend.port()),
                         "admin: [ { bind: 'unix:admin.sock' } ]\n" + top);
  }
  Said ask(const std::string& method, const std::string& target) {
    RawClient client(connect_unix(daemon.directory().path("admin.sock")));
    return said(client.request(Head().request_line(method + " " + target + " HTTP/1.1")));
  }
  RawClient open(const std::string& path) { return RawClient::open(daemon.port(), Head(path)); }
  // The ids of the sessions of a page.
  std::vector<std::string> ids(const std::string& query = "") {
    std::vector<std::string> all;
    const Said list = ask("GET", "/sessions" + query);
    BOOST_TEST(list.status == 200U);
    for (const auto& session : list.fields.at("sessions").as_array()) {
      all.emplace_back(session.as_object().at("session").as_string());
    }
    return all;
  }

  Backend backend{echo()};
  Daemon daemon;
};

void echoes(RawClient& client) {
  client.send_frame(Op::binary, "across");
  BOOST_TEST(client.read_payload(6) == "across");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(admin)

BOOST_AUTO_TEST_CASE(the_socket_is_private_and_goes_with_the_daemon) {
  std::string path;
  {
    Bridge bridge;
    path = bridge.daemon.directory().path("admin.sock");
    struct stat file {};
    BOOST_REQUIRE(::stat(path.c_str(), &file) == 0);
    BOOST_TEST((file.st_mode & 0777U) == 0600U);
    BOOST_TEST(bridge.ask("GET", "/healthz").fields.at("healthy").as_bool());
    BOOST_TEST(bridge.ask("GET", "/readyz").fields.at("ready").as_bool());
    bridge.daemon.terminate();
    BOOST_TEST(bridge.daemon.process().wait() == 0);
    BOOST_TEST(::stat(path.c_str(), &file) != 0);
  }
}

BOOST_AUTO_TEST_CASE(sessions_are_listed_filtered_and_paged) {
  Bridge bridge("workers: 2\n");
  std::vector<RawClient> clients;
  for (int i = 0; i < 5; ++i) clients.push_back(bridge.open(i < 3 ? "/desk" : "/game"));
  for (RawClient& client : clients) echoes(client);
  const std::vector<std::string> all = bridge.ids();
  BOOST_TEST(all.size() == 5U);
  BOOST_TEST(std::is_sorted(all.begin(), all.end()));
  BOOST_TEST(std::set(all.begin(), all.end()).size() == 5U);
  BOOST_TEST(bridge.ids("?route=desk").size() == 3U);
  BOOST_TEST(bridge.ids("?route=desk&client=127.0.0.1").size() == 3U);
  BOOST_TEST(bridge.ids("?client=127.0.0.2").empty());
  BOOST_TEST(bridge.ids("?identity=alice").empty());

  // Page by page, without loss or repetition.
  std::vector<std::string> paged;
  std::string after;
  for (int pages = 0; pages < 10; ++pages) {
    const Said page = bridge.ask("GET", "/sessions?limit=2&after=" + after);
    BOOST_TEST(page.fields.at("matching").to_number<std::size_t>() == 5U);
    for (const auto& session : page.fields.at("sessions").as_array()) {
      paged.emplace_back(session.as_object().at("session").as_string());
    }
    if (!page.fields.contains("next")) break;
    after = page.fields.at("next").as_string();
    BOOST_TEST(after == paged.back());
  }
  BOOST_TEST(paged == all, boost::test_tools::per_element());

  const Said one = bridge.ask("GET", "/sessions/" + all[0]);
  BOOST_TEST(one.fields.at("route").as_string() == "desk");
  BOOST_TEST(one.fields.at("origin").as_string() == usual_origin);
  BOOST_TEST(one.fields.at("tls").as_string() == "TLSv1.3");
  BOOST_TEST(one.fields.at("up_bytes").to_number<int>() == 6);
  BOOST_TEST(one.fields.at("down_bytes").to_number<int>() == 6);
  BOOST_TEST(bridge.ask("GET", "/sessions/0").status == 404U);
  for (const std::string wrong : {"?limit=0", "?limit=1001", "?limit=x", "?rute=desk"}) {
    BOOST_TEST(bridge.ask("GET", "/sessions" + wrong).status == 400U, wrong);
  }
  BOOST_TEST(bridge.ask("GET", "/status").fields.at("sessions").to_number<int>() == 5);
}

BOOST_AUTO_TEST_CASE(a_killed_session_hears_so_and_no_other_is_disturbed) {
  Bridge bridge;
  RawClient victim = bridge.open("/desk");
  RawClient other = bridge.open("/desk");
  const std::vector<std::string> ids = bridge.ids();
  BOOST_TEST_REQUIRE(ids.size() == 2U);
  BOOST_TEST(bridge.ask("DELETE", "/sessions/" + ids[0]).fields.at("ended").to_number<int>() == 1);
  BOOST_TEST((victim.read_close() == Close{1008, "killed"}));
  victim.finish();
  const Record record = bridge.daemon.session("killed");
  BOOST_TEST(record["session"] == ids[0]);
  echoes(other);
  BOOST_TEST(bridge.ask("DELETE", "/sessions/" + ids[0]).status == 404U);
  BOOST_TEST(bridge.daemon.wait_for("admin")["action"] == "kill " + ids[0]);

  RawClient game = bridge.open("/game");
  BOOST_TEST(bridge.ask("DELETE", "/sessions").status == 400U);
  BOOST_TEST(bridge.ask("DELETE", "/sessions?route=desk").fields.at("ended").to_number<int>() == 1);
  BOOST_TEST((other.read_close() == Close{1008, "killed"}));
  echoes(game);
}

BOOST_AUTO_TEST_CASE(a_drained_route_ends_and_refuses_until_it_is_resumed) {
  Bridge bridge;
  RawClient desk = bridge.open("/desk");
  RawClient game = bridge.open("/game");
  BOOST_TEST(bridge.ask("POST", "/drain?route=desk&over=10ms").status == 202U);
  BOOST_TEST((desk.read_close() == Close{1012, "drain"}));
  desk.finish();
  bridge.daemon.session("drain");
  RawClient late(bridge.daemon.port());
  BOOST_TEST(late.request(Head("/desk")).reason() == "draining");
  echoes(game);
  // Ready all the same: the others are.
  BOOST_TEST(bridge.ask("GET", "/readyz").status == 200U);
  // A reload does not bring it back by accident.
  bridge.daemon.reload(bridge.text());
  bridge.daemon.wait_for("reloaded");
  RawClient later(bridge.daemon.port());
  BOOST_TEST(later.request(Head("/desk")).reason() == "draining");
  BOOST_TEST(bridge.ask("DELETE", "/drain?route=desk").status == 200U);
  RawClient again = bridge.open("/desk");
  echoes(again);
  BOOST_TEST(bridge.ask("POST", "/drain?route=nosuch").status == 404U);
  BOOST_TEST(bridge.ask("POST", "/drain?route=desk&over=soon").status == 400U);
}

BOOST_AUTO_TEST_CASE(a_drained_bridge_is_not_ready_but_healthy_and_can_be_resumed) {
  Bridge bridge;
  RawClient desk = bridge.open("/desk");
  BOOST_TEST(bridge.ask("POST", "/drain?over=10ms").status == 202U);
  const Said ready = bridge.ask("GET", "/readyz");
  BOOST_TEST(ready.status == 503U);
  BOOST_TEST(ready.fields.at("error").as_string() == "draining");
  BOOST_TEST(bridge.ask("GET", "/healthz").status == 200U);
  BOOST_TEST((desk.read_close() == Close{1012, "drain"}));
  RawClient late(bridge.daemon.port());
  BOOST_TEST(late.request(Head("/desk")).status == 503U);
  BOOST_TEST(bridge.ask("DELETE", "/drain").status == 200U);
  BOOST_TEST(bridge.ask("GET", "/readyz").status == 200U);
  RawClient again = bridge.open("/desk");
  echoes(again);
}

BOOST_AUTO_TEST_CASE(a_failed_reload_says_what_check_says_and_changes_nothing) {
  Bridge bridge;
  RawClient desk = bridge.open("/desk");
  bridge.daemon.write("drawbridge.yaml", bridge.text("nonsense: 1\n"));
  const Said failed = bridge.ask("POST", "/reload");
  BOOST_TEST(failed.status == 422U);
  const std::string message(failed.fields.at("messages").as_array().front().as_string());
  BOOST_TEST(message.find("drawbridge.yaml:") != std::string::npos, message);
  BOOST_TEST(message.find("unknown key `nonsense`") != std::string::npos, message);
  const Said status = bridge.ask("GET", "/status");
  BOOST_TEST(!status.fields.at("last_reload").as_object().at("done").as_bool());
  echoes(desk);
  bridge.daemon.write("drawbridge.yaml", bridge.text());
  BOOST_TEST(bridge.ask("POST", "/reload").status == 200U);
  BOOST_TEST(bridge.ask("GET", "/status").fields.at("last_reload").as_object().at("done").as_bool());
  echoes(desk);
}

BOOST_AUTO_TEST_CASE(admin_listeners_come_and_go_with_a_reload) {
  Bridge bridge;
  RawClient kept(connect_unix(bridge.daemon.directory().path("admin.sock")));
  const Head status = Head().request_line("GET /readyz HTTP/1.1");
  BOOST_TEST(kept.request(status).status == 200U);
  const auto with = [&](const std::string& admin) {
    return configuration(tls_listener(), route("desk", bridge.backend.port()), "admin: [ " + admin + " ]\n");
  };
  // What cannot be had changes nothing.
  bridge.daemon.reload(with("{ bind: 'unix:other.sock' }, { bind: 'unix:/nosuch/folder/admin.sock' }"));
  bridge.daemon.wait_for("reload_failed");
  BOOST_TEST(bridge.ask("GET", "/readyz").status == 200U);
  bridge.daemon.reload(with("{ bind: 'unix:other.sock', mode: 0660 }"));
  bridge.daemon.wait_for("reloaded");
  RawClient other(connect_unix(bridge.daemon.directory().path("other.sock")));
  BOOST_TEST(other.request(status).status == 200U);
  BOOST_CHECK_THROW(connect_unix(bridge.daemon.directory().path("admin.sock")), std::runtime_error);
  // A conversation that was under way goes on.
  BOOST_TEST(kept.request(status).status == 200U);
}

BOOST_AUTO_TEST_CASE(what_revoke_names_ends_stays_out_and_outlives_a_restart) {
  const std::string top = "state: state\n";
  Bridge bridge(top);
  const Said named = bridge.ask("PUT", "/revocations/identity/alice%20o%27hara");
  BOOST_TEST(named.status == 200U);
  BOOST_TEST(named.fields.at("kept").as_bool());
  BOOST_TEST(bridge.ask("PUT", "/revocations/token/t-1").status == 200U);
  BOOST_TEST(bridge.ask("DELETE", "/revocations/token/t-1").status == 200U);
  BOOST_TEST(bridge.ask("DELETE", "/revocations/token/t-1").status == 404U);
  BOOST_TEST(bridge.ask("PUT", "/revocations/user/alice").status == 400U);
  BOOST_TEST(bridge.ask("PUT", "/revocations/identity/%20").status == 400U);
  const Said list = bridge.ask("GET", "/revocations");
  BOOST_TEST(list.fields.at("revocations").as_array().size() == 1U);
  BOOST_TEST(list.fields.at("revocations").as_array().front().as_string() == "identity alice o'hara");
}

BOOST_AUTO_TEST_CASE(the_level_of_the_log_changes_until_the_next_reload) {
  Bridge bridge;
  BOOST_TEST(bridge.ask("PUT", "/log-level/error").status == 200U);
  BOOST_TEST(bridge.ask("GET", "/log-level").fields.at("level").as_string() == "error");
  {
    RawClient desk = bridge.open("/desk");
    desk.finish();
  }
  // Its worker, which is asked here, is done with it.
  while (!bridge.ids("?route=desk").empty()) continue;
  BOOST_TEST(bridge.ask("POST", "/reload").status == 200U);
  RawClient game = bridge.open("/game");
  game.finish();
  // Of the two only the later one.
  BOOST_TEST(bridge.daemon.session("client_closed")["route"] == "game");
  BOOST_TEST(bridge.ask("PUT", "/log-level/loud").status == 400U);
}

BOOST_AUTO_TEST_CASE(an_address_asks_for_the_token) {
  const Backend backend(echo());
  Daemon daemon(configuration(tls_listener(), route("desk", backend.port()),
                              "admin: [ { bind: '127.0.0.1:0', token: token } ]\n"),
                {.files = {{"token", token}}, .process = {}});
  const std::string address = daemon.wait_for("admin_listening")["address"];
  const auto port = static_cast<std::uint16_t>(std::stoi(address.substr(address.find(':') + 1)));
  const auto status = [&](const std::string& target, const Head& head) {
    RawClient client(connect_tcp(port));
    Head wanted = head;
    return client.request(wanted.request_line("GET " + target + " HTTP/1.1")).status;
  };
  const Head bare = Head().set("Host", address).without("Origin");
  const Head bearing = Head(bare).set("Authorization", "Bearer " + token);
  BOOST_TEST(status("/status", bearing) == 200U);
  BOOST_TEST(status("/status", bare) == 401U);
  BOOST_TEST(status("/healthz", bare) == 200U);
  BOOST_TEST(status("/status", Head(bare).set("Cookie", "token=" + token)) == 401U);
  BOOST_TEST(status("/status?token=" + token, bare) == 401U);
  // The live page is nobody's secret, and is no other page's to use.
  RawClient browser(connect_tcp(port));
  const Answer page = browser.request(Head(bare).request_line("GET / HTTP/1.1"));
  BOOST_TEST(page.status == 200U);
  BOOST_TEST(page.field("content-type") == "text/html; charset=utf-8");
  BOOST_TEST(
      page.field("content-security-policy").starts_with("default-src 'none'; script-src 'self'; style-src 'self'"));
  BOOST_TEST(page.field("x-content-type-options") == "nosniff");
  BOOST_TEST(page.field("cross-origin-resource-policy") == "same-origin");
  BOOST_TEST(page.field("set-cookie") == "");
  for (const std::string file : {"/page.js", "/page.css", "/icon.svg"}) BOOST_TEST(status(file, bare) == 200U, file);
  for (const std::string file : {"/overview", "/sessions", "/page.html"}) BOOST_TEST(status(file, bare) == 401U, file);
  BOOST_TEST(status("/overview", bearing) == 200U);
  BOOST_TEST(status("/", Head(bare).set("Host", "evil.example")) == 421U);
  BOOST_TEST(status("/page.js", Head(bare).set("Origin", "https://evil.example")) == 403U);
  // A page that has this address by a name of its own.
  BOOST_TEST(status("/healthz", Head(bare).set("Host", "evil.example")) == 421U);
  BOOST_TEST(status("/healthz", Head(bearing).set("Origin", "https://evil.example")) == 403U);
  BOOST_TEST(status("/status", Head(bearing).set("Origin", "http://" + address)) == 200U);
  BOOST_TEST(status("/status", Head(bearing).add_line("Host: evil.example")) == 400U);
  BOOST_TEST(daemon.log().find(token) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_new_token_is_asked_also_of_those_who_are_there_already) {
  const Backend backend(echo());
  const std::string text = configuration(tls_listener(), route("desk", backend.port()),
                                         "admin: [ { bind: '127.0.0.1:0', token: token } ]\n");
  Daemon daemon(text, {.files = {{"token", token}}, .process = {}});
  const std::string address = daemon.wait_for("admin_listening")["address"];
  const auto port = static_cast<std::uint16_t>(std::stoi(address.substr(address.find(':') + 1)));
  RawClient kept(connect_tcp(port));
  const auto status = [&](const std::string& bearer) {
    Head head;
    head.set("Host", address).without("Origin").set("Authorization", "Bearer " + bearer);
    return kept.request(head.request_line("GET /status HTTP/1.1")).status;
  };
  BOOST_TEST(status(token) == 200U);
  const std::string other(32, 'f');
  daemon.write("token", other);
  daemon.reload(text);
  daemon.wait_for("reloaded");
  BOOST_TEST(status(token) == 401U);
  BOOST_TEST(status(other) == 200U);
}

BOOST_AUTO_TEST_CASE(who_may_only_connect_to_an_address_keeps_nobody_from_the_socket) {
  const Backend backend(echo());
  Daemon daemon(configuration(tls_listener(), route("desk", backend.port()),
                              "admin: [ { bind: '127.0.0.1:0', token: token }, { bind: 'unix:admin.sock' } ]\n"),
                {.files = {{"token", token}}, .process = {}});
  const std::string address = daemon.wait_for("admin_listening")["address"];
  const auto port = static_cast<std::uint16_t>(std::stoi(address.substr(address.find(':') + 1)));
  std::vector<Wire> mute;
  for (int i = 0; i < 16; ++i) mute.push_back(connect_tcp(port));
  BOOST_TEST(connect_tcp(port).read_to_end_or_reset() == "");
  RawClient operator_there(connect_unix(daemon.directory().path("admin.sock")));
  BOOST_TEST(operator_there.request(Head().request_line("GET /status HTTP/1.1")).status == 200U);
  // Whoever is still there does not keep the daemon either.
  daemon.terminate();
  BOOST_TEST(daemon.process().wait() == 0);
}

BOOST_AUTO_TEST_CASE(what_is_malformed_or_too_large_is_refused_and_disturbs_nobody) {
  Bridge bridge;
  const std::string path = bridge.daemon.directory().path("admin.sock");
  const auto first_line = [&](const std::string& bytes) {
    Wire wire = connect_unix(path);
    try {
      wire.write(bytes);
    } catch (const ConnectionReset&) {
      // It was answered before the last of it was taken.
    }
    const std::string all = wire.read_to_end_or_reset();
    return all.substr(0, all.find('\r'));
  };
  BOOST_TEST(first_line("GET /status HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n") ==
             "HTTP/1.1 413 Payload Too Large");
  BOOST_TEST(first_line("GET /status HTTP/1.1\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n") ==
             "HTTP/1.1 413 Payload Too Large");
  BOOST_TEST(first_line("\x16\x03\x01 nonsense\r\n\r\n") == "HTTP/1.1 400 Bad Request");
  BOOST_TEST(first_line("GET /../status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n") ==
             "HTTP/1.1 400 Bad Request");
  BOOST_TEST(bridge.ask("GET", "/nosuch").status == 404U);
  BOOST_TEST(bridge.ask("GET", "/favicon.ico").status == 404U);
  RawClient wrong(connect_unix(path));
  const Answer answer = wrong.request(Head().request_line("DELETE /status HTTP/1.1"));
  BOOST_TEST(answer.status == 405U);
  BOOST_TEST(answer.field("allow") == "GET");

  // Those who connect and say nothing, or half of it, take their places and no more than these.
  std::vector<Wire> mute;
  for (int i = 0; i < 16; ++i) {
    mute.push_back(connect_unix(path));
    mute.back().write("GET /sta");
  }
  RawClient desk = bridge.open("/desk");
  echoes(desk);
  Wire one_more = connect_unix(path);
  BOOST_TEST(one_more.read_to_end_or_reset() == "");
  mute.clear();
  // Their places come back.
  const auto deadline = std::chrono::steady_clock::now() + patience;
  unsigned status = 0;
  while (status != 200 && std::chrono::steady_clock::now() < deadline) {
    try {
      status = bridge.ask("GET", "/healthz").status;
    } catch (const std::runtime_error&) {
      status = 0;
    }
  }
  BOOST_TEST(status == 200U);
}

BOOST_AUTO_TEST_SUITE_END()
