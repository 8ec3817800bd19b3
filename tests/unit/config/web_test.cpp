#include "support/temporary_directory.hpp"
#include "unit/config/memory_files.hpp"

#include <boost/test/unit_test.hpp>
#include <sys/stat.h>
#include <unistd.h>

using namespace drawbridge::config;
using drawbridge::testing::TemporaryDirectory;

namespace {

constexpr std::string_view right_listeners = "listeners: [ { bind: 127.0.0.1:1 } ]\n";
constexpr std::string_view sessions = "origins: [ 'https://a.example' ], backend: 'tcp://b:1'";

std::string routes(std::string_view routes_text) {
  return std::string(right_listeners) + "routes:\n" + std::string(routes_text);
}

std::string told_of_routes(std::string_view text) {
  return told(load_text(routes(text)));
}

std::string with(std::string_view route_text, std::string_view more) {
  return std::string("  - { ") + std::string(route_text) + ", " + std::string(more) + " }\n";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(web_key)

BOOST_AUTO_TEST_CASE(is_a_folder_or_its_settings) {
  const Loaded loaded = load_text(
      "listeners: [ { bind: 127.0.0.1:1, web: page }, { bind: 127.0.0.1:2 } ]\n"
      "routes:\n"
      "  - { name: a, path: /a, web: { directory: /srv/a, content_security_policy: \"default-src *\", cache: 1h } }\n"
      "  - { name: b, path: /b, origins: [ 'https://a.example' ], backend: 'echo:', web: { directory: b, cache: none } "
      "}\n");
  BOOST_TEST(told(loaded) == "");
  const Config& config = loaded.config;
  BOOST_TEST(config.listeners[0].web.value().directory == "/etc/page");
  BOOST_TEST(config.listeners[0].web->content_security_policy == Web{}.content_security_policy);
  BOOST_TEST((config.listeners[0].web->cache == std::nullopt));
  BOOST_TEST(!config.listeners[1].web);
  const Route& files = config.routes[0];
  BOOST_TEST(files.web.value().directory == "/srv/a");
  BOOST_TEST(files.web->content_security_policy == "default-src *");
  BOOST_TEST((files.web->cache == Milliseconds(3'600'000)));
  BOOST_TEST(!files.has_sessions());
  BOOST_TEST(files.backend.text() == "");
  BOOST_TEST(config.routes[1].has_sessions());
  BOOST_TEST(config.routes[1].web.value().directory == "/etc/b");
}

BOOST_AUTO_TEST_CASE(mistakes_in_it_are_told) {
  BOOST_TEST(told_of_routes("  - { name: a, path: /a, web: '' }\n") ==
             "3:31: `web` must be the path of a directory such as /srv/www, not ``\n");
  BOOST_TEST(told_of_routes("  - { name: a, path: /a, web: {} }\n") ==
             "3:31: missing key `directory`: the folder whose files are served\n");
  BOOST_TEST(told_of_routes("  - { name: a, path: /a, web: [ x ] }\n") ==
             "3:31: `web` must be a mapping of keys to values, not a list\n");
  BOOST_TEST(told_of_routes("  - { name: a, path: /a, web: { directory: x, csp: x } }\n") ==
             "3:47: unknown key `csp`; known here: directory, content_security_policy, cache\n");
  BOOST_TEST(told_of_routes("  - { name: a, path: /a, web: { directory: x, content_security_policy: \"a\\nb\" } }\n")
                 .starts_with("3:72: "));
  BOOST_TEST(told_of_routes("  - { name: a, path: /a, web: { directory: x, content_security_policy: '' } }\n") ==
             "3:72: `content_security_policy` must be a Content-Security-Policy such as default-src 'self', not ``\n");
}

BOOST_AUTO_TEST_CASE(a_route_has_sessions_or_files_or_both) {
  BOOST_TEST(told_of_routes("  - { name: a, path: /a }\n") ==
             "3:5: missing key `origins`: who may enter, such as [ \"https://app.example.org\" ]\n"
             "3:5: missing key `backend`: the service behind the route, such as tcp://127.0.0.1:5900\n");
  BOOST_TEST(told_of_routes("  - { name: a, path: /a, web: x, backend: 'tcp://b:1' }\n") ==
             "3:5: missing key `origins`: who may enter, such as [ \"https://app.example.org\" ]\n");
  BOOST_TEST(told_of_routes("  - { name: a, path: /a, web: x, origins: [ 'https://a.example' ] }\n") ==
             "3:5: missing key `backend`: the service behind the route, such as tcp://127.0.0.1:5900\n");
}

BOOST_AUTO_TEST_CASE(files_alone_have_no_use_for_what_is_about_sessions) {
  BOOST_TEST(told_of_routes(
                 "  - { name: a, path: /a, web: x, limits: { sessions: 1 }, deny: [ 192.0.2.1 ], accepts: text }\n") ==
             "3:42: `limits` is about sessions, and this route has none: it has no `backend`\n"
             "3:89: `accepts` is about sessions, and this route has none: it has no `backend`\n");
}

BOOST_AUTO_TEST_CASE(two_routes_do_not_have_files_in_one_place) {
  BOOST_TEST(told_of_routes("  - { name: a, path: /a, web: x }\n  - { name: b, path: /a/*, web: y }\n") ==
             "4:22: the route on line 3 has its files below /a/ too\n");
  // Sessions may be there, and other hosts are other places.
  BOOST_TEST(told_of_routes("  - { name: a, path: /a, web: x }\n  - { name: b, path: /a/*, " + std::string(sessions) +
                            " }\n  - { name: c, path: /a/*, host: c.example, web: x }\n") == "");
}

BOOST_AUTO_TEST_CASE(that_auth_does_not_guard_files_is_said) {
  constexpr std::string_view auth = "auth: [ { tokens: { file: t } } ]";
  BOOST_TEST(
      told_of_routes("  - { name: a, path: /a, web: x, " + std::string(auth) + " }\n") ==
      "3:40: `auth` guards sessions, and this route has none: everybody may read the files of `web`; take `auth` "
      "away, or serve what is secret elsewhere\n");
  BOOST_TEST(
      told_of_routes("  - { name: a, path: /a, web: x, " + std::string(auth) + ", " + std::string(sessions) + " }\n") ==
      "3:31: warning: `auth` guards the route's sessions, not these files, which everybody may read\n");
}

// Whose scripts run in the origin that the browser sends cookies to.
BOOST_AUTO_TEST_CASE(files_beside_cookies_are_warned_of) {
  constexpr std::string_view warning =
      ": warning: these files share an origin with the route `b`, which takes cookies: whoever can change a script "
      "there "
      "can act as everybody who opens it; serve them under another `host`, or take tokens that pages send themselves\n";
  const std::string cookie =
      with("name: b, path: /b", std::string(sessions) + ", auth: [ { tokens: { file: t, from: [ 'cookie:c' ] } } ]");
  BOOST_TEST(told_of_routes("  - { name: a, path: /a, web: x }\n" + cookie) == "3:31" + std::string(warning));
  const std::string cookie_at =
      with("name: b, path: /b, host: b.example",
           std::string(sessions) + ", auth: [ { tokens: { file: t, from: [ 'cookie:c' ] } } ]");
  BOOST_TEST(told_of_routes("  - { name: a, path: /a, host: b.example, web: x }\n" + cookie_at) ==
             "3:48" + std::string(warning));
  BOOST_TEST(told_of_routes("  - { name: a, path: /a, host: a.example, web: x }\n" + cookie_at) == "");
  BOOST_TEST(told(load_text("listeners: [ { bind: 127.0.0.1:1, web: x } ]\nroutes:\n" + cookie_at)) ==
             "1:40" + std::string(warning));
  // A service that is asked sees cookies unless the configuration says otherwise.
  const auto forward = [](std::string_view more) {
    return with("name: b, path: /b", std::string(sessions) + ", auth: [ { forward: { url: 'http://127.0.0.1:9/'" +
                                         std::string(more) + " } } ]");
  };
  BOOST_TEST(told_of_routes("  - { name: a, path: /a, web: x }\n" + forward("")) == "3:31" + std::string(warning));
  BOOST_TEST(told_of_routes("  - { name: a, path: /a, web: x }\n" + forward(", request_headers: authorization")) == "");
  const std::string token = with("name: b, path: /b", std::string(sessions) + ", auth: [ { tokens: { file: t } } ]");
  BOOST_TEST(told_of_routes("  - { name: a, path: /a, web: x }\n" + token) == "");
}

BOOST_AUTO_TEST_CASE(secrets_are_not_served) {
  const TemporaryDirectory directory;
  const std::string key = directory.write("privkey.pem", "x");
  const std::string token = directory.write(".token", "x");
  ::mkdir(directory.path("page").c_str(), 0700);
  ::mkdir(directory.path("elsewhere").c_str(), 0700);
  const auto said = [&](const std::string& served, const std::string& key_file) {
    Config config;
    config.listeners.resize(1);
    config.listeners[0].web = Web{.directory = served};
    config.listeners[0].tls.emplace().certificates = {{"credential:chain", key_file, {}}};
    config.admin.resize(1);
    config.admin[0].token = token;  // begins with a dot
    std::string text;
    for (const Diagnostic& diagnostic : check_environment(config, {})) {
      if (diagnostic.message.starts_with("`web`")) text += diagnostic.message + "\n";
    }
    return text;
  };
  BOOST_TEST(said(directory.path("."), key) ==
             "`web` would serve `" + key + "`, a private key: move it out of the folder\n");
  BOOST_TEST(said(directory.path("page/.."), key) ==
             "`web` would serve `" + key + "`, a private key: move it out of the folder\n");
  BOOST_TEST(said(directory.path("page"), key) == "");
  BOOST_TEST(said(directory.path("page"), "credential:privkey.pem") == "");
  // Where it is a link that leads out it is not served.
  const std::string archived = directory.write("elsewhere/privkey.pem", "x");
  BOOST_TEST_REQUIRE(::symlink("../elsewhere/privkey.pem", directory.path("page/privkey.pem").c_str()) == 0);
  BOOST_TEST(said(directory.path("page"), directory.path("page/privkey.pem")) == "");
}

BOOST_AUTO_TEST_CASE(the_folder_has_to_be_there) {
  const TemporaryDirectory directory;
  const std::string file = directory.write("file", "x");
  const auto said = [&](const std::string& path) {
    Config config;
    config.listeners.resize(1);
    config.listeners[0].web = Web{.directory = path};
    std::string text;
    for (const Diagnostic& diagnostic : check_environment(config, {})) text += diagnostic.message + "\n";
    return text;
  };
  BOOST_TEST(said(directory.path("")) == "");
  BOOST_TEST(said(directory.path("nothing")) ==
             "`web`: cannot serve `" + directory.path("nothing") + "`: there is no such directory\n");
  BOOST_TEST(said(file) == "`web`: cannot serve `" + file + "`: it is not a directory\n");
}

BOOST_AUTO_TEST_SUITE_END()
