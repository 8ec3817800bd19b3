#include "auth/revocations.hpp"

#include <boost/test/unit_test.hpp>

using namespace drawbridge::auth;

namespace {

std::unique_ptr<Revocations> parsed(std::string_view text) {
  std::string why;
  auto revocations = Revocations::parse(text, why);
  BOOST_REQUIRE_MESSAGE(revocations, why);
  return revocations;
}

Principal who(std::string identity, std::string token_id = "") {
  return {.identity = std::move(identity), .token_id = std::move(token_id), .expires = {}, .backend = {}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(revocations)

BOOST_AUTO_TEST_CASE(name_identities_and_tokens) {
  const auto file = parsed("# gone\nidentity alice\r\n  token\t t-1  \ntoken t-1\n");
  BOOST_TEST(file->revoked(who("alice")));
  BOOST_TEST(file->revoked(who("alice", "t-2")));
  BOOST_TEST(file->revoked(who("bob", "t-1")));
  BOOST_TEST(!file->revoked(who("bob", "t-2")));
  BOOST_TEST(!file->revoked(who("bob")));
}

BOOST_AUTO_TEST_CASE(of_one_kind_are_none_of_the_other) {
  const auto file = parsed("identity t-1\ntoken alice\n");
  BOOST_TEST(!file->revoked(who("alice", "t-1")));
}

BOOST_AUTO_TEST_CASE(names_go_to_the_end_of_the_line) {
  const auto file = parsed("identity CN=Alice  Example, O=#1 \n");
  BOOST_TEST(file->revoked(who("CN=Alice  Example, O=#1")));
  BOOST_TEST(!file->revoked(who("CN=Alice Example, O=#1")));
  BOOST_TEST(!file->revoked(who("CN=Alice")));
}

BOOST_AUTO_TEST_CASE(names_are_compared_byte_by_byte) {
  const auto file = parsed("identity alice\n");
  for (const char* other : {"Alice", "alice ", "alic", "alicea", "*"}) BOOST_TEST(!file->revoked(who(other)), other);
}

BOOST_AUTO_TEST_CASE(an_empty_file_revokes_nobody) {
  BOOST_TEST(!parsed("")->revoked(who("alice", "t-1")));
}

BOOST_AUTO_TEST_CASE(a_line_that_says_neither_is_named) {
  for (const char* line : {"alice", "identity", "token  ", "Identity alice", "identity=alice", "identity: alice",
                           "tokens t-1", "user alice"}) {
    std::string why;
    BOOST_TEST(!Revocations::parse("\nidentity bob\n" + std::string(line) + "\n", why), line);
    BOOST_TEST(why == "line 3: it is neither `identity NAME` nor `token ID`", line);
  }
}

BOOST_AUTO_TEST_SUITE_END()
