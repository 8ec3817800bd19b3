#include "site.hpp"
#include "support/backend.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace drawbridge::testing;

// What is answered.
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

BOOST_AUTO_TEST_SUITE_END()
