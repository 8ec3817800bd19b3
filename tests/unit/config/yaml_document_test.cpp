#include "config/yaml_document.hpp"

#include "unit/config/memory_files.hpp"

#include <boost/test/unit_test.hpp>

using namespace drawbridge::config;

namespace {

struct Parsed {
  NodePtr root;
  std::string told;
};

Parsed parse(std::string_view text, std::size_t budget = most_nodes) {
  Report report;
  NodePtr root = parse_document(text, "/etc/main.yaml", budget, report);
  return {root, told(Loaded{{}, std::move(report).sorted()})};
}

std::string at(const Position& position) {
  return std::to_string(position.line) + ":" + std::to_string(position.column);
}

// A chain of anchors, each with ten aliases of the one before: 10^levels values from a few hundred bytes.
std::string bomb(int levels) {
  std::string text = "a0: &a0 x\n";
  for (int level = 1; level <= levels; ++level) {
    const std::string alias = "*a" + std::to_string(level - 1);
    text += "a" + std::to_string(level) + ": &a" + std::to_string(level) + " [" + alias;
    for (int i = 1; i < 10; ++i) text += ", " + alias;
    text += "]\n";
  }
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(yaml_document)

BOOST_AUTO_TEST_CASE(keys_and_values_know_where_they_stand) {
  const Parsed parsed = parse("a: 1\nb:\n  - x: 'q'\n    y: [ 1, { z: 2 } ]\n");
  BOOST_REQUIRE_MESSAGE(parsed.root, parsed.told);
  BOOST_TEST(at(parsed.root->position) == "1:1");
  const Entry& b = *parsed.root->find("b");
  BOOST_TEST(at(b.position) == "2:1");
  BOOST_TEST(at(b.value->position) == "3:3");
  const Node& item = *b.value->items.at(0);
  BOOST_TEST(at(item.position) == "3:5");
  BOOST_TEST(at(item.find("x")->value->position) == "3:8");
  BOOST_TEST(!item.find("x")->value->plain);
  BOOST_TEST(at(item.find("y")->value->items.at(1)->find("z")->value->position) == "4:18");
}

BOOST_AUTO_TEST_CASE(columns_count_characters_and_line_ends_may_be_crlf) {
  const Parsed parsed = parse(
      "\xEF\xBB\xBF"
      "a: 1\r\n'\u00e4\u20ac': { b: 2 }\r\n");
  BOOST_REQUIRE_MESSAGE(parsed.root, parsed.told);
  BOOST_TEST(at(parsed.root->find("a")->value->position) == "1:4");
  BOOST_TEST(at(parsed.root->find("\u00e4\u20ac")->value->find("b")->value->position) == "2:12");
}

BOOST_AUTO_TEST_CASE(a_value_that_is_not_there_stands_at_its_key_or_dash) {
  const Parsed parsed = parse("a:\nb:\n  -\n  - 1\n  - ~\nc: 1\n");
  BOOST_REQUIRE_MESSAGE(parsed.root, parsed.told);
  BOOST_TEST(at(parsed.root->find("a")->value->position) == "1:1");
  const auto& items = parsed.root->find("b")->value->items;
  BOOST_TEST((items.at(0)->kind == Node::Kind::null));
  BOOST_TEST(at(items.at(0)->position) == "3:3");
  BOOST_TEST((items.at(2)->kind == Node::Kind::null));
}

BOOST_AUTO_TEST_CASE(nothing_is_no_document_and_no_error) {
  for (const char* text : {"", "\n\n", "# only this\n", "\xEF\xBB\xBF"}) {
    const Parsed parsed = parse(text);
    BOOST_TEST(!parsed.root, "'" << text << "'");
    BOOST_TEST(parsed.told == "");
  }
}

BOOST_AUTO_TEST_CASE(an_alias_stands_for_what_its_anchor_names) {
  const Parsed parsed = parse("a: &x [ 1, 2 ]\nb: *x\nc: [ *x, *x ]\n");
  BOOST_REQUIRE_MESSAGE(parsed.root, parsed.told);
  BOOST_TEST(parsed.root->find("b")->value == parsed.root->find("a")->value);
  // The root, three keys, a list of two values in a and in b, and one of two such lists in c.
  BOOST_TEST(parsed.root->size == 1U + 3 + 3 + 3 + (1 + 3 + 3));
}

BOOST_AUTO_TEST_CASE(the_first_of_repeated_keys_counts_and_the_others_are_errors) {
  const Parsed parsed = parse("a: 1\nb: { c: 1, c: 2 }\n'a': 2\n");
  BOOST_TEST(parsed.told ==
             "2:12: repeated key `c`; first given on line 2\n"
             "3:1: repeated key `a`; first given on line 1\n");
  BOOST_REQUIRE(parsed.root);
  BOOST_TEST(parsed.root->find("a")->value->text == "1");
}

BOOST_AUTO_TEST_CASE(a_bomb_is_refused_before_it_grows) {
  BOOST_TEST(parse(bomb(4)).told == "");
  BOOST_TEST(parse(bomb(5)).told == "6:45: more than 100000 values, aliases expanded\n");
  BOOST_TEST(parse(bomb(9)).told == "6:45: more than 100000 values, aliases expanded\n");
}

BOOST_AUTO_TEST_CASE(the_budget_is_counted_exactly) {
  // The mapping, its key, the list, three items.
  BOOST_TEST(parse("a: [ 1, 2, 3 ]\n", 6).told == "");
  BOOST_TEST(parse("a: [ 1, 2, 3 ]\n", 5).told == "1:12: more than 100000 values, aliases expanded\n");
}

BOOST_AUTO_TEST_CASE(nesting_is_bounded_with_aliases_too) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + "x" + std::string(depth, ']') + "\n"; };
  BOOST_TEST(parse(nested(32)).told == "");
  BOOST_TEST(parse(nested(33)).told == "1:33: nested more than 32 levels deep\n");
  BOOST_TEST(parse(std::string(100'000, '[')).told.ends_with("nested more than 32 levels deep\n"));
  BOOST_TEST(parse("a: &x " + nested(31) + "b: *x\n").told == "");
  BOOST_TEST(parse("a: &x " + nested(31) + "b: [ *x ]\n").told == "2:6: nested more than 32 levels deep\n");
}

BOOST_AUTO_TEST_CASE(what_is_no_yaml_for_us_says_where_and_why) {
  struct Case {
    std::string_view text;
    std::string_view told;
  };
  using namespace std::string_view_literals;
  for (const auto& [text, expected] : {
           Case{"a: \xFF\n", "1:4: byte 0xFF is not valid UTF-8 here; save the file as UTF-8\n"},
           Case{"\u00e4: 1\nb: \xC3(\n", "2:5: byte 0x28 is not valid UTF-8 here; save the file as UTF-8\n"},
           Case{"a: \xC3", "1:5: the file ends within a UTF-8 character; save it as UTF-8\n"},
           Case{"\xFF\xFE"
                "a\0"sv,
                "1:1: the file is UTF-16; save it as UTF-8\n"},
           Case{"a: 1\n\0"sv, "2:1: control byte 0x00 is not allowed\n"},
           Case{"a: 1\x04\nb: 2\n", "1:5: control byte 0x04 is not allowed\n"},
           Case{"a: \x7F\n", "1:4: control byte 0x7F is not allowed\n"},
           Case{"a:\n\tb: 1\n", "2:1: the line is indented with a tab; indent with spaces\n"},
           Case{"a:\n  \tb: 1\n# c\n\t# d\n \t\n\tc: 2\n",
                "2:3: the line is indented with a tab; indent with spaces (as 1 more lines)\n"},
           Case{"a: 1\n---\nb: 2\n",
                "2:1: a second document begins here; a file holds one, so use `include` for more\n"},
           Case{"a: !!str 1\n", "1:4: the tag `tag:yaml.org,2002:str` has no use here; take it away\n"},
           Case{"a: !mine { b: 1 }\n", "1:4: the tag `!mine` has no use here; take it away\n"},
           Case{"a: &x [ *x ]\n", "1:9: an alias within its own anchor has no end\n"},
           Case{"[ a ]: 1\n", "1:1: a key must be a word\n"},
           Case{"a: [ *.b ]\n",
                "1:6: not valid YAML: the referenced anchor is not defined; put a value that begins with * or & in "
                "quotes\n"},
           Case{"a: [ * ]\n",
                "1:7: not valid YAML: alias not found after *; put a value that begins with * in quotes\n"},
           Case{"a: 1\n- b\n", "2:1: not valid YAML: end of map not found; is the indentation right?\n"},
           Case{"a: { b: 1\n", "2:1: not valid YAML: end of map flow not found; a } is missing\n"},
           Case{"a: [ 1\n", "2:1: not valid YAML: end of sequence flow not found; a ] is missing\n"},
           Case{"a: b: c\n",
                "1:5: not valid YAML: illegal map value; is the indentation right, and is a value that holds \": \" in "
                "quotes?\n"},
           Case{"a: \"\\q\"\n", "1:7: not valid YAML: unknown escape character: q\n"},
           Case{"a: \"x\\\"\nb: 1\n", "1:4: the quote that begins here never ends\n"},
           Case{"b: 1\na: &x 'it''s\n", "2:4: the quote that begins here never ends\n"},
           Case{"%YAML 9.0\n---\na: 1\n", "1:1: not valid YAML: YAML major version too large\n"},
       }) {
    const Parsed parsed = parse(text);
    BOOST_TEST(parsed.told == expected, "'" << text << "' gave: " << parsed.told);
    BOOST_TEST((parsed.root == nullptr || expected.find("key") != std::string_view::npos));
  }
}

BOOST_AUTO_TEST_SUITE_END()
