#include "config/sections.hpp"
#include "config/yaml_document.hpp"

#include <fstream>
#include <iterator>
#include <set>

#include <boost/test/unit_test.hpp>

using namespace drawbridge::config;

namespace {

const std::string reference = DRAWBRIDGE_SOURCE_DIR "/conf/drawbridge.yaml";

// Every key that stands in a tree, in the form of names().
void collect(const Node& node, const std::string& prefix, std::set<std::string>& keys) {
  for (const Entry& entry : node.entries) {
    keys.insert(prefix + entry.key);
    collect(*entry.value, prefix + entry.key + ".", keys);
    for (const NodePtr& item : entry.value->items) collect(*item, prefix + entry.key + "[].", keys);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(the_reference)

BOOST_AUTO_TEST_CASE(shows_the_built_in_defaults) {
  const Loaded loaded = load(reference);
  for (const auto& diagnostic : loaded.diagnostics) BOOST_ERROR(diagnostic.text());
  const Config& config = loaded.config;
  BOOST_TEST((config.workers == Config{}.workers));
  BOOST_TEST((config.log == Log{}));
  BOOST_TEST((config.limits == Limits{}));
  BOOST_TEST((config.timeouts == Timeouts{}));

  BOOST_REQUIRE(config.listeners.size() == 2U);
  BOOST_TEST(config.listeners[0].plaintext == Listener{}.plaintext);
  BOOST_TEST((config.listeners[0].tls.value().min_version == Tls{}.min_version));
  BOOST_TEST(config.listeners[1].bind.mode == Bind{}.mode);

  BOOST_REQUIRE(config.routes.size() == 2U);
  for (const Route& route : config.routes) {
    BOOST_TEST(route.allow_missing_origin == Route{}.allow_missing_origin);
    BOOST_TEST((route.accepts == Route{}.accepts));
    BOOST_TEST((route.message_type == Route{}.message_type));
    BOOST_TEST((route.rejection == Route{}.rejection));
    BOOST_TEST((route.limits == RouteLimits{}));
    BOOST_TEST((route.timeouts == RouteTimeouts{}));
  }
}

BOOST_AUTO_TEST_CASE(holds_every_key) {
  std::ifstream file(reference);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  Report report;
  std::size_t budget = most_nodes;
  const NodePtr root = parse_document(text, reference, budget, report);
  BOOST_REQUIRE(root);
  std::set<std::string> shown;
  collect(*root, "", shown);
  const auto all = names(main_keys());
  const std::set<std::string> known(all.begin(), all.end());
  BOOST_TEST(known.size() == all.size());
  BOOST_TEST(known.contains("listeners[].tls.certificates[].chain"));
  BOOST_TEST(shown == known, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
