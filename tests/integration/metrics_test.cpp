#include "support/backend.hpp"
#include "support/daemon.hpp"
#include "support/raw_client.hpp"

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace drawbridge::testing;

BOOST_TEST_DONT_PRINT_LOG_VALUE(Close)

namespace {

// The numbers of a scrape, by their series as it is written.
using Series = std::map<std::string, double>;

Series series_of(const std::string& page) {
  Series all;
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("#")) continue;
    const std::size_t end = line.rfind(' ');
    const bool is_new = all.emplace(line.substr(0, end), std::stod(line.substr(end + 1))).second;
    BOOST_TEST(is_new, "twice: " << line);
  }
  return all;
}

double at(const Series& series, const std::string& name) {
  const auto found = series.find(name);
  return found == series.end() ? 0 : found->second;
}

// Of all series that begin so.
double sum(const Series& series, const std::string& beginning) {
  double all = 0;
  for (const auto& [name, value] : series) {
    if (name.starts_with(beginning)) all += value;
  }
  return all;
}

bool only_grows(const std::string& name) {
  const std::string family = name.substr(0, name.find('{'));
  return family.ends_with("_total") || family.ends_with("_bucket") || family.ends_with("_count") ||
         family.ends_with("_sum");
}

// Nothing that only grows is smaller or gone.
void test_grown(const Series& before, const Series& after) {
  for (const auto& [name, value] : before) {
    if (!only_grows(name)) continue;
    BOOST_TEST(after.contains(name), name);
    BOOST_TEST(at(after, name) >= value, name);
  }
}

struct Bridge {
  explicit Bridge(const std::string& top = "", std::map<std::string, std::string> files = {}, std::string more = "")
      : desk_more(std::move(more)), daemon(text(top), {.files = std::move(files), .process = {}}) {}

  std::string text(const std::string& top = "", bool with_game = true) const {
    std::string routes = route("desk", backend.port(), desk_more) + route("dead", closed.port());
    if (with_game) routes += route("game", backend.port());
    return configuration(tls_listener(), routes, "admin: [ { bind: 'unix:admin.sock' } ]\nworkers: 2\n" + top);
  }
  std::string page() const {
    RawClient client(connect_unix(daemon.directory().path("admin.sock")));
    const Answer answer = client.request(Head().request_line("GET /metrics HTTP/1.1"));
    BOOST_TEST(answer.status == 200U);
    BOOST_TEST(answer.field("content-type") == "text/plain; version=0.0.4; charset=utf-8");
    return answer.body;
  }
  Series scrape() const { return series_of(page()); }
  RawClient open(const std::string& path) { return RawClient::open(daemon.port(), Head(path)); }
  void refused(const Head& head, const std::string& reason) {
    RawClient client(daemon.port());
    BOOST_TEST(client.request(head).reason() == reason);
    daemon.refused(reason);
  }

  Backend backend{echo()};
  ClosedPort closed;
  std::string desk_more;
  Daemon daemon;
};

void echoes(RawClient& client, const std::string& text) {
  client.send_frame(Op::binary, text);
  BOOST_TEST(client.read_payload(text.size()) == text);
}

// Until a scrape says so: a file is looked at once a second.
void wait_for(const Bridge& bridge, const std::string& name, double value) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  double last = -1;
  while (last != value && std::chrono::steady_clock::now() < deadline) {
    const Series series = bridge.scrape();
    BOOST_TEST_REQUIRE(series.contains(name));
    last = at(series, name);
  }
  BOOST_TEST(last == value, name);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(metrics)

BOOST_AUTO_TEST_CASE(what_is_counted_is_what_the_log_says) {
  Bridge bridge;
  for (int i = 1; i <= 4; ++i) {
    RawClient client = bridge.open(i % 2 == 0 ? "/desk" : "/game");
    for (int n = 0; n < i; ++n) echoes(client, std::string(static_cast<std::size_t>(100 * i), 'x'));
    client.finish();
    bridge.daemon.session("client_closed");
  }
  bridge.refused(Head("/nosuch"), "no_route");
  bridge.refused(Head("/nosuch"), "no_route");
  bridge.refused(Head("/desk").set("Origin", "https://evil.example"), "origin");
  bridge.refused(Head("/dead"), "backend_refused");
  {
    RawClient plain(connect_tcp(bridge.daemon.port()));
    BOOST_TEST(plain.request(Head()).reason() == "plain_http");
    bridge.daemon.refused("plain_http");
    Wire gone = connect_tcp(bridge.daemon.port());
    gone.write(std::string("\x16\x03\x01\x00\x04nope", 9));
    gone.read_to_end_or_reset();
    bridge.daemon.refused("tls_error");
    TlsOptions old;
    old.max_version = TLS1_2_VERSION;
    RawClient client(bridge.daemon.port(), old);
    BOOST_TEST(client.request(Head("/nosuch")).reason() == "no_route");
    bridge.daemon.refused("no_route");
  }

  std::map<std::string, double> expected;
  for (const Record& record : bridge.daemon.records()) {
    const std::string route = "route=\"" + record["route"] + "\"";
    if (record["event"] == "refused") {
      ++expected["drawbridge_refusals_total{reason=\"" + record["reason"] + "\"," + route + "}"];
    }
    if (record["event"] != "session") continue;
    ++expected["drawbridge_sessions_opened_total{" + route + "}"];
    ++expected["drawbridge_session_ends_total{reason=\"" + record["reason"] + "\"," + route + "}"];
    for (const std::string direction : {"up", "down"}) {
      const std::string labels = "{" + route + ",direction=\"" + direction + "\"}";
      const auto number = [&](const char* what) { return static_cast<double>(record.number(direction + what)); };
      expected["drawbridge_payload_bytes_total" + labels] += number("_bytes");
      expected["drawbridge_messages_total" + labels] += number("_messages");
      expected["drawbridge_discarded_bytes_total" + labels] += number("_discarded");
    }
  }
  const Series series = bridge.scrape();
  BOOST_TEST(expected.size() == 5U + 2 * 8U);
  for (const auto& [name, value] : expected) BOOST_TEST(at(series, name) == value, name << ": " << at(series, name));
  BOOST_TEST(sum(series, "drawbridge_refusals_total") == 7);
  BOOST_TEST(at(series, "drawbridge_payload_bytes_total{route=\"game\",direction=\"up\"}") == 100 + 3 * 300);
  BOOST_TEST(at(series, "drawbridge_session_duration_seconds_count") == 4);
  BOOST_TEST(at(series, "drawbridge_dial_duration_seconds_count{route=\"desk\"}") == 2);
  BOOST_TEST(!series.contains("drawbridge_dial_duration_seconds_count{route=\"dead\"}"));
  BOOST_TEST(at(series, "drawbridge_handshakes_total{version=\"TLSv1.2\"}") == 1);
  BOOST_TEST(at(series, "drawbridge_handshakes_total{version=\"TLSv1.3\"}") == 8);
  BOOST_TEST(at(series, "drawbridge_handshake_failures_total{reason=\"plain_http\"}") == 1);
  BOOST_TEST(at(series, "drawbridge_handshake_failures_total{reason=\"tls_error\"}") == 1);
  BOOST_TEST(sum(series, "drawbridge_handshake_failures_total") == 2);
  BOOST_TEST(sum(series, "drawbridge_sessions{") == 0);
}

BOOST_AUTO_TEST_CASE(what_open_sessions_carry_is_seen_and_no_counter_goes_back_over_a_reload) {
  Bridge bridge;
  RawClient desk = bridge.open("/desk");
  RawClient game = bridge.open("/game");
  echoes(desk, "four");
  echoes(game, "seven77");
  const Series first = bridge.scrape();
  BOOST_TEST(at(first, "drawbridge_sessions{route=\"game\"}") == 1);
  BOOST_TEST(at(first, "drawbridge_payload_bytes_total{route=\"game\",direction=\"up\"}") == 7);
  BOOST_TEST(at(first, "drawbridge_payload_bytes_total{route=\"game\",direction=\"down\"}") == 7);
  BOOST_TEST(at(first, "drawbridge_messages_total{route=\"desk\",direction=\"up\"}") == 1);

  bridge.daemon.reload(bridge.text("timeouts: { drain: 10ms }\n", false));
  bridge.daemon.wait_for("reloaded");
  BOOST_TEST((game.read_close() == Close{1012, "drain"}));
  game.finish();
  bridge.daemon.session("drain");
  const Series second = bridge.scrape();
  test_grown(first, second);
  BOOST_TEST(at(second, "drawbridge_sessions{route=\"game\"}") == 0);
  BOOST_TEST(at(second, "drawbridge_payload_bytes_total{route=\"game\",direction=\"up\"}") == 7);
  echoes(desk, "more");
  desk.finish();
  bridge.daemon.session("client_closed");

  bridge.daemon.reload(bridge.text());
  bridge.daemon.wait_for("reloaded");
  RawClient again = bridge.open("/game");
  echoes(again, "x");
  const Series third = bridge.scrape();
  test_grown(second, third);
  BOOST_TEST(at(third, "drawbridge_payload_bytes_total{route=\"game\",direction=\"up\"}") == 8);
  BOOST_TEST(at(third, "drawbridge_payload_bytes_total{route=\"desk\",direction=\"down\"}") == 8);
  BOOST_TEST(at(third, "drawbridge_sessions_opened_total{route=\"game\"}") == 2);
}

BOOST_AUTO_TEST_CASE(hundreds_of_sessions_are_as_many_series_as_one) {
  Bridge bridge("limits: { handshake_burst: 1000 }\n");
  std::vector<RawClient> clients;
  clients.push_back(bridge.open("/desk"));
  echoes(clients.back(), "a");
  const std::string first = bridge.page();
  while (clients.size() < 300) {
    clients.push_back(bridge.open("/desk"));
    echoes(clients.back(), "a");
  }
  const std::string page = bridge.page();
  const Series series = series_of(page);
  BOOST_TEST(at(series, "drawbridge_sessions{route=\"desk\"}") == 300);
  BOOST_TEST(at(series, "drawbridge_payload_bytes_total{route=\"desk\",direction=\"up\"}") == 300);
  BOOST_TEST(series.size() == series_of(first).size());
  // Of who they are nothing.
  for (const std::string telling : {"app.example.org", "/desk", "session="}) {
    BOOST_TEST(page.find(telling) == std::string::npos, telling);
  }
  test_grown(series_of(first), series);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_the_daemon_itself_is_seen) {
  Bridge bridge("", {{"keys.txt", "# nobody\n"}}, ", auth: [ { tokens: { file: keys.txt } } ]");
  const std::string key_file = "drawbridge_key_file_ok{file=\"" + bridge.daemon.directory().path("keys.txt") + "\"}";
  const Series good = bridge.scrape();
  BOOST_TEST(at(good, key_file) == 1);
  BOOST_TEST(at(good, "drawbridge_reload_success") == 1);
  const double expiry = at(
      good,
      "drawbridge_certificate_expiry_timestamp_seconds{listener=\"127.0.0.1:0\",index=\"0\",subject=\"bridge.test\"}");
  BOOST_TEST(expiry > at(good, "process_start_time_seconds"));
  BOOST_TEST(at(good, "process_open_fds") > 10);
  BOOST_TEST(at(good, "process_resident_memory_bytes") > 1e6);
  BOOST_TEST(at(good, "process_cpu_seconds_total") > 0);
  BOOST_TEST(at(good, "process_max_fds") >= 1000);
  for (const std::string worker : {"0", "1"}) {
    BOOST_TEST(good.contains("drawbridge_worker_lag_seconds{worker=\"" + worker + "\"}"));
    BOOST_TEST(good.contains("drawbridge_worker_scrape_seconds{worker=\"" + worker + "\"}"));
  }

  bridge.daemon.write("keys.txt", "sha1:nonsense\n");
  wait_for(bridge, key_file, 0);
  bridge.daemon.write("keys.txt", "# nobody again\n");
  wait_for(bridge, key_file, 1);
  bridge.daemon.reload("nonsense: 1\n");
  bridge.daemon.wait_for("reload_failed");
  const Series failed = bridge.scrape();
  BOOST_TEST(at(failed, "drawbridge_reload_success") == 0);
  BOOST_TEST(at(failed, "drawbridge_reload_timestamp_seconds") >= at(good, "drawbridge_reload_timestamp_seconds"));
}

BOOST_AUTO_TEST_CASE(what_is_only_told_is_counted_for_itself) {
  Bridge bridge("penalties: { exempt: [], enforce: false, origin: 30s }\n");
  for (int i = 0; i < 4; ++i) bridge.refused(Head().set("Origin", "https://evil.example"), "origin");
  bridge.daemon.wait_for("would_refuse", {{"reason", "penalty"}});
  std::size_t told = 0;
  for (const Record& record : bridge.daemon.records()) told += record["event"] == "would_refuse" ? 1U : 0U;
  const Series series = bridge.scrape();
  BOOST_TEST(sum(series, "drawbridge_would_refuse_total{reason=\"penalty\"") == static_cast<double>(told));
  BOOST_TEST(sum(series, "drawbridge_refusals_total{reason=\"penalty\"") == 0);
  BOOST_TEST(at(series, "drawbridge_penalised_clients") == 1);
}

BOOST_AUTO_TEST_CASE(an_address_tells_them_only_with_the_token) {
  const std::string token = "0123456789abcdef0123456789abcdef";
  const Backend backend(echo());
  Daemon daemon(configuration(tls_listener(), route("desk", backend.port()),
                              "admin: [ { bind: '127.0.0.1:0', token: token } ]\n"),
                {.files = {{"token", token}}, .process = {}});
  const std::string address = daemon.wait_for("admin_listening")["address"];
  const auto port = static_cast<std::uint16_t>(std::stoi(address.substr(address.find(':') + 1)));
  Head head = Head().request_line("GET /metrics HTTP/1.1").set("Host", address).without("Origin");
  RawClient nobody(connect_tcp(port));
  BOOST_TEST(nobody.request(head).status == 401U);
  RawClient operator_(connect_tcp(port));
  BOOST_TEST(operator_.request(head.set("Authorization", "Bearer " + token)).status == 200U);
}

BOOST_AUTO_TEST_SUITE_END()
