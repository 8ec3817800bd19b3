#include "auth/base64url.hpp"

#include <boost/test/unit_test.hpp>

namespace drawbridge::auth {
namespace {

BOOST_AUTO_TEST_SUITE(base64url)

BOOST_AUTO_TEST_CASE(the_examples_of_the_rfc) {  // RFC 4648 §10, without padding
  const std::pair<std::string_view, std::string_view> examples[] = {
      {"", ""},           {"Zg", "f"},          {"Zm8", "fo"},          {"Zm9v", "foo"},
      {"Zm9vYg", "foob"}, {"Zm9vYmE", "fooba"}, {"Zm9vYmFy", "foobar"}, {"-_-_", "\xFB\xFF\xBF"}};
  for (const auto& [text, bytes] : examples) BOOST_TEST(decode_base64url(text).value() == bytes);
}

BOOST_AUTO_TEST_CASE(there_is_one_spelling) {
  for (const std::string_view text : {"Zg==", "Zg=", "Zm8=", "Zh", "Zv", "Zm9", "Z", "Zm9vY", "Zm 8", "Zm8\n", " Zm8",
                                      "+/+/", "Zm9v.", "Zm9\x80", "Zm8,"}) {
    BOOST_TEST(!decode_base64url(text), text);
  }
  BOOST_TEST(!decode_base64url(std::string_view("Zm8\0", 4)));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace drawbridge::auth
