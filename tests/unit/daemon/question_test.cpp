#include "daemon/question.hpp"

#include "net/head.hpp"
#include "ws/upgrade.hpp"

#include <boost/test/unit_test.hpp>

using namespace drawbridge;
using daemon::Asked;
using daemon::Question;

namespace {

Asked asked(const Question& question) {
  std::string why;
  auto result = daemon::understand(question, why);
  BOOST_REQUIRE_MESSAGE(result, why);
  return *std::move(result);
}

std::string complaint(const Question& question) {
  std::string why;
  BOOST_TEST(!daemon::understand(question, why).has_value());
  return why;
}

Question to(std::string url) {
  Question question;
  question.url = std::move(url);
  return question;
}

// What a server reads of it.
std::string field(const Asked& asked, std::string_view name) {
  const auto head = net::Head::parse(asked.head);
  BOOST_REQUIRE(head);
  return std::string(head->request().field(name).value_or("(none or several)"));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(question)

BOOST_AUTO_TEST_CASE(is_asked_as_a_browser_asks) {
  Question question = to("WSS://Bridge.Example:8443/desk?x=1");
  question.origin = "https://app.example.org";
  const Asked as = asked(question);
  BOOST_TEST(as.tls);
  BOOST_TEST(as.port == 8443);
  BOOST_TEST(as.server_name == "bridge.example");
  BOOST_TEST(as.url == "wss://bridge.example:8443/desk?...");
  const auto head = net::Head::parse(as.head);
  BOOST_REQUIRE(head);
  ws::Upgrade upgrade;
  BOOST_TEST(!ws::check_upgrade(head->request(), upgrade).has_value());
  BOOST_TEST(upgrade.target.path == "/desk");
  BOOST_TEST(upgrade.target.query == "x=1");
  BOOST_TEST(upgrade.origin_text.value() == "https://app.example.org");
  BOOST_TEST(field(as, "Host") == "bridge.example:8443");
}

BOOST_AUTO_TEST_CASE(has_a_path_and_no_default_port) {
  BOOST_TEST(asked(to("ws://a.test")).head.starts_with("GET / HTTP/1.1\r\n"));
  BOOST_TEST(asked(to("ws://a.test?q")).head.starts_with("GET /?q HTTP/1.1\r\n"));
  BOOST_TEST(field(asked(to("ws://a.test:80/")), "Host") == "a.test");
  BOOST_TEST(field(asked(to("wss://a.test:80/")), "Host") == "a.test:80");
  BOOST_TEST(field(asked(to("https://[2001:DB8::1]:443/")), "Host") == "[2001:db8::1]");
  BOOST_TEST(asked(to("wss://[2001:db8::1]/")).server_name == "");
  BOOST_TEST(asked(to("wss://192.0.2.1/")).server_name == "");
}

BOOST_AUTO_TEST_CASE(a_header_replaces_the_browsers_and_its_second_is_added) {
  Question question = to("ws://a.test/");
  question.headers = {"host: b.test", "Cookie: a=1", "Cookie:b=2 "};
  const Asked as = asked(question);
  BOOST_TEST(field(as, "Host") == "b.test");
  BOOST_TEST(field(as, "Cookie") == "(none or several)");
  BOOST_TEST(as.head.find("Cookie: b=2\r\n") != std::string::npos);
  BOOST_TEST(as.server_name == "a.test");
}

BOOST_AUTO_TEST_CASE(what_no_browser_could_send_is_told_without_quoting_it) {
  for (const char* url :
       {"", "wss:/secret", "ftp://a.test/secret", "wss://", "wss://a..test/secret", "wss://me:secret@a.test/",
        "wss://a.test:99999/secret", "wss://a.test/#secret", "wss://a.test/\r\nsecret"}) {
    const std::string why = complaint(to(url));
    BOOST_TEST(!why.empty(), url);
    BOOST_TEST(why.find("secret") == std::string::npos, why);
  }
  for (const char* header : {"", "secret", ": secret", "A b: secret", "A: x\r\nB: secret", "A: x\nsecret"}) {
    Question question = to("ws://a.test/");
    question.headers = {"A: b", header};
    const std::string why = complaint(question);
    BOOST_TEST(why == "header 2 is not of the form 'Name: value'");
  }
  Question origin = to("ws://a.test/");
  origin.origin = "https://a.test\r\nCookie: x";
  BOOST_TEST(complaint(origin) == "the origin has a line end");
}

BOOST_AUTO_TEST_CASE(addresses_and_times_are_what_they_say) {
  Question question = to("ws://a.test/");
  question.client = "2001:db8::1";
  question.peer = "127.0.0.1";
  question.at = "2027-01-31T00:00:00Z";
  const Asked as = asked(question);
  BOOST_TEST(client::text(as.client.value()) == "2001:db8::1");
  BOOST_TEST(client::text(as.peer.value()) == "127.0.0.1");
  BOOST_TEST(as.at.value() == 1'801'353'600);
  question.client = "2001:db8::1/64";
  BOOST_TEST(complaint(question) == "--client is no IP address: `2001:db8::1/64`");
  question.client.reset();
  question.at = "now";
  BOOST_TEST(complaint(question).starts_with("--at is no time"));
}

BOOST_AUTO_TEST_CASE(is_read_from_a_line_of_json) {
  std::string why;
  const auto whole = daemon::parse_question(
      R"({"url":"ws://a/","origin":"o","headers":["A: b","C: d"],"client":"c","peer":"p","listener":"l",)"
      R"("certificate":"f","at":"t"})",
      why);
  BOOST_REQUIRE_MESSAGE(whole, why);
  BOOST_TEST(whole->url == "ws://a/");
  BOOST_TEST(whole->origin.value() == "o");
  BOOST_TEST((whole->headers == std::vector<std::string>{"A: b", "C: d"}));
  BOOST_TEST(whole->client.value() == "c");
  BOOST_TEST(whole->peer.value() == "p");
  BOOST_TEST(whole->listener.value() == "l");
  BOOST_TEST(whole->certificate.value() == "f");
  BOOST_TEST(whole->at.value() == "t");
  for (const char* wrong : {"", "[]", "{", R"({"url":1})", R"({"headers":"A: b"})", R"({"headers":[1]})",
                            R"({"colour":"red"})", R"({"url":"a","url":"b"})", R"({"url":null})"}) {
    why.clear();
    BOOST_TEST(!daemon::parse_question(wrong, why).has_value(), wrong);
    BOOST_TEST(!why.empty(), wrong);
  }
}

BOOST_AUTO_TEST_SUITE_END()
