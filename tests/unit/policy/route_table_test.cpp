#include "policy/route_table.hpp"

#include <algorithm>
#include <random>
#include <tuple>

#include <boost/test/unit_test.hpp>

namespace drawbridge::policy {
namespace {

// `pattern` as the configuration writes it.
config::Route route(std::optional<std::string> host, std::string pattern) {
  config::Route made;
  made.name = host.value_or("*") + pattern;
  made.host = std::move(host);
  made.prefix = pattern.ends_with("/*");
  if (made.prefix) pattern.pop_back();
  made.path = std::move(pattern);
  made.backend.kind = config::Backend::Kind::echo;
  return made;
}

config::Route route(std::string pattern) {
  return route(std::nullopt, std::move(pattern));
}

std::string found(const std::vector<config::Route>& routes, std::string_view host, std::string_view path) {
  const auto index = RouteTable(routes).find(host, path);
  return index ? routes.at(*index).name : "none";
}

BOOST_AUTO_TEST_SUITE(route_table)

BOOST_AUTO_TEST_CASE(an_empty_table_has_no_route) {
  BOOST_TEST(!RouteTable().find("a.example", "/"));
  BOOST_TEST(found({}, "a.example", "/") == "none");
}

BOOST_AUTO_TEST_CASE(an_exact_path_is_neither_a_prefix_nor_a_case) {
  const std::vector routes{route("/desk")};
  BOOST_TEST(found(routes, "any", "/desk") == "*/desk");
  for (const auto* path : {"/", "/des", "/desk/", "/desks", "/desk/a", "/Desk", ""}) {
    BOOST_TEST(found(routes, "any", path) == "none", path);
  }
}

BOOST_AUTO_TEST_CASE(a_prefix_excludes_its_own_name_and_includes_its_slash) {
  const std::vector routes{route("/desk/*")};
  for (const auto* path : {"/desk/", "/desk/a", "/desk/a/b/", "/desk/*"}) {
    BOOST_TEST(found(routes, "any", path) == "*/desk/*", path);
  }
  for (const auto* path : {"/desk", "/", "/deskx/", "/a/desk/", "/desk%2Fa", ""}) {
    BOOST_TEST(found(routes, "any", path) == "none", path);
  }
}

BOOST_AUTO_TEST_CASE(the_root_prefix_takes_every_path) {
  const std::vector routes{route("/*")};
  for (const auto* path : {"/", "/a", "/a/b/c"}) BOOST_TEST(found(routes, "any", path) == "*/*", path);
}

BOOST_AUTO_TEST_CASE(exact_goes_before_prefix_and_longer_before_shorter) {
  const std::vector routes{route("/*"), route("/a/*"), route("/a/b/*"), route("/a/b"), route("/a/b/"), route("/a/b/c")};
  BOOST_TEST(found(routes, "any", "/a/b") == "*/a/b");
  BOOST_TEST(found(routes, "any", "/a/b/") == "*/a/b/");
  BOOST_TEST(found(routes, "any", "/a/b/c") == "*/a/b/c");
  BOOST_TEST(found(routes, "any", "/a/b/c/d") == "*/a/b/*");
  BOOST_TEST(found(routes, "any", "/a/c/d") == "*/a/*");
  BOOST_TEST(found(routes, "any", "/a") == "*/*");
}

BOOST_AUTO_TEST_CASE(a_host_goes_before_everything_else) {
  const std::vector routes{route("/a/b"), route("/c"), route("a.example", "/a/*"), route("b.example", "/c")};
  BOOST_TEST(found(routes, "a.example", "/a/b") == "a.example/a/*");
  BOOST_TEST(found(routes, "a.example", "/c") == "*/c");  // none of its own: any-host routes
  BOOST_TEST(found(routes, "b.example", "/c") == "b.example/c");
  BOOST_TEST(found(routes, "c.example", "/a/b") == "*/a/b");
  BOOST_TEST(found(routes, "", "/c") == "*/c");
}

BOOST_AUTO_TEST_CASE(files_are_at_and_below_the_path_of_their_route) {
  const auto with_files = [](config::Route made, bool sessions = false) {
    made.web.emplace();
    if (!sessions) made.backend = {.kind = config::Backend::Kind::none};
    return made;
  };
  const std::vector routes{with_files(route("/game"), true), with_files(route("/lib/*")),
                           with_files(route("a.example", "/*")), route("/lib/socket"), route("/desk")};
  const RouteTable table(routes);
  BOOST_TEST(table.has_files());
  const auto files = [&](std::string_view host, std::string_view path) {
    const auto index = table.find_files(host, path);
    return index ? routes.at(*index).name : "none";
  };
  for (const auto* path : {"/game", "/game/", "/game/a/b.js"}) BOOST_TEST(files("any", path) == "*/game", path);
  for (const auto* path : {"/lib/", "/lib/a", "/lib/socket"}) BOOST_TEST(files("any", path) == "*/lib/*", path);
  for (const auto* path : {"/", "/lib", "/games", "/desk", "/desk/x"}) BOOST_TEST(files("any", path) == "none", path);
  BOOST_TEST(files("a.example", "/game/x") == "a.example/*");
  // Where only files are no session is.
  BOOST_TEST(found(routes, "any", "/game") == "*/game");
  BOOST_TEST(found(routes, "any", "/game/x") == "none");
  BOOST_TEST(found(routes, "any", "/lib/a") == "none");
  BOOST_TEST(found(routes, "any", "/lib/socket") == "*/lib/socket");
  BOOST_TEST(!RouteTable(std::vector{route("/a/*")}).has_files());
  BOOST_TEST(!RouteTable(std::vector{route("/a/*")}).find_files("any", "/a/b"));
}

BOOST_AUTO_TEST_CASE(a_host_matches_whole) {
  const std::vector routes{route("a.example", "/*")};
  for (const auto* host : {"", "example", "x.a.example", "a.example.x", "aa.example"}) {
    BOOST_TEST(found(routes, host, "/") == "none", host);
  }
}

BOOST_AUTO_TEST_CASE(a_path_of_thousands_of_slashes_finds_its_prefix) {
  const std::vector routes{route("/a/*"), route("/a/a/a/*")};
  std::string path;
  for (int i = 0; i < 8'000; ++i) path += "/a";
  BOOST_TEST(found(routes, "any", path) == "*/a/a/a/*");
  path.front() = '/';
  path[1] = 'b';
  BOOST_TEST(found(routes, "any", path) == "none");
}

BOOST_AUTO_TEST_CASE(thousands_of_routes_are_all_found) {
  std::vector<config::Route> routes;
  for (int i = 0; i < 5'000; ++i) {
    routes.push_back(route("h" + std::to_string(i % 100) + ".example", "/r" + std::to_string(i) + "/*"));
  }
  const RouteTable table(routes);
  for (std::size_t i = 0; i < routes.size(); ++i) {
    const std::string path = routes[i].path + "x/y";
    BOOST_TEST_REQUIRE((table.find(*routes[i].host, path) == i), routes[i].name);
    BOOST_TEST_REQUIRE(!table.find("other.example", path), routes[i].name);
  }
}

// The rule of the reference, said as plainly as possible: of all routes that match, the one with a host, then the exact
// one, then the longest.
std::optional<std::size_t> by_the_book(const std::vector<config::Route>& routes, const std::string& host,
                                       const std::string& path) {
  const auto rank = [](const config::Route& r) { return std::tuple(r.host.has_value(), !r.prefix, r.path.size()); };
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < routes.size(); ++i) {
    const config::Route& r = routes[i];
    if (r.host && *r.host != host) continue;
    if (r.prefix ? !path.starts_with(r.path) : path != r.path) continue;
    if (!best || rank(r) > rank(routes[*best])) best = i;
  }
  return best;
}

BOOST_AUTO_TEST_CASE(random_tables_agree_with_the_rule_in_any_order) {
  std::mt19937 random(20'240'601);
  const auto pick = [&](unsigned below) { return static_cast<unsigned>(random() % below); };
  const auto any_path = [&] {
    std::string path;
    const unsigned segments = pick(5);
    for (unsigned i = 0; i < segments; ++i)
      path += pick(4) == 0 ? "/ab" : std::string("/") + static_cast<char>('a' + pick(2));
    if (path.empty() || pick(3) == 0) path += '/';
    return path;
  };
  const std::vector<std::string> hosts{"a.example", "b.example", "a.example.org"};
  int matched = 0;
  for (int round = 0; round < 300; ++round) {
    std::vector<config::Route> routes;
    const unsigned size = pick(40);
    for (unsigned i = 0; i < size; ++i) {
      std::string path = any_path();
      if (pick(2) == 0) path += path.ends_with('/') ? "*" : "/*";
      config::Route made = pick(2) == 0 ? route(path) : route(hosts[pick(3)], path);
      // Two routes of the same host and path are an error of the configuration.
      const bool known = std::any_of(routes.begin(), routes.end(), [&](const auto& r) { return r.name == made.name; });
      if (!known) routes.push_back(std::move(made));
    }
    const RouteTable table(routes);
    for (int i = 0; i < 200; ++i) {
      const std::string host = pick(4) == 0 ? "c.example" : hosts[pick(3)];
      const std::string path = any_path();
      const auto expected = by_the_book(routes, host, path);
      const auto got = table.find(host, path);
      matched += expected.has_value();
      BOOST_TEST_CONTEXT("round " << round << ", " << host << path << ": expected "
                                  << (expected ? routes[*expected].name : "none") << ", got "
                                  << (got ? routes[*got].name : "none")) {
        BOOST_TEST_REQUIRE((got == expected));
      }
    }
    // The order of the file never matters.
    std::vector<config::Route> shuffled = routes;
    std::shuffle(shuffled.begin(), shuffled.end(), random);
    for (int i = 0; i < 50; ++i) {
      const std::string path = any_path();
      BOOST_TEST_REQUIRE(found(shuffled, hosts[0], path) == found(routes, hosts[0], path));
    }
  }
  BOOST_TEST(matched > 10'000);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace drawbridge::policy
