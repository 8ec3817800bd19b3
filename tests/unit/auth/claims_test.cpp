#include "auth/claims.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

namespace drawbridge::auth {
namespace {

boost::json::object claims_of(std::string_view text) {
  return boost::json::parse(text).as_object();
}

std::string found(std::string_view claims, std::string_view name) {
  const auto object = claims_of(claims);
  const auto* claim = find_claim(object, name);
  return claim == nullptr ? "nothing" : boost::json::serialize(*claim);
}

bool holds(std::string_view claims, std::string_view claim, const std::vector<std::string>& values,
           bool prefix = false) {
  return satisfies(claims_of(claims), {std::string(claim), values, prefix, {}});
}

BOOST_AUTO_TEST_SUITE(claims)

BOOST_AUTO_TEST_CASE(dots_lead_into_objects_where_no_claim_has_the_whole_name) {
  BOOST_TEST(found(R"({"a":{"b":{"c":1}}})", "a.b.c") == "1");
  BOOST_TEST(found(R"({"a.b":1,"a":{"b":2}})", "a.b") == "1");
  BOOST_TEST(found(R"({"https://example.org/roles":1})", "https://example.org/roles") == "1");
  BOOST_TEST(found(R"({"resource_access":{"my.client":{"roles":1}}})", "resource_access.my.client.roles") == "1");
  BOOST_TEST(found(R"({"a.b":{"c":1}})", "a.b.c") == "1");
  for (const std::string_view name : {"a", "b", "a.", ".a", ".", "", "a.b.c.d", "a.b.x"}) {
    BOOST_TEST(found(R"({"x":{"b":1},"a.b":{"c":1}})", name) == "nothing", name);
  }
  BOOST_TEST(found(R"({"a":[{"b":1}]})", "a.b") == "nothing");
  BOOST_TEST(found(R"({"a":"b"})", "a.b") == "nothing");
}

BOOST_AUTO_TEST_CASE(a_claim_has_a_value_as_its_json_spells_it) {
  BOOST_TEST(holds(R"({"a":"x"})", "a", {"x"}));
  BOOST_TEST(holds(R"({"a":"x"})", "a", {"w", "x"}));
  BOOST_TEST(holds(R"({"a":7})", "a", {"7"}));
  BOOST_TEST(holds(R"({"a":-7})", "a", {"-7"}));
  BOOST_TEST(holds(R"({"a":18446744073709551615})", "a", {"18446744073709551615"}));
  BOOST_TEST(holds(R"({"a":1.5})", "a", {"1.5"}));
  BOOST_TEST(holds(R"({"a":1.5e3})", "a", {"1.5e3"}));
  BOOST_TEST(holds(R"({"a":true})", "a", {"true"}));
  BOOST_TEST(holds(R"({"a":false})", "a", {"false"}));
}

BOOST_AUTO_TEST_CASE(anything_else_is_not_that_value) {
  BOOST_TEST(!holds(R"({"b":"x"})", "a", {"x"}));
  BOOST_TEST(!holds(R"({"a":"x"})", "a", {"X"}));
  BOOST_TEST(!holds(R"({"a":"xy"})", "a", {"x"}));
  BOOST_TEST(!holds(R"({"a":"x y"})", "a", {"x"}));
  BOOST_TEST(!holds(R"({"a":7})", "a", {"07", "7.0", "x", ""}));
  BOOST_TEST(!holds(R"({"a":1.5})", "a", {"1", "1.5x", ""}));
  BOOST_TEST(!holds(R"({"a":true})", "a", {"1", "True", ""}));
  BOOST_TEST(!holds(R"({"a":null})", "a", {"null", ""}));
  BOOST_TEST(!holds(R"({"a":{"x":"x"}})", "a", {"x", "", "[object Object]"}));
  BOOST_TEST(!holds(R"({"a":[]})", "a", {"", "x"}));
  BOOST_TEST(!holds(R"({"a":"x"})", "a", {}));
}

BOOST_AUTO_TEST_CASE(one_item_of_a_list_is_enough) {
  BOOST_TEST(holds(R"({"a":["w","x"]})", "a", {"x"}));
  BOOST_TEST(holds(R"({"a":[1,true]})", "a", {"true"}));
  BOOST_TEST(!holds(R"({"a":["w"]})", "a", {"x"}));
  BOOST_TEST(!holds(R"({"a":[["x"]]})", "a", {"x"}));
}

BOOST_AUTO_TEST_CASE(a_scope_is_a_list_of_words) {
  for (const std::string name : {"scope", "scp"}) {
    BOOST_TEST(holds("{\"" + name + R"(":"read write  desk:7"})", name, {"desk:7"}));
    BOOST_TEST(holds("{\"" + name + R"(":["read","write"]})", name, {"write"}));
    BOOST_TEST(!holds("{\"" + name + R"(":"read write"})", name, {"read write", "writ", ""}));
    BOOST_TEST(!holds("{\"" + name + R"(":["read write"]})", name, {"write"}));
  }
  BOOST_TEST(!holds(R"({"a":{"scope":"read write"}})", "a.scope", {"write"}));
}

BOOST_AUTO_TEST_CASE(a_prefix_is_a_beginning_of_text) {
  BOOST_TEST(holds(R"({"a":"desk:7"})", "a", {"desk:"}, true));
  BOOST_TEST(holds(R"({"a":"desk:"})", "a", {"desk:"}, true));
  BOOST_TEST(holds(R"({"scope":"read desk:7"})", "scope", {"desk:"}, true));
  BOOST_TEST(!holds(R"({"a":"my desk:7"})", "a", {"desk:"}, true));
  BOOST_TEST(!holds(R"({"a":"des"})", "a", {"desk:"}, true));
  BOOST_TEST(!holds(R"({"a":77})", "a", {"7"}, true));
  BOOST_TEST(!holds(R"({"a":true})", "a", {"t"}, true));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace drawbridge::auth
