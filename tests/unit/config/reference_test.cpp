#include "config/sections.hpp"
#include "config/yaml_document.hpp"

#include <fstream>
#include <iterator>
#include <regex>
#include <set>

#include <boost/test/unit_test.hpp>

using namespace drawbridge::config;

namespace {

const std::string reference = DRAWBRIDGE_SOURCE_DIR "/conf/drawbridge.yaml";
const std::string man_page = DRAWBRIDGE_SOURCE_DIR "/docs/drawbridge.yaml.5";

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::set<std::string> known_keys() {
  const auto all = names(main_keys());
  const std::set<std::string> known(all.begin(), all.end());
  BOOST_TEST(known.size() == all.size());
  BOOST_TEST(known.contains("listeners[].tls.certificates[].chain"));
  return known;
}

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
  for (const auto& diagnostic : loaded.diagnostics) {
    // Here everything stands beside everything else.
    if (diagnostic.message.find("share an origin") == std::string::npos) BOOST_ERROR(diagnostic.text());
  }
  const Config& config = loaded.config;
  BOOST_TEST((config.workers == Config{}.workers));
  BOOST_TEST((config.log == Log{}));
  BOOST_TEST((config.limits == Limits{}));
  BOOST_TEST((config.penalties == Penalties{}));
  BOOST_TEST((config.timeouts == Timeouts{}));

  BOOST_REQUIRE(config.listeners.size() == 2U);
  BOOST_TEST(config.listeners[0].plaintext == Listener{}.plaintext);
  BOOST_TEST((config.listeners[0].tls.value().min_version == Tls{}.min_version));
  BOOST_TEST(config.listeners[0].tls->client_certificates.value().required == ClientCertificates{}.required);
  BOOST_TEST(config.listeners[1].bind.mode == Bind{}.mode);

  BOOST_REQUIRE(config.routes.size() == 3U);
  for (const Route& route : config.routes) {
    BOOST_TEST(route.allow_missing_origin == Route{}.allow_missing_origin);
    BOOST_TEST((route.accepts == Route{}.accepts));
    BOOST_TEST((route.message_type == Route{}.message_type));
    BOOST_TEST((route.rejection == Route{}.rejection));
    BOOST_TEST(route.trace_payload == Route{}.trace_payload);
    BOOST_TEST((route.limits == RouteLimits{}));
    BOOST_TEST((route.timeouts == RouteTimeouts{}));
    BOOST_TEST((route.quotas == Quotas{}));
  }
  BOOST_TEST((config.listeners[0].trusted_proxies->header == TrustedProxies{}.header));
  const std::vector<Auth>& auth = config.routes[2].auth;
  BOOST_REQUIRE(auth.size() == 8U);
  const std::vector<CredentialPlace> usual{{CredentialPlace::Kind::authorization, ""},
                                           {CredentialPlace::Kind::subprotocol, ""}};
  for (const std::size_t without_from : {1U, 2U, 3U}) {
    BOOST_TEST((auth[0].from == auth[without_from].from));
    BOOST_TEST((std::get<JwtAuth>(auth[without_from].how).leeway == JwtAuth{}.leeway));
  }
  BOOST_TEST((auth[0].from == usual));
  BOOST_TEST((auth[7].from == usual));
  BOOST_TEST((std::get<JwtAuth>(auth[0].how).leeway == JwtAuth{}.leeway));
  BOOST_TEST(std::get<JwtAuth>(auth[0].how).identity == JwtAuth{}.identity);
  const auto& forward = std::get<ForwardAuth>(auth[6].how);
  BOOST_TEST(forward.request_headers == ForwardAuth{}.request_headers, boost::test_tools::per_element());
  BOOST_TEST((forward.timeout == ForwardAuth{}.timeout));
  BOOST_TEST(forward.concurrency == ForwardAuth{}.concurrency);
  BOOST_TEST((forward.cache == ForwardAuth{}.cache));
}

BOOST_AUTO_TEST_CASE(holds_every_key) {
  Report report;
  std::size_t budget = most_nodes;
  const NodePtr root = parse_document(text_of(reference), reference, budget, report);
  BOOST_REQUIRE(root);
  std::set<std::string> shown;
  collect(*root, "", shown);
  BOOST_TEST(shown == known_keys(), boost::test_tools::per_element());
}

// Its forms and defaults are held to the reference by tests/e2e/docs_test.py.
BOOST_AUTO_TEST_CASE(and_so_does_the_man_page) {
  const std::string text = text_of(man_page);
  const std::regex item("\n\\.It Ic (\\S+) Pq ");
  std::set<std::string> shown;
  for (std::sregex_iterator match(text.begin(), text.end(), item), end; match != end; ++match) {
    BOOST_TEST(shown.insert((*match)[1]).second, (*match)[1] << " stands there twice");
  }
  BOOST_TEST(shown == known_keys(), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
