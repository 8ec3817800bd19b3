#include "site.hpp"
#include "support/backend.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <fcntl.h>
#include <unistd.h>

using namespace drawbridge::testing;

namespace {

std::string noise(std::size_t size) {
  std::mt19937_64 random(20'261'127);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

}  // namespace

// How it goes with connections, time, room and change.
BOOST_AUTO_TEST_SUITE(file_transfers)

BOOST_AUTO_TEST_CASE(requests_behind_one_another_are_answered_in_order) {
  const Site site;
  Daemon daemon(configuration(listener_with(site.www()), files_route("lib", "/lib/*", site.www())));
  RawClient client(daemon.port());
  std::string all;
  for (int i = 0; i < 110; ++i) all += text_of_request(i % 2 == 0 ? "/page.js" : "/css/page.css");
  client.send(all);
  for (int i = 0; i < 100; ++i) {
    const Answer answer = client.read_answer();
    BOOST_TEST_REQUIRE(answer.body == (i % 2 == 0 ? "export {}" : "body {}"), i);
    BOOST_TEST(answer.field("connection") == (i == 99 ? "close" : ""), i);
  }
  BOOST_TEST(client.wire().read_to_end() == "");
  RawClient last(daemon.port());
  BOOST_TEST(get(last, "/", "Connection: close\r\n").field("connection") == "close");
  BOOST_TEST(last.wire().read_to_end() == "");
}

BOOST_AUTO_TEST_CASE(a_large_file_is_whole_for_a_slow_reader) {
  const Site site;
  const std::string bytes = noise(20'000'000);
  site.write("www/large", bytes);
  Daemon daemon(
      configuration(listener_with(site.www()), files_route("lib", "/lib/*", site.www()), "log: { level: debug }\n"));
  const std::size_t before = daemon.process().resident_bytes();
  RawClient client(daemon.port());
  client.send(text_of_request("/large"));
  // Others are served meanwhile.
  BOOST_TEST(get(daemon, "/page.js").body == "export {}");
  const std::size_t while_stuck = daemon.process().resident_bytes();
  BOOST_TEST(while_stuck < before + (4U << 20U));
  const Answer answer = client.read_answer();
  BOOST_TEST(answer.status == 200U);
  BOOST_TEST((answer.body == bytes));
  const Record record = daemon.wait_for("file", {{"path", "/large"}});
  BOOST_TEST(record["status"] == "200");
  BOOST_TEST(record["method"] == "GET");
  BOOST_TEST(record.number("bytes") == bytes.size());
  client.send(text_of_request("/large", "Range: bytes=19999000-\r\n"));
  BOOST_TEST((client.read_answer().body == bytes.substr(19'999'000)));
}

BOOST_AUTO_TEST_CASE(a_long_download_holds_no_place_of_those_who_come) {
  const Site site;
  site.write("www/large", noise(20'000'000));
  const Backend backend(echo());
  Daemon daemon(configuration(listener_with(site.www()), route("desk", backend.port()), "limits: { pending: 2 }\n"));
  std::vector<RawClient> readers;
  for (int i = 0; i < 10; ++i) {
    readers.emplace_back(daemon.port());
    readers.back().send(text_of_request("/large"));
    readers.back().wire().read_exactly(1'000);
  }
  RawClient desk = RawClient::open(daemon.port());
  desk.finish();
}

BOOST_AUTO_TEST_CASE(what_one_request_was_is_not_said_of_the_next) {
  const Site site;
  const Backend backend(echo());
  Daemon daemon(
      configuration(listener_with(site.www()), route("desk", backend.port(), ", allow_missing_origin: true")));
  RawClient client(daemon.port());
  head_of(client, "/page.js");
  client.send("GET /other HTTP/1.1\r\nHost: bridge.test\r\nX : y\r\n\r\n");
  BOOST_TEST(client.read_answer().reason() == "bad_request");
  BOOST_TEST(daemon.refused("bad_request")["path"] == "");
  RawClient other(daemon.port());
  BOOST_TEST(get(other, "/page.js", "Origin: https://evil.example\r\n").status == 200U);
  BOOST_TEST(other.request(Head().without("Origin")).status == 101U);
  other.finish();
  BOOST_TEST(daemon.session("client_closed")["origin"] == "");
}

BOOST_AUTO_TEST_CASE(a_file_under_a_lease_holds_up_nobody) {
  const Site site;
  Daemon daemon(configuration(listener_with(site.www()), files_route("lib", "/lib/*", site.www())));
  site.write("www/leased", "leased");
  const int file = ::open(site.at("www/leased").c_str(), O_RDWR | O_CLOEXEC);
  BOOST_TEST_REQUIRE(file >= 0);
  std::signal(SIGIO, SIG_IGN);
  BOOST_TEST_REQUIRE(::fcntl(file, F_SETLEASE, F_WRLCK) == 0);
  BOOST_TEST(get(daemon, "/leased").status == 503U);
  daemon.wait_for("file_failed", {{"file", "leased"}});
  BOOST_TEST(get(daemon, "/page.js").status == 200U);
  ::close(file);
  BOOST_TEST(get(daemon, "/leased").body == "leased");
}

BOOST_AUTO_TEST_CASE(a_file_that_is_replaced_while_it_is_sent_is_whole) {
  const Site site;
  const std::string bytes = noise(20'000'000);
  site.write("www/large", bytes);
  Daemon daemon(configuration(listener_with(site.www()), files_route("lib", "/lib/*", site.www())));
  RawClient client(daemon.port());
  client.send(text_of_request("/large"));
  BOOST_TEST(client.wire().readable(patience));
  site.write("www/new", "new");
  std::filesystem::rename(site.at("www/new"), site.at("www/large"));
  const Answer answer = client.read_answer();
  BOOST_TEST((answer.body == bytes));
  const Answer next = get(client, "/large", "If-None-Match: " + answer.field("etag") + "\r\n");
  BOOST_TEST(next.body == "new");
  BOOST_TEST(next.field("etag") != answer.field("etag"));
}

BOOST_AUTO_TEST_CASE(one_that_is_cut_short_ends_the_connection) {
  const Site site;
  site.write("www/large", noise(20'000'000));
  Daemon daemon(configuration(listener_with(site.www()), files_route("lib", "/lib/*", site.www())));
  RawClient client(daemon.port());
  client.send(text_of_request("/large"));
  BOOST_TEST(client.wire().readable(patience));
  std::filesystem::resize_file(site.at("www/large"), 1'000);
  const std::string got = client.wire().read_to_end_or_reset();
  BOOST_TEST(got.starts_with("HTTP/1.1 200 OK\r\n"));
  BOOST_TEST(got.size() < 20'000'000U);
  BOOST_TEST(get(daemon, "/page.js").status == 200U);
}

BOOST_AUTO_TEST_CASE(a_browser_that_goes_away_leaves_nothing) {
  const Site site;
  site.write("www/large", noise(20'000'000));
  Daemon daemon(
      configuration(listener_with(site.www()), files_route("lib", "/lib/*", site.www()), "log: { level: debug }\n"));
  BOOST_TEST(get(daemon, "/page.js").status == 200U);
  daemon.wait_for("file", {{"path", "/page.js"}});
  const std::size_t before = daemon.process().open_descriptors();
  for (int i = 0; i < 5; ++i) {
    RawClient client(daemon.port());
    client.send(text_of_request("/large"));
    BOOST_TEST(client.wire().readable(patience));
    client.wire().close();
    const Record record = daemon.wait_for("file", {{"path", "/large"}});
    BOOST_TEST(record.number("bytes") < 20'000'000U);
  }
  BOOST_TEST(get(daemon, "/page.js", "Connection: close\r\n").status == 200U);
  // Files are closed by their own thread.
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (daemon.process().open_descriptors() > before && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  BOOST_TEST(daemon.process().open_descriptors() <= before);
}

BOOST_AUTO_TEST_CASE(a_request_that_does_not_come_is_not_waited_for) {
  const Site site;
  Daemon daemon(configuration(listener_with(site.www()), files_route("lib", "/lib/*", site.www()),
                              "timeouts: { head: 300ms }\n"));
  // One that has begun is as late as a first one.
  RawClient half(daemon.port());
  BOOST_TEST(get(half, "/").status == 200U);
  half.send("GET /page.js HT");
  BOOST_TEST(half.read_answer().reason() == "head_timeout");
  // Browsers connect in advance.
  RawClient silent(daemon.port());
  BOOST_TEST(silent.wire().read_to_end() == "");
  // One that has not just ends the connection, and is no failure.
  RawClient idle(daemon.port());
  BOOST_TEST(get(idle, "/").status == 200U);
  BOOST_TEST(idle.wire().read_to_end() == "");
  daemon.refused("head_timeout");
  for (const Record& record : daemon.records()) {
    BOOST_TEST((record["event"] != "refused" || record["reason"] == "head_timeout"), record.line);
  }
}

BOOST_AUTO_TEST_CASE(an_idle_connection_does_not_hold_up_the_end) {
  const Site site;
  Daemon daemon(configuration(listener_with(site.www()), files_route("lib", "/lib/*", site.www())));
  RawClient client(daemon.port());
  BOOST_TEST(get(client, "/").status == 200U);
  daemon.terminate();
  BOOST_TEST(client.wire().read_to_end() == "");
  BOOST_TEST(daemon.process().wait() == 0);
  for (const Record& record : daemon.records()) BOOST_TEST(record["event"] != "refused", record.line);
}

BOOST_AUTO_TEST_CASE(a_reload_changes_the_folder) {
  const Site site;
  const Backend backend(echo());
  const auto with = [&](const std::string& folder) {
    return configuration(listener_with(site.www()), files_route("lib", "/lib/*", folder), "workers: 1\n");
  };
  Daemon daemon(with(site.at("www/css")));
  RawClient client(daemon.port());
  BOOST_TEST(get(client, "/lib/page.css").status == 200U);
  daemon.reload(with(site.at("www/v2")));
  daemon.wait_for("reloaded");
  // The worker comes to it in its own time.
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (get(daemon, "/lib/page.css").status == 200 && std::chrono::steady_clock::now() < deadline) {
  }
  // Its listener may have other files, too.
  const Answer last = get(client, "/lib/page.css");
  BOOST_TEST(last.status == 404U);
  BOOST_TEST(last.field("connection") == "close");
  BOOST_TEST(get(daemon, "/lib/index.html").body == "<h1>version 2</h1>");
  daemon.reload(with(site.at("www/gone")));
  daemon.wait_for("reload_failed");
  const auto records = daemon.records();
  BOOST_TEST(std::any_of(records.begin(), records.end(), [](const Record& record) {
    return record["event"] == "config_error" &&
           record["message"].find("there is no such directory") != std::string::npos;
  }));
  BOOST_TEST(get(daemon, "/lib/index.html").status == 200U);
  // One that goes away later is missed when it is asked for.
  std::filesystem::rename(site.at("www/v2"), site.at("www/v3"));
  BOOST_TEST(get(daemon, "/lib/index.html").status == 503U);
  daemon.wait_for("file_failed", {{"file", "index.html"}, {"error", "No such file or directory"}});
}

BOOST_AUTO_TEST_CASE(behind_a_proxy_each_request_may_be_for_another_client) {
  const Site site;
  Daemon daemon(configuration(listener_with(site.www(), ", trusted_proxies: { from: [ 127.0.0.1 ] }"),
                              files_route("lib", "/lib/*", site.www(), ", deny: [ 192.0.2.0/24 ]")));
  RawClient client(daemon.port());
  const Answer answer = get(client, "/lib/page.js", "X-Forwarded-For: 198.51.100.1\r\n");
  BOOST_TEST(answer.status == 200U);
  BOOST_TEST(answer.field("connection") == "close");
  RawClient denied(daemon.port());
  BOOST_TEST(get(denied, "/lib/page.js", "X-Forwarded-For: 192.0.2.1\r\n").reason() == "client_denied");
}

BOOST_AUTO_TEST_CASE(files_take_their_memory_from_the_budget) {
  const Site site;
  Daemon daemon(configuration(listener_with(site.www()), files_route("lib", "/lib/*", site.www()),
                              "limits: { buffers: 16KiB }\n"));
  const Answer answer = get(daemon, "/page.js");
  BOOST_TEST(answer.status == 503U);
  BOOST_TEST(answer.reason() == "full");
  BOOST_TEST(answer.field("retry-after") != "");
}

BOOST_AUTO_TEST_SUITE_END()
