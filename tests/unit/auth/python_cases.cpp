#include "unit/auth/python_cases.hpp"

#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

namespace drawbridge::auth {
namespace {

namespace json = boost::json;
using Keys = config::JwtAuth::Keys;

constexpr const char* script = "exec /usr/bin/python3 -B '" DRAWBRIDGE_SOURCE_DIR "/tests/unit/auth/make_tokens.py'";

json::object run_script() {
  FILE* pipe = popen(script, "r");
  BOOST_REQUIRE(pipe != nullptr);
  std::string output;
  std::array<char, 65536> piece{};
  while (const std::size_t size = std::fread(piece.data(), 1, piece.size(), pipe)) output.append(piece.data(), size);
  BOOST_REQUIRE(pclose(pipe) == 0);
  return json::parse(output).as_object();
}

std::vector<std::string> texts(const json::object& object, std::string_view name) {
  std::vector<std::string> list;
  if (!object.contains(name)) return list;
  for (const json::value& item : object.at(name).as_array()) list.emplace_back(item.as_string());
  return list;
}

Keys kind_of(const std::string& name) {
  if (name == "pem_file") return Keys::pem_file;
  return name == "secret_file" ? Keys::secret_file : Keys::jwks;
}

std::vector<config::Requirement> requirements(const json::object& test_case) {
  std::vector<config::Requirement> list;
  if (!test_case.contains("require")) return list;
  for (const json::value& item : test_case.at("require").as_array()) {
    const json::object& object = item.as_object();
    list.push_back({text(object, "claim"),
                    texts(object, "values"),
                    object.contains("prefix") && object.at("prefix").as_bool(),
                    {}});
  }
  return list;
}

}  // namespace

const json::object& python_cases() {
  static const json::object cases = run_script();
  return cases;
}

UnixSeconds python_now() {
  return python_cases().at("now").as_int64();
}

std::string text(const json::object& object, std::string_view name) {
  return std::string(object.at(name).as_string());
}

config::JwtAuth configuration_of(const json::object& test_case) {
  config::JwtAuth config;
  config.kind = kind_of(text(test_case, "kind"));
  config.keys = text(test_case, "keys");
  config.algorithms = texts(test_case, "algorithms");
  config.issuers = texts(test_case, "issuers");
  config.audiences = texts(test_case, "audiences");
  config.require = requirements(test_case);
  if (test_case.contains("identity")) config.identity = text(test_case, "identity");
  if (test_case.contains("leeway")) config.leeway = std::chrono::seconds(test_case.at("leeway").as_int64());
  return config;
}

}  // namespace drawbridge::auth
