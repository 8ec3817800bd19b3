#include "web/media_type.hpp"

#include <boost/test/unit_test.hpp>

namespace drawbridge::web {

BOOST_AUTO_TEST_SUITE(media_types)

BOOST_AUTO_TEST_CASE(go_by_the_last_extension_in_any_case) {
  BOOST_TEST(media_type("index.html") == "text/html; charset=utf-8");
  BOOST_TEST(media_type("INDEX.HTML") == "text/html; charset=utf-8");
  BOOST_TEST(media_type("lib/drawbridge.min.js") == "text/javascript; charset=utf-8");
  BOOST_TEST(media_type("a.mjs") == "text/javascript; charset=utf-8");
  BOOST_TEST(media_type("page.js.map") == "application/json");
  BOOST_TEST(media_type("a.wasm") == "application/wasm");
  BOOST_TEST(media_type("a.avif") == "image/avif");
  BOOST_TEST(media_type("a.zip") == "application/zip");
}

BOOST_AUTO_TEST_CASE(nothing_is_guessed) {
  for (const char* name : {"", "README", "a.", "a.unknown", "js", "a.js/b", "a.htmlx", "a.ht"}) {
    BOOST_TEST(media_type(name) == "application/octet-stream", name);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace drawbridge::web
