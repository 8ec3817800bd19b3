#include "web/file_name.hpp"

#include "ws/target.hpp"

#include <string>

#include <boost/test/unit_test.hpp>

namespace drawbridge::web {
namespace {

std::string named(std::string_view below) {
  return file_name(below).value_or("(none)");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(file_names)

BOOST_AUTO_TEST_CASE(a_path_is_a_name_below_the_folder) {
  BOOST_TEST(named("page.js") == "page.js");
  BOOST_TEST(named("css/dark/page.css") == "css/dark/page.css");
  BOOST_TEST(named("a.b..c...") == "a.b..c...");
  BOOST_TEST(named("~user") == "~user");
}

BOOST_AUTO_TEST_CASE(a_folder_means_its_index) {
  BOOST_TEST(named("") == "index.html");
  BOOST_TEST(named("help/") == "help/index.html");
}

BOOST_AUTO_TEST_CASE(encodings_are_decoded_once) {
  BOOST_TEST(named("two%20words.txt") == "two words.txt");
  BOOST_TEST(named("gr%C3%BC%C3%9Fe") ==
             "gr\xC3\xBC\xC3\x9F"
             "e");
  BOOST_TEST(named("%3F%23%25") == "?#%");
  BOOST_TEST(named("%252e%252e") == "%2e%2e");
  BOOST_TEST(named("a%252Fb") == "a%2Fb");
}

BOOST_AUTO_TEST_CASE(names_that_begin_with_a_dot_are_not_served) {
  for (const char* below : {".", "..", "...", ".git", ".git/config", "a/.htpasswd", "a/..", "../a", "a/../b", "%2e",
                            "%2E%2E", "%2e%2e/secret", "a/%2e./b", ".%2e/secret", ".well-known/x", "a/.", "./"}) {
    BOOST_TEST(named(below) == "(none)", below);
  }
}

BOOST_AUTO_TEST_CASE(what_could_be_read_as_another_path_is_not_served) {
  using namespace std::string_view_literals;
  for (const std::string_view below :
       {"/"sv, "/etc/passwd"sv, "a//b"sv, "a/b//"sv, "%2F"sv, "%2fetc%2fpasswd"sv, "a%2Fb"sv, "..%2f"sv, "a%5Cb"sv,
        "..\\secret"sv, "%00"sv, "a%00.html"sv, "a\0b"sv, "a%0A"sv, "a%7F"sv, "%"sv, "%2"sv, "%zz"sv, "a%"sv}) {
    BOOST_TEST(named(below) == "(none)", below);
  }
}

BOOST_AUTO_TEST_CASE(names_are_utf8) {
  // Overlong forms of '/' and '.', a lone continuation, a surrogate.
  for (const char* below : {"%C0%AF", "%C0%AE%C0%AE", "%E0%80%AF", "%80", "%ED%A0%80", "%FF"}) {
    BOOST_TEST(named(below) == "(none)", below);
  }
}

BOOST_AUTO_TEST_CASE(names_are_as_long_as_a_disk_takes) {
  BOOST_TEST(named(std::string(255, 'a')) == std::string(255, 'a'));
  BOOST_TEST(named(std::string(256, 'a')) == "(none)");
  std::string deep;
  while (deep.size() + 2 <= 1'024) deep += "a/";
  deep.pop_back();
  BOOST_TEST(named(deep) == deep);
  BOOST_TEST(named(deep + "/bc") == "(none)");
  // The index counts.
  BOOST_TEST(named(deep + "/") == "(none)");
}

// What parse_target lets through and this one does not is answered with a 404; the other way round nothing comes.
BOOST_AUTO_TEST_CASE(of_a_canonical_target_no_file_lies_above) {
  for (const char* target : {"/a/../b", "/%2e%2e/b", "/..", "/a//b", "/a%2Fb", "/a%5cb", "/\\..\\b"}) {
    BOOST_TEST(!ws::parse_target(target), target);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace drawbridge::web
