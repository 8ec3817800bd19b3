#include "admin/page.hpp"

#include <regex>
#include <string>

#include <boost/test/unit_test.hpp>

using namespace drawbridge::admin;

namespace {

std::string content(std::string_view name) {
  const auto file = page_file(name);
  BOOST_REQUIRE_MESSAGE(file, name);
  return file->body;
}

bool matches(const std::string& text, const char* pattern) {
  return std::regex_search(text, std::regex(pattern, std::regex::icase));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pages)

BOOST_AUTO_TEST_CASE(every_file_has_its_type) {
  BOOST_TEST(page_file("").value().type == "text/html; charset=utf-8");
  BOOST_TEST(page_file("page.js").value().type == "text/javascript; charset=utf-8");
  BOOST_TEST(page_file("page.css").value().type == "text/css; charset=utf-8");
  BOOST_TEST(page_file("icon.svg").value().type == "image/svg+xml");
  BOOST_TEST(!page_file("index.html"));
}

BOOST_AUTO_TEST_CASE(it_names_only_files_that_are_there) {
  const std::string page = content("");
  const std::regex link("(?:href|src)=\"([^\"]*)\"");
  unsigned links = 0;
  for (std::sregex_iterator found(page.begin(), page.end(), link), end; found != end; ++found, ++links) {
    content((*found)[1].str());
  }
  BOOST_TEST(links >= 3U);
  for (const std::string name : {"", "page.js", "page.css"}) BOOST_TEST(!matches(content(name), "https?://"), name);
}

// The policy of every answer forbids it, and a browser would only say so in its console.
BOOST_AUTO_TEST_CASE(no_script_or_style_stands_within_it) {
  const std::string page = content("");
  BOOST_TEST(!matches(page, "<script(?![^>]* src=)"));
  BOOST_TEST(!matches(page, "<style"));
  BOOST_TEST(!matches(page, "\\s(on[a-z]+|style)="));
}

BOOST_AUTO_TEST_CASE(what_comes_from_the_daemon_cannot_become_markup) {
  BOOST_TEST(
      !matches(content("page.js"), "innerHTML|outerHTML|insertAdjacentHTML|document\\.write|eval\\(|Function\\("));
}

BOOST_AUTO_TEST_CASE(it_keeps_no_cookie) {
  BOOST_TEST(!matches(content("page.js"), "cookie|localStorage"));
}

BOOST_AUTO_TEST_SUITE_END()
