#include "auth/json.hpp"

#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

namespace drawbridge::auth {
namespace {

std::string told(std::string_view text) {
  std::string why;
  const auto object = parse_json_object(text, why);
  return object ? boost::json::serialize(*object) : why;
}

std::string nested(std::size_t depth) {
  return R"({"a":)" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
}

BOOST_AUTO_TEST_SUITE(json)

BOOST_AUTO_TEST_CASE(an_object_is_read_whole) {
  const std::string_view text =
      R"({"text":"a\"\u00e9","list":[1,-1,18446744073709551615,1.5E0,true,false,null],"object":{"a":{},"b":[]}})";
  BOOST_TEST(told(text) ==
             "{\"text\":\"a\\\"\xC3\xA9\",\"list\":[1,-1,18446744073709551615,1.5E0,true,false,null],\"object\":{\"a\":"
             "{},\"b\":[]}}");
  BOOST_TEST(told(" {} \n") == "{}");
  const std::string long_text(10'000, 'x');
  BOOST_TEST(told(R"({"a\n)" + long_text + R"(":"b\n)" + long_text + "\"}").size() == 2 * long_text.size() + 13);
}

BOOST_AUTO_TEST_CASE(the_same_name_may_stand_in_different_objects) {
  BOOST_TEST(told(R"({"a":{"a":[{"a":1},{"a":1}]},"A":1})") == R"({"a":{"a":[{"a":1},{"a":1}]},"A":1})");
}

BOOST_AUTO_TEST_CASE(a_name_twice_is_refused_at_any_depth) {
  for (const std::string_view text :
       {R"({"a":1,"a":1})", R"({"a":1,"b":2,"a":3})", R"({"a":1,"\u0061":2})", R"({"x":{"a":1,"a":2}})",
        R"({"x":[[{"a":1,"a":2}]]})", R"({"":1,"":2})", R"({"x":1,"x":{"y":1}})", R"({"x":{"y":1,"z":2},"x":1})"}) {
    BOOST_TEST(told(text) == "its JSON says a name twice", text);
  }
}

BOOST_AUTO_TEST_CASE(a_name_twice_among_many_is_found) {
  std::string text = "{";
  for (int i = 0; i < 1000; ++i) text += "\"" + std::to_string(i) + "\":0,";
  BOOST_TEST(told(text + R"("1000":0})").front() == '{');
  BOOST_TEST(told(text + R"("500":0})") == "its JSON says a name twice");
}

BOOST_AUTO_TEST_CASE(depth_is_bounded) {
  BOOST_TEST(told(nested(deepest_json)) == nested(deepest_json));
  BOOST_TEST(told(nested(deepest_json + 1)) == "its JSON is nested too deeply");
  BOOST_TEST(told(nested(100'000)) == "its JSON is nested too deeply");
}

BOOST_AUTO_TEST_CASE(anything_else_is_refused) {
  for (const std::string_view text : {"",
                                      " ",
                                      "{",
                                      "}",
                                      "{}{}",
                                      "{} x",
                                      "{},",
                                      R"({"a":1,})",
                                      R"({"a" 1})",
                                      "{a:1}",
                                      "{'a':1}",
                                      R"({"a":01})",
                                      R"({"a":+1})",
                                      R"({"a":.5})",
                                      R"({"a":NaN})",
                                      R"({"a":Infinity})",
                                      R"({"a":1}/**/)",
                                      R"({"a":"\x"})",
                                      "{\"a\":\"\n\"}",
                                      "\xEF\xBB\xBF{}",
                                      "{\"a\":\"\xFF\"}",
                                      "{\"a\":\"\xC0\x80\"}",
                                      "{\"\xFF\":1}",
                                      R"({"a":"\ud800"})",
                                      R"({"a":"\udc00\ud800"})",
                                      R"({"a":tru})"}) {
    BOOST_TEST(told(text) == "it is no valid JSON", text);
  }
  BOOST_TEST(told(std::string_view("{}\0", 3)) == "it is no valid JSON");
  for (const std::string_view text : {"[]", "1", "\"a\"", "null", "true"})
    BOOST_TEST(told(text) == "its JSON is no object");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace drawbridge::auth
