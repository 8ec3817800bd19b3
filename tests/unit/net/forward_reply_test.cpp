#include "net/forward_reply.hpp"

#include <boost/test/unit_test.hpp>

using namespace drawbridge;
using net::ForwardAnswer;
using net::ForwardReply;

namespace {

struct Fixture {
  // The same whole and byte by byte.
  std::optional<ForwardAnswer> answer(const std::string& bytes) const {
    ForwardReply whole(identity, has_credential);
    const auto at_once = whole.take(bytes);
    ForwardReply slow(identity, has_credential);
    std::optional<ForwardAnswer> last;
    for (std::size_t i = 0; i < bytes.size() && !last; ++i) last = slow.take(std::string_view(bytes).substr(i, 1));
    BOOST_TEST(at_once.has_value() == last.has_value());
    if (at_once && last) {
      BOOST_TEST((at_once->who.has_value() == last->who.has_value()));
      BOOST_TEST(at_once->why == last->why);
    }
    return at_once;
  }
  // "+identity", or the reason's word.
  std::string verdict(const std::string& bytes) const {
    const auto said = answer(bytes);
    if (!said) return "more";
    return said->who ? "+" + said->who->identity : std::string(word(said->who.error()));
  }
  std::string of(const std::string& status, const std::string& fields = "") const {
    return verdict("HTTP/1.1 " + status + "\r\n" + fields + "\r\n");
  }

  std::optional<std::string> identity;
  bool has_credential = false;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(forward_reply, Fixture)

BOOST_AUTO_TEST_CASE(success_admits_whoever_the_service_says_it_is) {
  BOOST_TEST(of("200 OK", "Remote-User: ada\r\n") == "+ada");
  BOOST_TEST(of("202 Accepted") == "+forward");
  BOOST_TEST(of("204 No Content", "remote-user:  ada lovelace \r\n") == "+ada lovelace");
  BOOST_TEST(of("299 ") == "+forward");
  BOOST_TEST(of("200 OK", "Remote-User:\r\n") == "+forward");
  BOOST_TEST(verdict("HTTP/1.0 200 OK\r\nRemote-User: ada\r\n\r\n") == "+ada");
}

BOOST_AUTO_TEST_CASE(a_named_header_must_say_who_it_is) {
  identity = "x-auth-request-user";
  BOOST_TEST(of("200 OK", "X-Auth-Request-User: ada\r\nRemote-User: eve\r\n") == "+ada");
  BOOST_TEST(of("200 OK", "Remote-User: eve\r\n") == "auth_unavailable");
  BOOST_TEST(of("200 OK", "X-Auth-Request-User: \r\n") == "auth_unavailable");
  BOOST_TEST(answer("HTTP/1.1 200 OK\r\n\r\n")->why == "admitted without the header x-auth-request-user");
}

BOOST_AUTO_TEST_CASE(an_identity_is_one_and_short_and_printable) {
  BOOST_TEST(of("200 OK", "Remote-User: " + std::string(256, 'a') + "\r\n") == "+" + std::string(256, 'a'));
  BOOST_TEST(of("200 OK", "Remote-User: " + std::string(257, 'a') + "\r\n") == "auth_unavailable");
  BOOST_TEST(of("200 OK", "Remote-User: a\tb\r\n") == "auth_unavailable");
  BOOST_TEST(of("200 OK", "Remote-User: a\x7F\r\n") == "auth_unavailable");
  BOOST_TEST(of("200 OK", "Remote-User: a\r\nRemote-User: b\r\n") == "auth_unavailable");
  BOOST_TEST(of("200 OK", "Remote-User: J\xC3\xBCrgen\r\n") == "+J\xC3\xBCrgen");
}

BOOST_AUTO_TEST_CASE(a_refusal_is_missing_or_wrong_by_what_the_request_had) {
  for (const std::string status : {"401 Unauthorized", "302 Found", "303 See Other", "300 x", "399 x"}) {
    has_credential = false;
    BOOST_TEST(of(status, "Location: https://auth.test/\r\n") == "credential_missing", status);
    has_credential = true;
    BOOST_TEST(of(status, "Location: https://auth.test/\r\n") == "credential_invalid", status);
  }
  BOOST_TEST(of("403 Forbidden") == "not_permitted");
}

BOOST_AUTO_TEST_CASE(anything_else_is_not_the_browsers_fault) {
  for (const std::string status : {"400 Bad Request", "404 Not Found", "407 x", "429 x", "500 x", "503 x", "999 x",
                                   "101 Switching Protocols", "000 x"}) {
    BOOST_TEST(of(status, "Remote-User: ada\r\n") == "auth_unavailable", status);
  }
  BOOST_TEST(answer("HTTP/1.1 502 Bad Gateway\r\n\r\n")->why == "answered 502");
}

BOOST_AUTO_TEST_CASE(what_is_no_http_is_known_by_its_first_bytes) {
  for (const std::string text : {"SSH-2.0-x", "HTTQ", "HTTP/2", "HTTP/0.9 200 OK\r\n\r\n", " HTTP/1.1 200 OK\r\n\r\n",
                                 "\r\nHTTP/1.1 200 OK\r\n\r\n", "\x15\x03\x01"}) {
    BOOST_TEST(verdict(text) == "auth_unavailable", text);
  }
  for (const std::string text :
       {"H", "HTTP/1.", "HTTP/1.1 200 OK", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nA: b\r\n"}) {
    BOOST_TEST(verdict(text) == "more", text);
  }
}

BOOST_AUTO_TEST_CASE(a_head_that_could_be_read_in_two_ways_is_malformed) {
  for (const std::string text :
       {"HTTP/1.1 200 OK\nRemote-User: ada\r\n\r\n", "HTTP/1.1 200 OK\r\nRemote-User : ada\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\r\n Remote-User: ada\r\n\r\n", "HTTP/1.1 200 OK\r\nRemote-User\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 abc OK\r\n\r\n", "HTTP/1.12 200 OK\r\n\r\n",
        "HTTP/1.1\r\n\r\n"}) {
    BOOST_TEST(verdict(text) == "auth_unavailable", text);
  }
}

BOOST_AUTO_TEST_CASE(interim_answers_are_passed_over) {
  BOOST_TEST(verdict("HTTP/1.1 100 Continue\r\n\r\n") == "more");
  BOOST_TEST(verdict("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nRemote-User: eve\r\n\r\n"
                     "HTTP/1.1 200 OK\r\nRemote-User: ada\r\n\r\n") == "+ada");
  BOOST_TEST(verdict("HTTP/1.1 100 Continue\r\n\r\ngarbage") == "auth_unavailable");
}

BOOST_AUTO_TEST_CASE(a_body_of_any_size_is_not_looked_at) {
  BOOST_TEST(of("200 OK", "Content-Length: 99999999999\r\n") == "+forward");
  BOOST_TEST(of("200 OK", "Transfer-Encoding: chunked\r\n") == "+forward");
  BOOST_TEST(verdict("HTTP/1.1 403 Forbidden\r\n\r\n" + std::string(100'000, 'x')) == "not_permitted");
}

BOOST_AUTO_TEST_CASE(heads_are_bounded_all_together) {
  const std::string begin = "HTTP/1.1 200 OK\r\nX-A: ";
  const auto head_of = [&](std::size_t size) { return begin + std::string(size - begin.size() - 4, 'a') + "\r\n\r\n"; };
  BOOST_TEST(verdict(head_of(ForwardReply::longest)) == "+forward");
  BOOST_TEST(verdict(head_of(ForwardReply::longest + 1)) == "auth_unavailable");
  std::string interim;
  while (interim.size() < ForwardReply::longest) interim += "HTTP/1.1 103 Early Hints\r\n\r\n";
  BOOST_TEST(verdict(interim) == "auth_unavailable");
  BOOST_TEST(verdict(interim + "HTTP/1.1 200 OK\r\n\r\n") == "auth_unavailable");
}

BOOST_AUTO_TEST_SUITE_END()
