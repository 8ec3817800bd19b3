#include "net/credentials.hpp"

#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace drawbridge;
using net::Judgement;
using net::Opinion;

namespace {

auth::Principal principal(std::string identity) {
  return {.identity = std::move(identity), .token_id = {}, .expires = {}, .backend = {}};
}

config::Auth entry(int line, bool basic = false) {
  config::Auth auth{config::TokensAuth{}, {}, {"a.yaml", line, 5}};
  if (basic) auth.how = config::BasicAuth{};
  return auth;
}

ws::Request bearing(std::string_view authorization) {
  ws::Request request;
  request.fields.push_back({"Authorization", authorization});
  return request;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(judgement)

BOOST_AUTO_TEST_CASE(the_first_that_admits_decides) {
  Judgement judgement;
  BOOST_TEST(!judgement.add(entry(1), {Reason::credential_invalid, "wrong"}, false));
  BOOST_TEST(judgement.rule == "auth.tokens (a.yaml:1:5)");
  BOOST_TEST(judgement.add(entry(2), {principal("alice")}, false));
  BOOST_TEST(judgement.principal.value().identity == "alice");
  BOOST_TEST(judgement.identity == "alice");
  BOOST_TEST(judgement.rule == "");
  BOOST_TEST(judgement.detail == "");
}

BOOST_AUTO_TEST_CASE(of_refusals_the_one_that_says_most) {
  // Each weighs more than those before it; of equals the first counts.
  const std::vector<Reason> rising{Reason::credential_missing,
                                   Reason::credential_invalid,
                                   Reason::credential_expired,
                                   Reason::not_permitted,
                                   Reason::revoked,
                                   Reason::auth_unavailable,
                                   Reason::full};
  for (std::size_t a = 0; a < rising.size(); ++a) {
    for (std::size_t b = 0; b < rising.size(); ++b) {
      Judgement judgement;
      judgement.add(entry(1), {rising[a], "first"}, false);
      judgement.add(entry(2, true), {rising[b], "second"}, false);
      BOOST_TEST(!judgement.principal);
      BOOST_TEST((judgement.reason == rising[std::max(a, b)]));
      BOOST_TEST(judgement.rule == (b > a ? "auth.basic (a.yaml:2:5)" : "auth.tokens (a.yaml:1:5)"));
      BOOST_TEST(judgement.detail == (b > a ? "second" : "first"));
    }
  }
}

BOOST_AUTO_TEST_CASE(an_ambiguous_request_is_asked_no_further) {
  Judgement judgement;
  judgement.add(entry(1), {Reason::full, "first"}, false);
  BOOST_TEST(judgement.add(entry(2), {Reason::bad_request}, false));
  BOOST_TEST((judgement.reason == Reason::bad_request));
  BOOST_TEST(judgement.rule == "auth.tokens (a.yaml:2:5)");
}

BOOST_AUTO_TEST_CASE(who_was_revoked_is_named_and_another_credential_may_still_admit) {
  Judgement judgement;
  BOOST_TEST(!judgement.add(entry(1), {principal("carol")}, true));
  BOOST_TEST((judgement.reason == Reason::revoked));
  BOOST_TEST(judgement.identity == "carol");
  BOOST_TEST(!judgement.principal);
  BOOST_TEST(judgement.add(entry(2), {principal("alice")}, false));
  BOOST_TEST(judgement.identity == "alice");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(opinions)

BOOST_AUTO_TEST_CASE(a_certificate_is_missing_fits_or_does_not) {
  const config::ClientCertificateAuth rule{{"an*"}, {}};
  BOOST_TEST((net::by_certificate(rule, {}).who.error() == Reason::credential_missing));
  auth::PeerCertificate certificate;
  certificate.common_name = "anna";
  BOOST_TEST(net::by_certificate(rule, certificate).who->identity == "anna");
  certificate.common_name = "eve";
  BOOST_TEST((net::by_certificate(rule, certificate).who.error() == Reason::not_permitted));
}

BOOST_AUTO_TEST_CASE(a_password_is_right_only_for_a_user) {
  std::string why;
  const auto users = auth::PasswordFile::parse("a:$2y$05$abcdefghijklmnopqrstuu5s1WzzL5zrW3Jf3JDSUnRGhJzXoHNS6\n", why);
  BOOST_REQUIRE_MESSAGE(users, why);
  const auto known = net::password_claim(*users, bearing("Basic YTp4"), {});  // a:x
  BOOST_REQUIRE(known);
  BOOST_TEST(known->question.hash == *users->hash_of("a"));
  BOOST_TEST(known->opinion(true).who->identity == "a");
  BOOST_TEST((known->opinion(false).who.error() == Reason::credential_invalid));
  const auto unknown = net::password_claim(*users, bearing("Basic Yjp4"), {});  // b:x
  BOOST_REQUIRE(unknown);
  BOOST_TEST(unknown->question.hash == users->decoy());
  BOOST_TEST((unknown->opinion(true).who.error() == Reason::credential_invalid));
  BOOST_TEST((net::password_claim(*users, bearing("Bearer x"), {}).error() == Reason::credential_missing));
}

BOOST_AUTO_TEST_SUITE_END()
