#include "ctl/yaml.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace drawbridge::ctl {
namespace {

namespace json = boost::json;

// Whether YAML takes the text for itself, without quotes.
bool is_plain(std::string_view text) {
  if (text.empty() || (!is_alnum(text.front()) && text.front() != '/')) return false;
  if (text == "true" || text == "false" || text == "null" || text.back() == ':') return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alnum(c) || std::string_view("_-./:").find(c) != std::string_view::npos; });
}

std::string scalar(const json::value& value) {
  if (const auto* const text = value.if_string(); text != nullptr && is_plain(*text)) return std::string(*text);
  return json::serialize(value);
}

bool is_scalar(const json::value& value) {
  return !value.is_object() && !value.is_array();
}

void write_mapping(const json::object& object, const std::string& indent, std::string first, std::string& out);

// What stands behind the key.
void write_value(const json::value& value, const std::string& indent, std::string& out) {
  const auto* const items = value.if_array();
  if (const auto* const object = value.if_object(); object != nullptr && !object->empty()) {
    out += '\n';
    write_mapping(*object, indent + "  ", indent + "  ", out);
  } else if (items == nullptr || items->empty()) {
    out.append(" ").append(scalar(value)).append("\n");
  } else if (std::all_of(items->begin(), items->end(), is_scalar)) {
    std::string list;
    for (const json::value& item : *items) list.append(list.empty() ? " [ " : ", ").append(scalar(item));
    out.append(list).append(" ]\n");
  } else {
    out += '\n';
    for (const json::value& item : *items) write_mapping(item.as_object(), indent + "    ", indent + "  - ", out);
  }
}

// `first`: what stands before the first key in place of `indent`.
void write_mapping(const json::object& object, const std::string& indent, std::string first, std::string& out) {
  for (const auto& [key, value] : object) {
    out.append(std::exchange(first, indent)).append(key).append(":");
    write_value(value, indent, out);
  }
}

}  // namespace

std::string yaml(const json::object& object) {
  std::string out;
  write_mapping(object, "", "", out);
  return out;
}

}  // namespace drawbridge::ctl
