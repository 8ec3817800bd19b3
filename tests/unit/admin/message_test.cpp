#include "admin/message.hpp"

#include <boost/test/unit_test.hpp>

using namespace drawbridge::admin;

namespace {

std::optional<Request> parsed(std::string_view target) {
  Request request;
  return parse_target(target, request) ? std::optional(request) : std::nullopt;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(messages)

BOOST_AUTO_TEST_CASE(a_target_is_segments_and_arguments) {
  const auto request = parsed("/revocations/identity/a%2Fb%20c?route=desk&after=&x=%C3%A4");
  BOOST_REQUIRE(request);
  const std::vector<std::string> path{"revocations", "identity", "a/b c"};
  BOOST_TEST(request->path == path, boost::test_tools::per_element());
  BOOST_TEST(request->argument("route").value() == "desk");
  BOOST_TEST(request->argument("after").value().empty());
  BOOST_TEST(request->argument("x").value() == "ä");
  BOOST_TEST(!request->argument("limit"));
  BOOST_TEST(parsed("/").value().path.empty());
  BOOST_TEST(parsed("/status?").value().query.empty());
}

BOOST_AUTO_TEST_CASE(what_is_not_well_formed_is_refused_not_repaired) {
  for (const std::string_view target :
       {"",    "status", "*",    "http://x/status", "//",    "/a//b",    "/a/",  "/.",     "/a/../b",    "/%2E%2E",
        "/%",  "/%4",    "/%4g", "/a%00",           "/a%0a", "/a?x=%0d", "/a?x", "/a?=1&", "/a?x=1&x=2", "/a?x=1&&y=2",
        "/%7F"}) {
    // A name alone has an empty value.
    BOOST_TEST(parsed(target).has_value() == (target == "/a?x"), target);
  }
}

BOOST_AUTO_TEST_CASE(a_failure_is_json_whatever_it_says) {
  BOOST_TEST(failure(400, "\"x\"\n").body == "{\"error\":\"\\\"x\\\"\\n\"}\n");
  BOOST_TEST(failure(400, "x").status == 400U);
}

BOOST_AUTO_TEST_SUITE_END()
