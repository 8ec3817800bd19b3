#include "ws/origin.hpp"

#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

namespace drawbridge::ws {
namespace {

using namespace std::string_view_literals;

std::string shown(const Authority& authority) {
  return authority.host + (authority.port ? " " + std::to_string(*authority.port) : "");
}

std::string shown(const Origin& origin) {
  if (origin.is_null()) return "null";
  return origin.scheme + " " + shown(Authority{origin.host, origin.port});
}

bool allows(std::string_view pattern, std::string_view origin) {
  return matches(parse_origin_pattern(pattern).value(), parse_origin(origin).value());
}

BOOST_AUTO_TEST_SUITE(origin)

BOOST_AUTO_TEST_CASE(an_authority_is_a_host_and_perhaps_a_port) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"example.org", "example.org"},
      {"Example.ORG", "example.org"},
      {"example.org.", "example.org"},
      {"example.org.:8443", "example.org 8443"},
      {"localhost:0", "localhost 0"},
      {"localhost:65535", "localhost 65535"},
      {"my_host-1", "my_host-1"},
      {"xn--bcher-kva.example", "xn--bcher-kva.example"},
      {"127.0.0.1", "127.0.0.1"},
      {"127.0.0.1:80", "127.0.0.1 80"},
      {"4.example.org", "4.example.org"},
      {"1.2.3.4.example", "1.2.3.4.example"},
      {"0xcafe.example", "0xcafe.example"},
      {"[::1]", "::1"},
      {"[::1]:443", "::1 443"},
      {"[2001:DB8:0:0:0:0:0:1]", "2001:db8::1"},
      {"[2001:db8:0:0:1:0:0:1]:1", "2001:db8::1:0:0:1 1"},
      {"[::ffff:1.2.3.4]", "::ffff:1.2.3.4"},
  };
  for (const auto& [text, expected] : cases) {
    const auto authority = parse_authority(text);
    BOOST_TEST_REQUIRE(authority.has_value(), text);
    BOOST_TEST(shown(*authority) == expected);
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_authority_is_refused) {
  const std::string long_label = std::string(64, 'a') + ".org";
  std::string long_name;
  while (long_name.size() < 254) long_name += "abc.";
  long_name += "org";
  const std::string_view cases[] = {
      "",
      ".",
      "..",
      ":80",
      "example.org:",
      "example.org:65536",
      "example.org:000080",
      "example.org:99999999999",
      "example.org:-1",
      "example.org:+1",
      "example.org: 80",
      "example.org:80a",
      "example.org:8:8",
      "a..b",
      ".example.org",
      "example.org..",
      "user@example.org",
      "user:pass@example.org",
      "example.org/",
      "example.org/path",
      "example.org?q",
      "example.org#f",
      "exa mple.org",
      " example.org",
      "example.org ",
      "exam\tple.org",
      "ex\0ample"sv,
      "b\xC3\xBC"
      "cher.example",
      "a%41.example",
      "a,b",
      "a\\b",
      "*.example.org",
      "*",
      "1.2.3",
      "1.2.3.4.5",
      "256.1.1.1",
      "1.2.3.04",
      "0x7f.1",
      "0x7f000001",
      "2130706433",
      "example.0",
      "example.0x1f",
      "a.0x",
      "[",
      "[]",
      "[::1",
      "::1",
      "[::1]80",
      "[::1]x",
      "[::1]:",
      "[::1]:x",
      "[fe80::1%eth0]",
      "[fe80::1%25eth0]",
      "[v1.x]",
      "[1.2.3.4]",
      "[:::1]",
      "[12345::]",
      "[::1\0]"sv,
      "[[::1]]",
      "x[::1]",
      long_label,
      long_name,
  };
  for (const std::string_view text : cases) {
    const auto authority = parse_authority(text);
    BOOST_TEST(authority.has_error(), "taken: " << text);
    if (authority.has_error()) BOOST_TEST((authority.error() == Reason::bad_request));
  }
}

BOOST_AUTO_TEST_CASE(an_origin_is_a_scheme_a_host_and_a_port) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"https://example.org", "https example.org 443"},
      {"HTTPS://Example.Org:443", "https example.org 443"},
      {"http://example.org", "http example.org 80"},
      {"wss://example.org", "wss example.org 443"},
      {"ws://example.org", "ws example.org 80"},
      {"https://example.org.:8443", "https example.org 8443"},
      {"https://[::1]:8443", "https ::1 8443"},
      {"http://127.0.0.1:3000", "http 127.0.0.1 3000"},
      {"capacitor://localhost", "capacitor localhost"},
      {"tauri://localhost", "tauri localhost"},
      {"chrome-extension://abcdefghijklmnopabcdefghijklmnop", "chrome-extension abcdefghijklmnopabcdefghijklmnop"},
      {"moz-extension://3F2504E0-4F89-11D3-9A0C-0305E82C3301", "moz-extension 3f2504e0-4f89-11d3-9a0c-0305e82c3301"},
      {"app+v1.0://My_App", "app+v1.0 my_app"},
      {"null", "null"},
  };
  for (const auto& [text, expected] : cases) {
    const auto parsed = parse_origin(text);
    BOOST_TEST_REQUIRE(parsed.has_value(), text);
    BOOST_TEST(shown(*parsed) == expected);
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_origin_is_refused) {
  for (const std::string_view text : {"",
                                      "NULL",
                                      "Null",
                                      "null ",
                                      "example.org",
                                      "https:",
                                      "https:/",
                                      "https://",
                                      "https:///",
                                      "file://",
                                      "file:///",
                                      "https://example.org/",
                                      "https://example.org/path",
                                      "https://example.org?q",
                                      "https://example.org#f",
                                      "://example.org",
                                      "1https://example.org",
                                      "ht tps://example.org",
                                      "https://user@example.org",
                                      "https://example.org https://b.example",
                                      "https://a.example,https://b.example",
                                      "https://a.example, null",
                                      "https://*.example.org",
                                      "*",
                                      "https://exa\nmple.org",
                                      "https://example.org:",
                                      "javascript:alert(1)",
                                      "data:text/html",
                                      "https://https://example.org",
                                      "\xEF\xBB\xBFhttps://a"}) {
    BOOST_TEST(parse_origin(text).has_error(), "taken: " << text);
  }
}

BOOST_AUTO_TEST_CASE(origins_are_equal_by_scheme_host_and_port) {
  BOOST_TEST(allows("https://app.example.org", "https://app.example.org"));
  BOOST_TEST(allows("https://APP.example.org", "https://app.Example.org:443"));
  BOOST_TEST(allows("https://app.example.org:443", "https://app.example.org"));
  BOOST_TEST(allows("http://app.example.org:80", "http://app.example.org"));
  BOOST_TEST(allows("capacitor://localhost", "capacitor://localhost"));
  BOOST_TEST(allows("https://[0:0:0:0:0:0:0:1]", "https://[::1]"));
  BOOST_TEST(!allows("https://app.example.org", "http://app.example.org"));
  BOOST_TEST(!allows("https://app.example.org", "https://app.example.org:8443"));
  BOOST_TEST(!allows("https://app.example.org", "https://example.org"));
  BOOST_TEST(!allows("https://app.example.org", "https://app.example.org.evil.net"));
  BOOST_TEST(!allows("https://app.example.org", "https://xapp.example.org"));
  BOOST_TEST(!allows("https://app.example.org", "null"));
  BOOST_TEST(!allows("capacitor://localhost", "http://localhost"));
  BOOST_TEST(!allows("capacitor://localhost", "capacitor://localhost:443"));
}

BOOST_AUTO_TEST_CASE(a_subdomain_pattern_matches_subdomains_only) {
  constexpr auto pattern = "https://*.example.org"sv;
  BOOST_TEST(allows(pattern, "https://app.example.org"));
  BOOST_TEST(allows(pattern, "https://a.b.c.example.org"));
  BOOST_TEST(allows(pattern, "https://APP.Example.org:443"));
  for (const std::string_view foreign :
       {"https://example.org", "https://evilexample.org", "https://example.org.evil.net",
        "https://app.example.org.evil.net", "https://app.example.com", "http://app.example.org",
        "https://app.example.org:8443", "https://org", "null"}) {
    BOOST_TEST(!allows(pattern, foreign), foreign);
  }
  BOOST_TEST(allows("https://*.example.org:8443", "https://app.example.org:8443"));
  BOOST_TEST(!allows("https://*.example.org:8443", "https://app.example.org"));
}

BOOST_AUTO_TEST_CASE(null_must_be_listed_itself) {
  BOOST_TEST(allows("null", "null"));
  BOOST_TEST(!allows("*", "null"));
  BOOST_TEST(!allows("null", "https://example.org"));
}

BOOST_AUTO_TEST_CASE(a_star_matches_any_origin_that_is_one) {
  BOOST_TEST(allows("*", "https://example.org"));
  BOOST_TEST(allows("*", "http://[::1]:1"));
  BOOST_TEST(allows("*", "capacitor://localhost"));
}

BOOST_AUTO_TEST_CASE(patterns_that_could_be_misread_are_refused) {
  for (const std::string_view text : {"",
                                      "**",
                                      "* ",
                                      "https://*",
                                      "https://*.",
                                      "https://*:443",
                                      "*.example.org",
                                      "https://app.*.org",
                                      "https://a*.example.org",
                                      "https://*example.org",
                                      "https://*.*.example.org",
                                      "https://*.example.*",
                                      "https://*.127.0.0.1",
                                      "https://*.[::1]",
                                      "*://example.org",
                                      "https://example.org/",
                                      "https://*.example.org/",
                                      "https://example.org/path",
                                      "example.org",
                                      "https://*..example.org",
                                      "://*.example.org",
                                      "https://a://*.example.org"}) {
    BOOST_TEST(parse_origin_pattern(text).has_error(), "taken: " << text);
  }
}

BOOST_AUTO_TEST_CASE(a_pattern_is_written_as_the_configuration_writes_it) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"*", "*"},
      {"null", "null"},
      {"https://app.example.org", "https://app.example.org"},
      {"HTTPS://App.example.org.:443", "https://app.example.org"},
      {"http://a.example:443", "http://a.example:443"},
      {"https://*.Example.org:8443", "https://*.example.org:8443"},
      {"https://[::1]:8443", "https://[::1]:8443"},
      {"capacitor://localhost", "capacitor://localhost"},
      {"capacitor://localhost:80", "capacitor://localhost:80"},
  };
  for (const auto& [text, expected] : cases) {
    const OriginPattern pattern = parse_origin_pattern(text).value();
    BOOST_TEST(pattern.text() == expected);
    BOOST_TEST((parse_origin_pattern(pattern.text()).value() == pattern), text);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace drawbridge::ws
