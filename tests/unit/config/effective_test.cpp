#include "config/effective.hpp"

#include "config/load.hpp"
#include "config/sections.hpp"
#include "memory_files.hpp"

#include <set>
#include <string>

#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

using namespace drawbridge::config;
namespace json = boost::json;

namespace {

const std::string reference = DRAWBRIDGE_SOURCE_DIR "/conf/drawbridge.yaml";

// In the form of names().
void collect(const json::value& value, const std::string& prefix, std::set<std::string>& keys) {
  if (const auto* const items = value.if_array()) {
    for (const json::value& item : *items) {
      if (item.is_object()) collect(item, prefix + "[]", keys);
    }
  }
  const auto* const object = value.if_object();
  if (object == nullptr) return;
  for (const auto& [key, below] : *object) {
    const std::string name = (prefix.empty() ? "" : prefix + ".") + std::string(key);
    keys.insert(name);
    collect(below, name, keys);
  }
}

json::object read_again(const json::object& written) {
  const Loaded loaded = load_text(json::serialize(written));
  for (const Diagnostic& diagnostic : loaded.diagnostics) {
    if (diagnostic.severity == Diagnostic::Severity::error) BOOST_ERROR(diagnostic.text());
  }
  return effective(loaded.config);
}

json::object of(const std::string& text) {
  const Loaded loaded = load_text(text);
  BOOST_TEST_REQUIRE(loaded.valid());
  return effective(loaded.config);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(the_effective_configuration)

BOOST_AUTO_TEST_CASE(has_every_key_and_reads_as_what_it_was_written_from) {
  const json::object written = effective(load(reference).config);
  std::set<std::string> shown;
  collect(written, "", shown);
  const auto all = names(main_keys());
  std::set<std::string> known(all.begin(), all.end());
  known.erase("include");
  BOOST_TEST(shown == known, boost::test_tools::per_element());
  BOOST_TEST(json::serialize(read_again(written)) == json::serialize(written));
}

BOOST_AUTO_TEST_CASE(the_smallest_one_shows_its_defaults) {
  const json::object written =
      of("listeners: [ { bind: 127.0.0.1:8080 } ]\n"
         "routes: [ { name: desk, path: /desk/*, origins: [ \"*\" ], backend: \"tcp://127.0.0.1:5900\", limits: { "
         "upstream_rate: 1536KiB/s, messages_per_second: 0.5/s }, timeouts: { idle: 90s } } ]\n"
         "penalties: { exempt: [], tls: 90s }\n");
  BOOST_TEST(written.at("limits").at("head") == "16KiB");
  BOOST_TEST(written.at("limits").at("sessions") == "auto");
  BOOST_TEST(written.at("limits").at("handshakes_per_client") == "50/s");
  BOOST_TEST(written.at("limits").at("pending").to_number<int>() == 2000);
  BOOST_TEST(written.at("penalties").at("exempt").as_array().empty());
  const json::value& route = written.at("routes").at(0);
  BOOST_TEST(route.at("path") == "/desk/*");
  BOOST_TEST(route.at("limits").at("upstream_rate") == "1536KiB/s");
  BOOST_TEST(route.at("limits").at("messages_per_second") == "0.5/s");
  BOOST_TEST(route.at("timeouts").at("idle") == "90s");
  BOOST_TEST(route.at("timeouts").at("lifetime") == "none");
  BOOST_TEST(!route.as_object().contains("auth"));
  BOOST_TEST(!written.contains("admin"));
  BOOST_TEST(json::serialize(read_again(written)) == json::serialize(written));
}

BOOST_AUTO_TEST_CASE(secrets_are_hidden) {
  const std::string written = json::serialize(
      of("listeners: [ { bind: 127.0.0.1:8080 } ]\n"
         "routes:\n"
         "  - name: desk\n    path: /desk\n    origins: [ \"https://app.example.org\" ]\n    backend: \"echo:\"\n"
         "    auth:\n"
         "      - jwt: { jwks_inline: '{\"keys\":[{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}]}', algorithms: [ HS256 ], "
         "audience: a }\n"
         "      - forward: { url: \"http://127.0.0.1:9091/verify?key=c2VjcmV0\" }\n"));
  BOOST_TEST(written.find("c2VjcmV0") == std::string::npos, written);
  BOOST_TEST(written.find("/verify?hidden") != std::string::npos, written);
}

BOOST_AUTO_TEST_SUITE_END()
