#include "config/forward_url.hpp"

#include <boost/test/unit_test.hpp>

using namespace drawbridge::config;

namespace {

ForwardUrl right(std::string_view text) {
  std::string why;
  const auto url = parse_forward_url(text, why);
  BOOST_REQUIRE_MESSAGE(url, text << ": " << why);
  return *url;
}

std::string wrong(std::string_view text) {
  std::string why;
  BOOST_TEST(!parse_forward_url(text, why), "taken: " << text);
  BOOST_TEST(!why.empty());
  return why;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(forward_url)

BOOST_AUTO_TEST_CASE(http_and_https_with_their_default_ports) {
  const ForwardUrl plain = right("http://Auth.example.org/api/authz/forward-auth");
  BOOST_TEST(!plain.tls);
  BOOST_TEST(plain.socket == "");
  BOOST_TEST(plain.host == "auth.example.org");
  BOOST_TEST(plain.port == 80);
  BOOST_TEST(plain.target == "/api/authz/forward-auth");
  BOOST_TEST(plain.authority() == "auth.example.org");

  const ForwardUrl secure = right("https://auth.example.org/oauth2/auth?allowed_groups=a%2Cb");
  BOOST_TEST(secure.tls);
  BOOST_TEST(secure.port == 443);
  BOOST_TEST(secure.target == "/oauth2/auth?allowed_groups=a%2Cb");
  BOOST_TEST(secure.authority() == "auth.example.org");
}

BOOST_AUTO_TEST_CASE(a_port_that_is_not_the_default_belongs_to_the_host) {
  BOOST_TEST(right("http://127.0.0.1:9091/").authority() == "127.0.0.1:9091");
  BOOST_TEST(right("http://a.test:443/").authority() == "a.test:443");
  BOOST_TEST(right("https://a.test:443/").authority() == "a.test");
  BOOST_TEST(right("https://[2001:DB8::1]:8443/").host == "2001:db8::1");
  BOOST_TEST(right("https://[2001:DB8::1]:8443/").authority() == "[2001:db8::1]:8443");
}

BOOST_AUTO_TEST_CASE(a_unix_socket_and_the_path_behind_it) {
  const ForwardUrl url = right("unix:/run/auth/auth.sock:/verify?rd=https://a.test/");
  BOOST_TEST(url.socket == "/run/auth/auth.sock");
  BOOST_TEST(url.target == "/verify?rd=https://a.test/");
  BOOST_TEST(url.authority() == "localhost");
  BOOST_TEST(!url.tls);
}

BOOST_AUTO_TEST_CASE(what_is_no_address_of_a_service_is_refused) {
  for (const std::string_view text : {"",
                                      "auth.test/",
                                      "ftp://a.test/",
                                      "HTTP://a.test/",
                                      "http://",
                                      "http:///x",
                                      "http://a.test",
                                      "http://a.test:0/",
                                      "http://a.test:65536/",
                                      "http://a.test:/",
                                      "http://a b/",
                                      "http://a.test/#x",
                                      "http://a.test/../x",
                                      "http://a.test//x",
                                      "http://a.test/ x",
                                      "http://a.test/x\r\nX-A: b",
                                      "http://a.test?x/",
                                      "http://1.2.3/",
                                      "unix:/run/a.sock",
                                      "unix:/run/a.sock:",
                                      "unix:run/a.sock:/x",
                                      "unix::/x",
                                      "unix:/run/:/x"}) {
    wrong(text);
  }
  BOOST_TEST(wrong("unix:/" + std::string(107, 'a') + ":/").find("107 bytes") != std::string::npos);
  right("unix:/" + std::string(106, 'a') + ":/");
}

BOOST_AUTO_TEST_CASE(a_password_in_a_url_is_refused_and_not_repeated) {
  BOOST_TEST(wrong("https://user:secret@a.test/").find("secret") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(headers_that_only_the_bridge_may_set_are_not_passed_on) {
  for (const std::string_view name : {"cookie", "authorization", "origin", "x-api-key", "user-agent", "accept"}) {
    BOOST_TEST(may_be_passed_on(name), name);
  }
  for (const std::string_view name : {"",
                                      "a b",
                                      "a:",
                                      "x\r\n",
                                      "host",
                                      "connection",
                                      "upgrade",
                                      "content-length",
                                      "transfer-encoding",
                                      "te",
                                      "x-forwarded-for",
                                      "X-Forwarded-User",
                                      "x_forwarded_host",
                                      "x-original-url",
                                      "forwarded",
                                      "x-real-ip",
                                      "x_real-ip",
                                      "proxy-authorization",
                                      "sec-websocket-key",
                                      "expect"}) {
    BOOST_TEST(!may_be_passed_on(name), name);
  }
}

BOOST_AUTO_TEST_SUITE_END()
