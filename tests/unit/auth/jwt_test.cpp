#include "auth/jwt.hpp"

#include "unit/auth/python_cases.hpp"

#include <atomic>
#include <thread>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <boost/test/unit_test.hpp>

namespace drawbridge::auth {
namespace {

namespace json = boost::json;

std::unique_ptr<JwtVerifier> verifier_of(const json::object& test_case) {
  const config::JwtAuth config = configuration_of(test_case);
  std::string why;
  auto verifier = JwtVerifier::make(config, config.keys, why);
  BOOST_REQUIRE_MESSAGE(verifier, text(test_case, "name") << ": " << why);
  return verifier;
}

const json::object& token_case(std::string_view name) {
  for (const json::value& item : python_cases().at("tokens").as_array()) {
    if (item.as_object().at("name").as_string() == name) return item.as_object();
  }
  throw std::invalid_argument("no case " + std::string(name));
}

std::string said(const Result<Principal>& result) {
  return result ? "admitted" : std::string(word(result.error()));
}

// True if `why` repeats eight bytes of the token, or more.
bool repeats(std::string_view why, std::string_view token) {
  constexpr std::size_t length = 8;
  for (std::size_t at = 0; at + length <= why.size(); ++at) {
    if (token.find(why.substr(at, length)) != std::string_view::npos) return true;
  }
  return false;
}

BOOST_AUTO_TEST_SUITE(jwt)

BOOST_AUTO_TEST_CASE(tokens_made_elsewhere_are_judged_as_they_should_be) {
  std::size_t admitted = 0;
  for (const json::value& item : python_cases().at("tokens").as_array()) {
    const json::object& test_case = item.as_object();
    const auto verifier = verifier_of(test_case);
    const std::string token = text(test_case, "token");
    std::string why;
    const auto result = verifier->check(token, python_now(), why);
    BOOST_TEST(said(result) == text(test_case, "expected"), text(test_case, "name")
                                                                << ": " << said(result) << ", " << why);
    BOOST_TEST(why.empty() == result.has_value(), text(test_case, "name"));
    BOOST_TEST(!repeats(why, token), text(test_case, "name") << ": " << why);
    if (result && test_case.contains("identity_is")) {
      BOOST_TEST(result->identity == text(test_case, "identity_is"));
    }
    admitted += result.has_value() ? 1U : 0U;
  }
  BOOST_TEST(admitted > 60U);
}

BOOST_AUTO_TEST_CASE(a_principal_is_who_the_claims_say) {
  const auto verifier = verifier_of(token_case("RS256"));
  std::string why;
  const auto principal = verifier->check(text(token_case("RS256"), "token"), python_now(), why);
  BOOST_REQUIRE(principal.has_value());
  BOOST_TEST(principal->identity == "alice");
  BOOST_TEST(principal->token_id == "t-1");
  BOOST_TEST(principal->expires.value() == python_now() + 600 + 30);
  BOOST_TEST(!principal->backend.has_value());
}

BOOST_AUTO_TEST_CASE(a_token_is_good_until_its_last_second) {
  const auto verifier = verifier_of(token_case("ES256"));
  const std::string token = text(token_case("ES256"), "token");
  std::string why;
  const auto end = verifier->check(token, python_now(), why)->expires.value();
  BOOST_TEST(said(verifier->check(token, end - 1, why)) == "admitted");
  BOOST_TEST(said(verifier->check(token, end, why)) == "credential_expired");
}

// Each bit of a signature, and of what it is over, counts.
BOOST_AUTO_TEST_CASE(no_digit_of_a_token_can_be_changed) {
  for (const std::string_view name : {"RS256", "PS256", "ES256", "HS256"}) {
    const auto verifier = verifier_of(token_case(name));
    const std::string token = text(token_case(name), "token");
    for (std::size_t i = 0; i < token.size(); ++i) {
      std::string changed = token;
      changed[i] = changed[i] == 'A' ? 'B' : 'A';
      std::string why;
      BOOST_TEST(said(verifier->check(changed, python_now(), why)) == "credential_invalid", name << " at " << i);
    }
  }
}

BOOST_AUTO_TEST_CASE(what_is_told_of_a_forged_token_does_not_depend_on_its_claims) {
  std::vector<std::string> told;
  for (const std::string_view name :
       {"ES256 by another key", "ES256 by another key, expired", "ES256 by another key, not permitted"}) {
    std::string why;
    told.push_back(said(verifier_of(token_case(name))->check(text(token_case(name), "token"), python_now(), why)));
  }
  BOOST_TEST(told == std::vector<std::string>(3, "credential_invalid"), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(several_threads_share_a_verifier) {
  const auto verifier = verifier_of(token_case("RS256"));
  std::vector<std::pair<std::string, bool>> tokens;
  for (const std::string_view name : {"RS256", "PS384", "ES256", "ES512", "HS256", "RS256 by another key",
                                      "ES256 of zeros", "PS256 by another key", "HS256 by another key"}) {
    tokens.emplace_back(text(token_case(name), "token"), text(token_case(name), "expected") == "admitted");
  }
  const UnixSeconds now = python_now();
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 100; ++round) {
        for (const auto& [token, good] : tokens) {
          std::string why;
          if (verifier->check(token, now, why).has_value() != good) ++wrong;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  BOOST_TEST(wrong == 0);
}

BOOST_AUTO_TEST_CASE(a_requirement_without_values_is_refused) {
  config::JwtAuth config = configuration_of(token_case("RS256"));
  config.require = {{"role", {}, false, {}}};
  std::string why;
  BOOST_TEST(!JwtVerifier::make(config, config.keys, why));
  BOOST_TEST(why == "nothing is required of the claim role");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace drawbridge::auth
