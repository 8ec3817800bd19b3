#include "auth/jwt.hpp"
#include "unit/auth/python_cases.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <boost/test/unit_test.hpp>

namespace drawbridge::auth {
namespace {

namespace json = boost::json;
using Keys = config::JwtAuth::Keys;

const std::string secret_jwk(const std::string& kid) {
  const std::string digits(86, 'A');  // 64 bytes
  return R"({"kty":"oct","k":")" + digits + "\"" + (kid.empty() ? "" : R"(,"kid":")" + kid + "\"") + "}";
}

KeySet set_of(const std::string& keys) {
  std::string why;
  auto set = KeySet::make(Keys::jwks, R"({"keys":[)" + keys + "]}", AlgorithmSet().set(), why);
  BOOST_REQUIRE_MESSAGE(set, why);
  return std::move(*set);
}

std::size_t candidates(const KeySet& set, std::string_view algorithm, const std::optional<std::string>& kid) {
  return set.candidates(find_algorithm(algorithm).value(), kid).size();
}

BOOST_AUTO_TEST_SUITE(key_set)

BOOST_AUTO_TEST_CASE(sets_made_elsewhere_are_taken_or_refused_with_a_reason) {
  for (const json::value& item : python_cases().at("key_sets").as_array()) {
    const json::object& test_case = item.as_object();
    const std::string name = text(test_case, "name");
    const std::string expected = text(test_case, "why");
    const config::JwtAuth config = configuration_of(test_case);
    std::string why;
    const bool good = JwtVerifier::make(config, config.keys, why) != nullptr;
    BOOST_TEST(good == expected.empty(), name << ": " << why);
    BOOST_TEST(why.empty() == good, name << ": " << why);
    BOOST_TEST(why.find(expected) != std::string::npos, name << ": " << why);
  }
}

BOOST_AUTO_TEST_CASE(a_kid_chooses_the_key) {
  const KeySet set = set_of(secret_jwk("a") + "," + secret_jwk("b"));
  BOOST_TEST(candidates(set, "HS256", "a") == 1U);
  BOOST_TEST(candidates(set, "HS256", "c") == 0U);
  BOOST_TEST(candidates(set, "HS256", {}) == 2U);
}

BOOST_AUTO_TEST_CASE(keys_without_names_are_tried_whatever_the_kid) {
  const KeySet set = set_of(secret_jwk("") + "," + secret_jwk(""));
  BOOST_TEST(candidates(set, "HS256", "a") == 2U);
}

BOOST_AUTO_TEST_CASE(where_some_have_names_a_name_is_looked_for) {
  const KeySet set = set_of(secret_jwk("") + "," + secret_jwk("b"));
  BOOST_TEST(candidates(set, "HS256", "a") == 0U);
  BOOST_TEST(candidates(set, "HS256", {}) == 2U);
}

BOOST_AUTO_TEST_CASE(a_key_is_only_for_algorithms_of_its_type) {
  const KeySet set = set_of(secret_jwk("a"));
  for (const Algorithm& algorithm : algorithms) {
    BOOST_TEST(candidates(set, algorithm.name, "a") == (algorithm.key == KeyType::secret ? 1U : 0U));
  }
}

BOOST_AUTO_TEST_CASE(at_most_four_keys_are_tried) {
  std::string keys = secret_jwk("");
  for (int i = 1; i < 20; ++i) keys += "," + secret_jwk("");
  BOOST_TEST(candidates(set_of(keys), "HS256", {}) == 4U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace drawbridge::auth
