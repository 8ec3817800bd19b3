#include "ws/target.hpp"

#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

namespace drawbridge::ws {
namespace {

using namespace std::string_view_literals;

BOOST_AUTO_TEST_SUITE(target)

BOOST_AUTO_TEST_CASE(a_target_is_a_path_and_perhaps_a_query) {
  const struct {
    std::string_view text;
    std::string_view path;
    std::string_view query;
  } cases[] = {
      {"/", "/", ""},
      {"/desk", "/desk", ""},
      {"/desk/", "/desk/", ""},
      {"/a/b/c", "/a/b/c", ""},
      {"/desk?", "/desk", ""},
      {"/desk?a=b&c=d", "/desk", "a=b&c=d"},
      {"/?x?y", "/", "x?y"},
      {"/a%20b", "/a%20b", ""},
      {"/%c3%a9", "/%C3%A9", ""},
      {"/%25", "/%25", ""},
      {"/...", "/...", ""},
      {"/.hidden/..x", "/.hidden/..x", ""},
      {"/a:b@c!$&'()*+,;=~", "/a:b@c!$&'()*+,;=~", ""},
      {"/a|b^c[d]", "/a|b^c[d]", ""},
      {"/d?next=//../%2F%2e%0a", "/d", "next=//../%2F%2e%0a"},
      {"/d?a\\b", "/d", "a\\b"},
  };
  for (const auto& [text, path, query] : cases) {
    const auto target = parse_target(text);
    BOOST_TEST_REQUIRE(target.has_value(), text);
    BOOST_TEST(target->path == path);
    BOOST_TEST(target->query == query);
  }
}

BOOST_AUTO_TEST_CASE(a_target_that_could_be_read_in_two_ways_is_refused) {
  for (const std::string_view text : {""sv,
                                      "*"sv,
                                      "desk"sv,
                                      "?a"sv,
                                      "http://example.org/desk"sv,
                                      "example.org:443"sv,
                                      "//"sv,
                                      "//desk"sv,
                                      "/a//b"sv,
                                      "/a//"sv,
                                      "/."sv,
                                      "/.."sv,
                                      "/./a"sv,
                                      "/../a"sv,
                                      "/a/."sv,
                                      "/a/.."sv,
                                      "/a/./b"sv,
                                      "/a/../b"sv,
                                      "/a/../../b"sv,
                                      "/%2e"sv,
                                      "/%2E%2e/a"sv,
                                      "/a%2Fb"sv,
                                      "/a%2fb"sv,
                                      "/a%5Cb"sv,
                                      "/a%5cb"sv,
                                      "/a\\b"sv,
                                      "/\\"sv,
                                      "/a%00"sv,
                                      "/a%0A"sv,
                                      "/a%1f"sv,
                                      "/a%7F"sv,
                                      "/%61"sv,
                                      "/%5A"sv,
                                      "/%30"sv,
                                      "/%2D"sv,
                                      "/%5f"sv,
                                      "/%7e"sv,
                                      "/%"sv,
                                      "/%4"sv,
                                      "/%4g"sv,
                                      "/%g4"sv,
                                      "/a%"sv,
                                      "/?%"sv,
                                      "/?a=%4"sv,
                                      "/?%zz"sv,
                                      "/a#f"sv,
                                      "/a?b#f"sv,
                                      "/a b"sv,
                                      "/a\tb"sv,
                                      "/a\0b"sv,
                                      "/a\x7F"sv,
                                      "/a?\x01"sv,
                                      "/caf\xC3\xA9"sv,
                                      "/?\xFF"sv,
                                      " /a"sv,
                                      "/a "sv,
                                      "/<a>"sv,
                                      "/\"a\""sv}) {
    const auto target = parse_target(text);
    BOOST_TEST(target.has_error(), "taken: " << text);
    if (target.has_error()) BOOST_TEST((target.error() == Reason::bad_request));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace drawbridge::ws
