#include "auth/base64.hpp"

#include "support/base64.hpp"

#include <boost/test/unit_test.hpp>

using namespace drawbridge;

BOOST_AUTO_TEST_SUITE(base64)

BOOST_AUTO_TEST_CASE(what_was_encoded_comes_back) {
  std::string bytes;
  for (unsigned i = 0; i < 600; ++i) {
    BOOST_TEST((auth::decode_base64(testing::base64(bytes)) == bytes), "of " << i << " bytes");
    BOOST_TEST((auth::decode_base64url(testing::base64url(bytes)) == bytes), "of " << i << " bytes");
    bytes.push_back(static_cast<char>(i * 151 + i / 256));
  }
}

BOOST_AUTO_TEST_CASE(the_examples_of_rfc_4648_10) {
  BOOST_TEST((auth::decode_base64("") == ""));
  BOOST_TEST((auth::decode_base64("Zg==") == "f"));
  BOOST_TEST((auth::decode_base64("Zm8=") == "fo"));
  BOOST_TEST((auth::decode_base64("Zm9vYmFy") == "foobar"));
  BOOST_TEST((auth::decode_base64url("Zm9vYg") == "foob"));
}

BOOST_AUTO_TEST_CASE(only_one_text_stands_for_given_bytes) {
  for (const char* text :
       {"Z",    "Zg",   "Zg=",  "Zm8",      "Zg===", "=",      "==",    "====", "Zm9v====", "Zg==Zg==",
        "=Zg=", "Zh==", "Zm9=", "Zm9vYh==", "Zm 9",  "Zm9v\n", " Zm9v", "Zm-_", "Zm9.",     "Zm9\xC3"}) {
    BOOST_TEST(!auth::decode_base64(text).has_value(), text);
  }
  for (const char* text : {"Z", "Zg==", "Zm8=", "Zh", "Zm9", "Zm9vY", "Zm+/", "Zm9v\n", "Zm9v ", "Z.8", "Zm\xFF"}) {
    BOOST_TEST(!auth::decode_base64url(text).has_value(), text);
  }
  BOOST_TEST(!auth::decode_base64(std::string_view("Zm9\0", 4)).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
