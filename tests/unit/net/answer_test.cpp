#include "net/answer.hpp"

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

using namespace drawbridge;

namespace {

bool has_line(const std::string& answer, const std::string& line) {
  return answer.find("\r\n" + line + "\r\n") != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(answer)

BOOST_AUTO_TEST_CASE(every_reason_with_a_status_has_a_readable_refusal) {
  for (const ReasonInfo& reason : reasons()) {
    if (reason.http_status == 0) continue;
    const std::string text = net::refusal(reason.reason, "00ff", 0);
    BOOST_TEST_CONTEXT(text) {
      BOOST_TEST(text.starts_with("HTTP/1.1 " + std::to_string(reason.http_status) + " "));
      BOOST_TEST(text.find("Connection: close") != std::string::npos);
      const std::string body = text.substr(text.find("\r\n\r\n") + 4);
      BOOST_TEST(has_line(text, "Content-Length: " + std::to_string(body.size())));
      const auto json = boost::json::parse(body).as_object();
      BOOST_TEST(json.at("reason").as_string() == reason.word);
      BOOST_TEST(json.at("session").as_string() == "00ff");
      BOOST_TEST(text.find("Retry-After") == std::string::npos);
    }
  }
}

BOOST_AUTO_TEST_CASE(statuses_carry_what_http_asks_of_them) {
  BOOST_TEST(has_line(net::refusal(Reason::method, "1", 0), "Allow: GET"));
  BOOST_TEST(has_line(net::refusal(Reason::rate, "1", 7), "Retry-After: 7"));
  BOOST_TEST(has_line(net::refusal(Reason::credential_missing, "1", 0), "WWW-Authenticate: Bearer"));
  const std::string upgrade = net::refusal(Reason::upgrade_required, "1", 0);
  BOOST_TEST(has_line(upgrade, "Upgrade: websocket"));
  BOOST_TEST(has_line(upgrade, "Sec-WebSocket-Version: 13"));
}

BOOST_AUTO_TEST_CASE(switching_protocols_names_what_was_agreed) {
  const std::string text = net::switching_protocols("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "chat");
  BOOST_TEST(text.starts_with("HTTP/1.1 101 Switching Protocols\r\n"));
  BOOST_TEST(has_line(text, "Upgrade: websocket"));
  BOOST_TEST(has_line(text, "Connection: Upgrade"));
  BOOST_TEST(has_line(text, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
  BOOST_TEST(has_line(text, "Sec-WebSocket-Protocol: chat"));
  BOOST_TEST(net::switching_protocols("x", {}).find("Protocol:") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
