#include "net/forward_request.hpp"

#include <boost/test/unit_test.hpp>

using namespace drawbridge;

namespace {

struct Fixture {
  Fixture() {
    auth.request_headers = {"authorization", "cookie"};
    request.target = "/desk?x=%2Fy";
    request.fields = {{"Host", "App.example.org:8443"}, {"Origin", "https://app.example.org"}};
    upgrade.host = {"app.example.org", 8443};
    upgrade.origin_text = "https://app.example.org";
  }
  net::ForwardQuestion question() const { return net::forward_question(auth, request, upgrade, true, "192.0.2.1"); }
  std::string head() const { return *net::forward_request(url, question()); }

  config::ForwardAuth auth;
  config::ForwardUrl url{.tls = false, .socket = "", .host = "auth.test", .port = 9091, .target = "/verify?a=b"};
  ws::Request request;
  ws::Upgrade upgrade;
};

bool holds(const std::string& head, const std::string& line) {
  return head.find("\r\n" + line + "\r\n") != std::string::npos;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(forward_request, Fixture)

BOOST_AUTO_TEST_CASE(it_says_what_was_asked_for_in_the_words_of_every_service) {
  request.fields.push_back({"Cookie", "session=1"});
  BOOST_TEST(head() ==
             "GET /verify?a=b HTTP/1.1\r\n"
             "Host: auth.test:9091\r\n"
             "Connection: close\r\n"
             "X-Forwarded-Method: GET\r\n"
             "X-Forwarded-Proto: https\r\n"
             "X-Forwarded-Host: app.example.org:8443\r\n"
             "X-Forwarded-Uri: /desk?x=%2Fy\r\n"
             "X-Forwarded-For: 192.0.2.1\r\n"
             "X-Original-Method: GET\r\n"
             "X-Original-URL: https://app.example.org:8443/desk?x=%2Fy\r\n"
             "Origin: https://app.example.org\r\n"
             "cookie: session=1\r\n"
             "\r\n");
}

BOOST_AUTO_TEST_CASE(plaintext_an_ipv6_host_and_a_peer_without_an_address) {
  upgrade.host = {"2001:db8::1", std::nullopt};
  upgrade.origin_text.reset();
  const std::string text = *net::forward_request(url, net::forward_question(auth, request, upgrade, false, ""));
  BOOST_TEST(holds(text, "X-Forwarded-Proto: http"));
  BOOST_TEST(holds(text, "X-Forwarded-Host: [2001:db8::1]"));
  BOOST_TEST(holds(text, "X-Original-URL: http://[2001:db8::1]/desk?x=%2Fy"));
  BOOST_TEST(text.find("X-Forwarded-For") == std::string::npos);
  BOOST_TEST(text.find("Origin:") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(only_chosen_headers_go_along_each_as_often_as_it_came) {
  request.fields.push_back({"X-Api-Key", "k"});
  request.fields.push_back({"COOKIE", "a=1"});
  request.fields.push_back({"cookie", "b=2"});
  BOOST_TEST(holds(head(), "cookie: a=1\r\ncookie: b=2"));
  BOOST_TEST(head().find("k\r\n") == std::string::npos);
  auth.request_headers = {"x-api-key", "origin"};
  BOOST_TEST(holds(head(), "x-api-key: k"));
  BOOST_TEST(head().find("cookie") == std::string::npos);
  BOOST_TEST(head().find("origin:") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(nothing_that_only_the_bridge_may_say_is_taken_from_the_browser) {
  auth.request_headers = {"x-forwarded-for", "x_forwarded_for", "x-original-url", "x-real-ip", "forwarded", "host"};
  for (const std::string& name : auth.request_headers) request.fields.push_back({name, "evil"});
  BOOST_TEST(head().find("evil") == std::string::npos);
  BOOST_TEST(!question().has_credential());
}

BOOST_AUTO_TEST_CASE(a_chosen_header_is_a_credential_and_the_origin_is_none) {
  BOOST_TEST(!question().has_credential());
  request.fields.push_back({"Authorization", "Bearer x"});
  BOOST_TEST(question().has_credential());
}

BOOST_AUTO_TEST_CASE(a_value_that_could_end_its_line_goes_nowhere) {
  const auto refused = [&](const net::ForwardQuestion& question) {
    const auto made = net::forward_request(url, question);
    return !made && made.error() == Reason::bad_request;
  };
  for (const std::string& evil : {std::string("a\r\nX-A: b"), std::string("a\nb"), std::string("a\rb"),
                                  std::string("a\0b", 3), std::string("a\x7F"), std::string("\x1F")}) {
    net::ForwardQuestion host = question();
    host.host = evil;
    BOOST_TEST(refused(host));
    net::ForwardQuestion target = question();
    target.target = evil;
    BOOST_TEST(refused(target));
    net::ForwardQuestion client = question();
    client.client = evil;
    BOOST_TEST(refused(client));
    net::ForwardQuestion origin = question();
    origin.origin = evil;
    BOOST_TEST(refused(origin));
    net::ForwardQuestion field = question();
    field.fields = {{"cookie", evil}};
    BOOST_TEST(refused(field));
    field.fields = {{evil, "x"}};
    BOOST_TEST(refused(field));
  }
  net::ForwardQuestion field = question();
  field.fields = {{"cookie", "tab\t and \xC3\xBC"}};
  BOOST_TEST(!refused(field));
}

BOOST_AUTO_TEST_SUITE_END()
