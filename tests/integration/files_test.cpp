#include "support/backend.hpp"
#include "support/daemon.hpp"
#include "support/raw_client.hpp"
#include "support/temporary_directory.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace drawbridge::testing;

namespace {

constexpr std::string_view secret = "nobody may read this";

// A folder as somebody might make it, and what lies around it.
class Site {
 public:
  Site() {
    write("outside", secret);
    std::filesystem::create_directories(at("www/css"));
    std::filesystem::create_directories(at("www/.git"));
    std::filesystem::create_directories(at("www/v2"));
    write("www/index.html", "<h1>the page</h1>");
    write("www/page.js", "export {}");
    write("www/css/page.css", "body {}");
    write("www/v2/index.html", "<h1>version 2</h1>");
    write("www/.git/config", secret);
    write("www/.htpasswd", secret);
    write("www/two words.txt", "two words");
    write("www/empty", "");
    std::filesystem::create_symlink("../outside", at("www/out"));
    std::filesystem::create_symlink(at("outside"), at("www/absolute"));
    std::filesystem::create_symlink("..", at("www/up"));
    std::filesystem::create_symlink("v2", at("www/current"));
    std::filesystem::create_symlink("/proc/self/environ", at("www/environ"));
    std::filesystem::create_symlink("loop", at("www/loop"));
    ::mkfifo(at("www/fifo").c_str(), 0600);
  }

  std::string at(std::string_view name) const { return directory_.path(name); }
  void write(std::string_view name, std::string_view content) const { directory_.write(name, content); }
  std::string www() const { return at("www"); }

 private:
  TemporaryDirectory directory_;
};

std::string listener_with(const std::string& web, std::string_view more = {}) {
  return "  - { bind: \"127.0.0.1:0\", tls: { certificates: [ { chain: server.crt, key: server.key } ] }, web: " + web +
         std::string(more) + " }\n";
}

std::string files_route(std::string_view name, std::string_view path, const std::string& web,
                        std::string_view more = {}) {
  return "  - { name: " + std::string(name) + ", path: " + std::string(path) + ", web: " + web + std::string(more) +
         " }\n";
}

std::string text_of_request(std::string_view path, std::string_view fields = {}, std::string_view method = "GET") {
  return std::string(method) + " " + std::string(path) + " HTTP/1.1\r\nHost: bridge.test\r\n" + std::string(fields) +
         "\r\n";
}

Answer get(RawClient& client, std::string_view path, std::string_view fields = {}) {
  client.send(text_of_request(path, fields));
  return client.read_answer();
}

Answer get(Daemon& daemon, std::string_view path, std::string_view fields = {}) {
  RawClient client(daemon.port());
  return get(client, path, fields);
}

// The head alone, as text.
std::string head_of(RawClient& client, std::string_view path, std::string_view fields = {}) {
  client.send(text_of_request(path, fields, "HEAD"));
  return client.wire().read_until("\r\n\r\n");
}

std::string noise(std::size_t size) {
  std::mt19937_64 random(20'261'127);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(files)

BOOST_AUTO_TEST_CASE(a_page_is_served_beside_the_socket) {
  const Site site;
  const Backend backend(echo());
  Daemon daemon(configuration(listener_with(site.www()), route("desk", backend.port())));
  RawClient client(daemon.port());
  const Answer page = get(client, "/");
  BOOST_TEST(page.status == 200U);
  BOOST_TEST(page.body == "<h1>the page</h1>");
  BOOST_TEST(page.field("content-type") == "text/html; charset=utf-8");
  BOOST_TEST(page.field("x-content-type-options") == "nosniff");
  BOOST_TEST(page.field("content-security-policy").starts_with("default-src 'self';"));
  BOOST_TEST(page.field("cache-control") == "no-cache");
  BOOST_TEST(page.field("date").ends_with(" GMT"));
  BOOST_TEST(page.field("connection") == "");
  // On the same connection.
  BOOST_TEST(get(client, "/css/page.css?v=2").body == "body {}");
  BOOST_TEST(get(client, "/two%20words.txt").body == "two words");
  BOOST_TEST(get(client, "/empty").status == 200U);
  BOOST_TEST(get(client, "/v2/").body == "<h1>version 2</h1>");
  const Answer again = get(client, "/", "If-None-Match: " + page.field("etag") + "\r\n");
  BOOST_TEST(again.status == 304U);
  BOOST_TEST(again.field("etag") == page.field("etag"));
  const Answer part = get(client, "/", "Range: bytes=4-7\r\n");
  BOOST_TEST(part.status == 206U);
  BOOST_TEST(part.body == "the ");
  BOOST_TEST(get(client, "/", "Range: bytes=99-\r\n").status == 416U);
  BOOST_TEST(get(client, "/").body == "<h1>the page</h1>");
  // And then the socket.
  BOOST_TEST(client.request(Head()).status == 101U);
  client.send_frame(Op::binary, "hello");
  BOOST_TEST(client.read_payload(5) == "hello");
  client.finish();
  daemon.session("client_closed");
}

BOOST_AUTO_TEST_CASE(nothing_else_is) {
  const Site site;
  Daemon daemon(configuration(listener_with(site.www()), files_route("lib", "/lib/*", site.at("www/css"))));
  struct Case {
    const char* path;
    unsigned status;
  };
  for (const auto& [path, status] : std::vector<Case>{{"/nothing", 404},
                                                      {"/css", 308},
                                                      {"/css/", 404},
                                                      {"/.git/config", 404},
                                                      {"/.htpasswd", 404},
                                                      {"/out", 404},
                                                      {"/absolute", 404},
                                                      {"/up/outside", 404},
                                                      {"/up/www/page.js", 404},
                                                      {"/environ", 404},
                                                      {"/loop", 404},
                                                      {"/fifo", 404},
                                                      {"/page.js/", 404},
                                                      {"/page.js/x", 404},
                                                      {"/index.html/", 404},
                                                      {"/current/", 200},
                                                      {"/current", 308},
                                                      {"/lib/page.css", 200},
                                                      {"/lib/", 404},
                                                      {"/lib/index.html", 404},
                                                      {"/../outside", 400},
                                                      {"/%2e%2e/outside", 400},
                                                      {"/..%2foutside", 400},
                                                      {"/css/../../outside", 400},
                                                      {"//etc/passwd", 400},
                                                      {"/css//page.css", 400},
                                                      {"/%00", 400},
                                                      {"/..%5coutside", 400},
                                                      {"/%252e%252e/outside", 404},
                                                      {"/%C0%AE%C0%AE/outside", 404},
                                                      {"/lib/%252e./outside", 404}}) {
    BOOST_TEST_CONTEXT(path) {
      const Answer answer = get(daemon, path);
      BOOST_TEST(answer.status == status);
      BOOST_TEST(answer.body.find(secret) == std::string::npos);
      if (status == 404) BOOST_TEST(answer.field("x-content-type-options") == "nosniff");
    }
  }
  BOOST_TEST(get(daemon, "/css?a=b").field("location") == "/css/?a=b");
}

BOOST_AUTO_TEST_CASE(a_head_is_answered_like_a_get) {
  const Site site;
  Daemon daemon(configuration(listener_with(site.www()), files_route("lib", "/lib/*", site.www())));
  RawClient client(daemon.port());
  for (const char* path : {"/", "/nothing", "/css", "/lib/page.js"}) {
    BOOST_TEST_CONTEXT(path) {
      std::string head = head_of(client, path);
      const Answer whole = get(client, path);
      BOOST_TEST(head.starts_with("HTTP/1.1 " + std::to_string(whole.status)));
      BOOST_TEST(head.find("Content-Length: " + std::to_string(whole.body.size()) + "\r\n") != std::string::npos);
      BOOST_TEST((head.find("ETag: " + whole.field("etag")) != std::string::npos || whole.field("etag").empty()));
    }
  }
  // Of a refusal too there is no more than the head.
  client.send("HEAD /%2e HTTP/1.1\r\nHost: bridge.test\r\n\r\n");
  BOOST_TEST(client.wire().read_to_end().ends_with("\r\n\r\n"));
}

BOOST_AUTO_TEST_CASE(a_compressed_copy_goes_to_who_takes_it) {
  const Site site;
  site.write("www/page.js.gz", "gzip");
  site.write("www/page.js.br", "brotli");
  site.write("www/css/page.css.gz", "outdated");
  std::filesystem::last_write_time(
      site.at("www/css/page.css.gz"),
      std::filesystem::last_write_time(site.at("www/css/page.css")) - std::chrono::hours(1));
  std::filesystem::create_symlink("../outside", site.at("www/index.html.gz"));
  Daemon daemon(configuration(listener_with(site.www()), files_route("lib", "/lib/*", site.www())));
  const Answer plain = get(daemon, "/page.js");
  BOOST_TEST(plain.body == "export {}");
  BOOST_TEST(plain.field("vary") == "Accept-Encoding");
  const Answer gzip = get(daemon, "/page.js", "Accept-Encoding: gzip\r\n");
  BOOST_TEST(gzip.body == "gzip");
  BOOST_TEST(gzip.field("content-encoding") == "gzip");
  BOOST_TEST(gzip.field("content-type") == "text/javascript; charset=utf-8");
  BOOST_TEST(gzip.field("etag") != plain.field("etag"));
  BOOST_TEST(get(daemon, "/page.js", "Accept-Encoding: gzip, br\r\n").body == "brotli");
  BOOST_TEST(get(daemon, "/page.js", "Accept-Encoding: br;q=0, gzip\r\n").body == "gzip");
  const Answer css = get(daemon, "/css/page.css", "Accept-Encoding: gzip\r\n");
  BOOST_TEST(css.body == "body {}");
  BOOST_TEST(css.field("vary") == "");
  BOOST_TEST(get(daemon, "/", "Accept-Encoding: gzip\r\n").body == "<h1>the page</h1>");
}

BOOST_AUTO_TEST_CASE(files_of_routes_go_before_those_of_the_listener) {
  const Site site;
  const Backend backend(echo());
  Daemon daemon(configuration(
      listener_with(site.www()),
      route("game", backend.port(),
            ", web: { directory: " + site.at("www/v2") + ", content_security_policy: \"default-src *\", cache: 1h }") +
          route("desk", backend.port()) + files_route("hosted", "/*", site.at("www/css"), ", host: css.bridge.test")));
  BOOST_TEST(get(daemon, "/game").field("location") == "/game/");
  const Answer game = get(daemon, "/game/");
  BOOST_TEST(game.body == "<h1>version 2</h1>");
  BOOST_TEST(game.field("content-security-policy") == "default-src *");
  BOOST_TEST(game.field("cache-control") == "max-age=3600");
  BOOST_TEST(get(daemon, "/game/page.js").status == 404U);
  // Where only a socket is, that is said; beside it the listener's files are.
  const Answer desk = get(daemon, "/desk");
  BOOST_TEST(desk.status == 426U);
  BOOST_TEST(desk.reason() == "upgrade_required");
  BOOST_TEST(get(daemon, "/desk/x").status == 404U);
  site.write("www/desk", "a file of that name");
  BOOST_TEST(get(daemon, "/desk").body == "a file of that name");
  RawClient hosted(daemon.port(), TlsOptions{.server_name = ""});
  hosted.send("GET /page.css HTTP/1.1\r\nHost: css.bridge.test:1\r\n\r\n");
  BOOST_TEST(hosted.read_answer().status == 200U);
  // No session where only files are.
  RawClient client(daemon.port());
  const Answer refused = client.request(Head("/page.css").set("Host", "css.bridge.test"));
  BOOST_TEST(refused.reason() == "no_route");
}

BOOST_AUTO_TEST_CASE(without_files_all_is_as_it_was) {
  const Site site;
  const Backend backend(echo());
  Daemon daemon(configuration(tls_listener() + listener_with(site.www()), route("desk", backend.port())));
  BOOST_TEST(get(daemon, "/").status == 426U);
  RawClient head(daemon.port());
  BOOST_TEST(head_of(head, "/").starts_with("HTTP/1.1 405 "));
  RawClient other(daemon.port(1));
  BOOST_TEST(get(other, "/").status == 200U);
}

BOOST_AUTO_TEST_CASE(what_is_no_good_request_is_refused) {
  const Site site;
  Daemon daemon(configuration(listener_with(site.www()), files_route("lib", "/lib/*", site.www())));
  struct Case {
    std::string text;
    unsigned status;
    const char* reason;
  };
  for (const auto& [text, status, reason] :
       std::vector<Case>{{text_of_request("/", "", "POST"), 405, "method"},
                         {text_of_request("/", "", "DELETE"), 405, "method"},
                         {text_of_request("/", "Content-Length: 5\r\n") + "hello", 400, "bad_request"},
                         {text_of_request("/", "Transfer-Encoding: chunked\r\n"), 400, "bad_request"},
                         {"GET / HTTP/1.0\r\nHost: bridge.test\r\n\r\n", 400, "bad_request"},
                         {"GET / HTTP/1.1\r\n\r\n", 400, "bad_request"},
                         {"GET https://bridge.test/ HTTP/1.1\r\nHost: bridge.test\r\n\r\n", 400, "bad_request"},
                         {"GET / HTTP/1.1\r\nHost: bridge.test\r\nHost: bridge.test\r\n\r\n", 400, "bad_request"},
                         {text_of_request("/" + std::string(9'000, 'a')), 414, "target_too_long"},
                         {text_of_request("/", "A: " + std::string(17'000, 'a') + "\r\n"), 431, "head_too_large"}}) {
    BOOST_TEST_CONTEXT(text.substr(0, 60)) {
      RawClient client(daemon.port());
      BOOST_TEST(get(client, "/").status == 200U);
      client.send(text);
      const Answer answer = client.read_answer();
      BOOST_TEST(answer.status == status);
      BOOST_TEST(answer.reason() == reason);
      BOOST_TEST(answer.field("connection") == "close");
      if (status == 405) BOOST_TEST(answer.field("allow") == "GET, HEAD");
      client.wire().read_to_end();
      daemon.refused(reason);
    }
  }
}

BOOST_AUTO_TEST_CASE(addresses_that_may_not_come_get_no_file) {
  const Site site;
  Daemon daemon(configuration(
      listener_with(site.www()),
      files_route("lib", "/lib/*", site.www(), ", deny: [ 127.0.0.0/8 ]") +
          files_route("tried", "/tried/*", site.www(), ", deny: [ 127.0.0.0/8 ], enforce: { deny: false }")));
  BOOST_TEST(get(daemon, "/lib/page.js").reason() == "client_denied");
  daemon.refused("client_denied");
  BOOST_TEST(get(daemon, "/tried/page.js").status == 200U);
  daemon.wait_for("would_refuse", {{"reason", "client_denied"}});
  BOOST_TEST(get(daemon, "/page.js").status == 200U);
}

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

BOOST_AUTO_TEST_CASE(explain_tells_of_them) {
  const Site site;
  const Backend backend(echo());
  const TemporaryDirectory directory;
  const std::string file =
      directory.write("drawbridge.yaml",
                      configuration("  - { bind: \"127.0.0.1:0\", web: " + site.www() + " }\n",
                                    route("desk", backend.port()) + files_route("lib", "/lib/*", site.at("www/css"))));
  const auto explained = [&](std::string_view path) {
    return run({program(), "explain", "-c", file, "--url", "ws://bridge.test" + std::string(path), "--origin",
                std::string(usual_origin)});
  };
  const Run desk = explained("/desk");
  BOOST_TEST(desk.code == 0);
  BOOST_TEST(desk.output.find("gets a file of " + site.www() + "\n") != std::string::npos, desk.output << desk.error);
  const Run lib = explained("/lib/page.css");
  BOOST_TEST(lib.code == 1);
  BOOST_TEST(lib.output.find("no_route") != std::string::npos, lib.output);
  BOOST_TEST(lib.output.find("gets a file of " + site.at("www/css") + "\n") != std::string::npos, lib.output);
}

BOOST_AUTO_TEST_CASE(plaintext_and_unix_sockets_serve_files_too) {
  const Site site;
  Daemon daemon(configuration("  - { bind: \"127.0.0.1:0\", web: " + site.www() +
                                  " }\n  - { bind: \"unix:bridge.sock\", web: " + site.www() + " }\n",
                              files_route("lib", "/lib/*", site.www())));
  RawClient plain(connect_tcp(daemon.port()));
  BOOST_TEST(get(plain, "/page.js").body == "export {}");
  RawClient local(connect_unix(daemon.directory().path("bridge.sock")));
  BOOST_TEST(get(local, "/page.js").body == "export {}");
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
