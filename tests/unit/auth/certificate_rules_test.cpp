#include "auth/certificate_rules.hpp"

#include <chrono>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace drawbridge;
using auth::admits;

namespace {

using Texts = std::vector<std::string>;

bool admits_subject(const std::string& pattern, const std::string& common_name) {
  return admits({.subjects = {pattern}, .names = {}}, common_name, {});
}

bool admits_name(const std::string& pattern, const std::string& name) {
  return admits({.subjects = {}, .names = {pattern}}, "someone", Texts{name});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(certificate_rules)

BOOST_AUTO_TEST_CASE(without_patterns_every_good_certificate_is_admitted) {
  BOOST_TEST(admits({}, "anna", Texts{"DNS:a.test"}));
  BOOST_TEST(admits({}, "", {}));
}

BOOST_AUTO_TEST_CASE(a_pattern_without_stars_is_the_whole_name) {
  BOOST_TEST(admits_subject("anna", "anna"));
  BOOST_TEST(!admits_subject("anna", "Anna"));
  BOOST_TEST(!admits_subject("anna", "annabel"));
  BOOST_TEST(!admits_subject("anna", "joanna"));
  BOOST_TEST(!admits_subject("anna", ""));
  BOOST_TEST(!admits_subject("a.na", "anna"));
  BOOST_TEST(!admits_subject("a?na", "anna"));
}

BOOST_AUTO_TEST_CASE(a_star_stands_for_any_run_of_characters) {
  for (const char* right : {"desk-", "desk-1", "desk-*", "desk-desk-"}) BOOST_TEST(admits_subject("desk-*", right));
  for (const char* wrong : {"desk", "adesk-1", ""}) BOOST_TEST(!admits_subject("desk-*", wrong));
  for (const char* right : {".ops", "a.ops", "a.ops.ops"}) BOOST_TEST(admits_subject("*.ops", right));
  for (const char* wrong : {"ops", "a.opsb", ".op"}) BOOST_TEST(!admits_subject("*.ops", wrong));
  for (const char* right : {"ab", "axb", "abab", "aab", "abb"}) BOOST_TEST(admits_subject("a*b", right));
  for (const char* wrong : {"a", "b", "ba", "abc", "xab"}) BOOST_TEST(!admits_subject("a*b", wrong));
  // What the end needs is not taken by the middle, nor by the beginning.
  for (const char* right : {"axbxa", "abaxa", "abbba", "aba"}) BOOST_TEST(admits_subject("a*b*a", right));
  for (const char* wrong : {"ab", "a", "aa", "axa"}) BOOST_TEST(!admits_subject("a*b*a", wrong));
  BOOST_TEST(!admits_subject("aba*aba", "aba"));
  BOOST_TEST(!admits_subject("aba*aba", "ababa"));
  BOOST_TEST(admits_subject("aba*aba", "abaaba"));
  BOOST_TEST(admits_subject("*ab*ab*", "xabyabz"));
  BOOST_TEST(!admits_subject("*ab*ab*", "xabz"));
  BOOST_TEST(admits_subject("a**b", "ab"));
  BOOST_TEST(admits_subject("*", "x"));
  BOOST_TEST(admits_subject("**", "x"));
}

BOOST_AUTO_TEST_CASE(who_has_no_common_name_matches_no_pattern) {
  BOOST_TEST(!admits_subject("*", ""));
  BOOST_TEST(!admits_subject("", ""));
}

BOOST_AUTO_TEST_CASE(one_name_that_matches_is_enough_and_its_kind_is_part_of_it) {
  const Texts names{"DNS:a.test", "email:anna@example.org", "URI:spiffe://example.org/desk/1", "IP:10.0.0.1"};
  const auto admitted = [&](const char* pattern) { return admits({.subjects = {}, .names = {pattern}}, "", names); };
  BOOST_TEST(admitted("email:*@example.org"));
  BOOST_TEST(admitted("URI:spiffe://example.org/desk/*"));
  BOOST_TEST(admitted("IP:10.0.0.1"));
  BOOST_TEST(!admitted("a.test"));
  BOOST_TEST(!admitted("email:a.test"));
  BOOST_TEST(!admitted("DNS:b.test"));
  BOOST_TEST(!admits({.subjects = {}, .names = {"*"}}, "anna", {}));
}

BOOST_AUTO_TEST_CASE(only_names_of_hosts_ignore_case) {
  BOOST_TEST(admits_name("DNS:*.Example.ORG", "DNS:a.example.org"));
  BOOST_TEST(!admits_name("dns:a.test", "DNS:a.test"));
  BOOST_TEST(!admits_name("email:Anna@example.org", "email:anna@example.org"));
  BOOST_TEST(!admits_name("URI:spiffe://example.org/A", "URI:spiffe://example.org/a"));
}

BOOST_AUTO_TEST_CASE(subject_and_name_must_both_be_right) {
  const config::ClientCertificateAuth rule{.subjects = {"anna", "ben"}, .names = {"DNS:a.test", "DNS:b.test"}};
  BOOST_TEST(admits(rule, "ben", Texts{"DNS:c.test", "DNS:a.test"}));
  BOOST_TEST(!admits(rule, "carl", Texts{"DNS:a.test"}));
  BOOST_TEST(!admits(rule, "anna", Texts{"DNS:c.test"}));
  BOOST_TEST(!admits(rule, "anna", {}));
}

BOOST_AUTO_TEST_CASE(a_name_made_to_be_slow_is_not) {
  // Where each star is tried at each place, this takes longer than the universe has.
  std::string pattern;
  for (int i = 0; i < 1'000; ++i) pattern += "*aaaaaaaaab";
  const std::string name(1'000'000, 'a');
  const auto begin = std::chrono::steady_clock::now();
  BOOST_TEST(!admits_subject(pattern, name));
  BOOST_TEST((std::chrono::steady_clock::now() - begin < std::chrono::seconds(10)));
}

BOOST_AUTO_TEST_CASE(it_is_known_by_the_best_name_it_has) {
  auth::PeerCertificate certificate{"anna", {"DNS:a.test", "DNS:b.test"}, "00ff", "01", 1'750'000'000};
  const auth::Principal anna = auth::principal_of(certificate);
  BOOST_TEST(anna.identity == "anna");
  BOOST_TEST(anna.token_id == "00ff");
  BOOST_TEST(anna.expires.value() == 1'750'000'000);
  BOOST_TEST(!anna.backend);
  certificate.common_name.clear();
  BOOST_TEST(auth::principal_of(certificate).identity == "DNS:a.test");
  certificate.names.clear();
  BOOST_TEST(auth::principal_of(certificate).identity == "sha256:00ff");
}

BOOST_AUTO_TEST_SUITE_END()
