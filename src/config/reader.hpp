#pragma once

#include "config/report.hpp"
#include "config/yaml_document.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace drawbridge::config {

// What may stand only once in all files, and where it stands.
struct Claims {
  std::map<std::string, Position> route_names;
  std::map<std::string, Position> route_places;  // by host and path; those of files apart
  std::vector<std::pair<Bind, Position>> binds;
};

struct Include {
  std::string pattern;
  Position position;
};

// One file while it is being read.
struct Reading {
  Report& report;
  Claims& claims;
  std::string directory;  // absolute; relative paths begin here
  std::vector<Include> includes = {};

  std::string absolute(const std::string& path) const;
};

// A value, and the key that it stands under.
struct Field {
  std::string_view key;
  const Node& value;
  bool item = false;  // one of the items of the key's list
};

// Reports "`frame` must be a size such as 64KiB, not `64KB`"; `what` is the middle of it.
void expected(Reading& reading, const Field& field, std::string_view what);
void unknown_key(Reading& reading, const Entry& entry, const std::vector<std::string_view>& known);

// Text without control bytes.
std::optional<std::string> read_text(Reading& reading, const Field& field, std::string_view what);
std::optional<bool> read_boolean(Reading& reading, const Field& field);
// Null if the value is no list; a key without a value is an empty one.
const std::vector<NodePtr>* read_list(Reading& reading, const Field& field, std::string_view what);

// The path of a file, made absolute, or credential:NAME as it is. `kind`: "PEM file", for messages.
std::optional<std::string> read_file_name(Reading& reading, const Field& field, std::string_view kind = "file");

// A value as it would be written, YAML being a superset of JSON; null: not at all.
using Written = boost::json::value;

// How a scalar is written: in messages, for parsing, and back again.
template <class T>
struct Form {
  std::string what;
  std::function<std::optional<T>(std::string_view)> parse;
  std::function<Written(const T&)> write;
};

Form<std::uint64_t> size();     // above 0
Form<Milliseconds> duration();  // above 0
Form<double> rate();
Form<double> byte_rate();
Form<std::uint64_t> count(std::uint64_t most = 1'000'000'000);  // from 1

template <class T>
std::optional<T> read_value(Reading& reading, const Field& field, const Form<T>& form) {
  const auto text = read_text(reading, field, form.what);
  if (!text) return {};
  auto value = form.parse(*text);
  if (!value) expected(reading, field, form.what);
  return value;
}

// A key of the mapping that fills a T. A table of them is all that is known of such mappings: other keys are errors.
template <class T>
struct Key {
  std::string_view name;
  std::function<void(Reading&, const Field&, T&)> read;
  std::function<Written(const T&)> write;
  std::string_view required = {};       // what a message says when the key is missing; empty: it may be
  std::vector<std::string> below = {};  // names of the keys in its value, such as ".chain" or "[].chain"
};

template <class T>
using Keys = std::vector<Key<T>>;

// The names of all keys of a table and below, such as "limits" and "limits.frame".
template <class T>
std::vector<std::string> names(const Keys<T>& keys, std::string_view prefix = "") {
  std::vector<std::string> all;
  for (const Key<T>& key : keys) {
    const std::string name = std::string(prefix).append(key.name);
    all.push_back(name);
    for (const std::string& below : key.below) all.push_back(name + below);
  }
  return all;
}

// False if the value is no mapping. A key without a value is an empty one.
template <class T>
bool read_mapping(Reading& reading, const Field& field, const Keys<T>& keys, T& out) {
  const Node& node = field.value;
  if (node.kind != Node::Kind::mapping && node.kind != Node::Kind::null) {
    expected(reading, field, "a mapping of keys to values");
    return false;
  }
  std::vector<std::string_view> known;
  for (const Key<T>& key : keys) {
    known.push_back(key.name);
    if (const Entry* const entry = node.find(key.name)) {
      key.read(reading, {key.name, *entry->value}, out);
    } else if (!key.required.empty()) {
      std::string message = "missing key `";
      reading.report.error(node.position, message.append(key.name).append("`: ").append(key.required));
    }
  }
  for (const Entry& entry : node.entries) {
    if (std::find(known.begin(), known.end(), entry.key) == known.end()) unknown_key(reading, entry, known);
  }
  return true;
}

// The mapping that would fill such a T, with everything that stands there by default.
template <class T>
boost::json::object write_mapping(const Keys<T>& keys, const T& from) {
  boost::json::object mapping;
  for (const Key<T>& key : keys) {
    if (Written value = key.write(from); !value.is_null()) mapping.emplace(key.name, std::move(value));
  }
  return mapping;
}

template <class Item>
boost::json::array write_list(const std::vector<Item>& items, const std::function<Written(const Item&)>& write) {
  boost::json::array list;
  for (const Item& item : items) list.push_back(write(item));
  return list;
}
// Null if it is empty: then its key is not there.
Written write_texts(const std::vector<std::string>& texts);
Written write_text(const std::string& text);

// What is to be checked of a mapping besides its single values. Values that could not be read keep their defaults.
template <class T>
using Check = void (*)(Reading&, const Node&, const T&);

// Whether a key is absent or its value was read; checks of several values leave the faulty ones alone.
template <class T>
bool sound(const Node& mapping, std::string_view key, const Form<T>& form) {
  const Entry* const entry = mapping.find(key);
  return entry == nullptr || (entry->value->kind == Node::Kind::scalar && form.parse(entry->value->text));
}

// Where a message about a key belongs: at its value, or at the mapping if it is absent.
const Position& position_of(const Node& mapping, std::string_view key);

// The kinds of keys. Each fills a member of T.

template <class T, class Value>
Key<T> value(std::string_view name, Value T::*member, const Form<Value>& form, std::string_view required = {}) {
  return {name,
          [member, form](Reading& reading, const Field& field, T& out) {
            if (auto value = read_value(reading, field, form)) out.*member = *std::move(value);
          },
          [member, write = form.write](const T& from) { return write(from.*member); }, required};
}

// A value or the word `absent`: "none", "auto".
template <class T, class Value>
Key<T> value_or(std::string_view absent, std::string_view name, std::optional<Value> T::*member, Form<Value> form) {
  form.what.append(" or ").append(absent);
  return {name,
          [absent, member, form](Reading& reading, const Field& field, T& out) {
            if (field.value.kind == Node::Kind::scalar && field.value.text == absent) {
              (out.*member).reset();
            } else if (auto value = read_value(reading, field, form)) {
              out.*member = std::move(value);
            }
          },
          [absent, member, write = form.write](const T& from) {
            return from.*member ? write(*(from.*member)) : Written(absent);
          }};
}

template <class T>
Key<T> boolean(std::string_view name, bool T::*member) {
  return {name,
          [member](Reading& reading, const Field& field, T& out) {
            if (const auto value = read_boolean(reading, field)) out.*member = *value;
          },
          [member](const T& from) { return Written(from.*member); }};
}

// `enforce: { NAME: false }`: which of the rules that stand beside it are only tried. `rules`: a boolean for each.
template <class T>
Key<T> enforce(const Keys<T>& rules) {
  std::vector<std::string> below = names(rules, ".");
  return {"enforce",
          [rules](Reading& reading, const Field& field, T& out) {
            if (field.value.kind == Node::Kind::scalar) {
              expected(
                  reading, field,
                  "a mapping of rules to true or false, such as { " + std::string(rules.front().name) + ": false }");
            } else {
              read_mapping(reading, field, rules, out);
            }
          },
          [rules](const T& from) { return write_mapping(rules, from); },
          {},
          std::move(below)};
}
// Warns of rules that `enforce` says are only tried, and that are not there.
void check_enforce(Reading& reading, const Node& node);
// Where `enforce` says that a rule is only tried.
const Position& tried_at(const Node& node, std::string_view rule);

template <class T>
Key<T> file(std::string_view name, std::string T::*member, std::string_view required = {},
            std::string_view kind = "file") {
  return {name,
          [member, kind](Reading& reading, const Field& field, T& out) {
            if (auto path = read_file_name(reading, field, kind)) out.*member = *std::move(path);
          },
          [member](const T& from) { return write_text(from.*member); }, required};
}

// The path of a directory.
std::optional<std::string> read_directory(Reading& reading, const Field& field, std::string_view example);

template <class Enum>
using Words = std::vector<std::pair<std::string_view, Enum>>;

template <class T, class Enum>
Key<T> choice(std::string_view name, Enum T::*member, const Words<Enum>& words) {
  std::string what;
  for (const auto& word : words) {
    if (!what.empty()) what += word == words.back() ? " or " : ", ";
    what += word.first;
  }
  const auto parse = [words](std::string_view text) -> std::optional<Enum> {
    const auto found = std::find_if(words.begin(), words.end(), [&](const auto& word) { return word.first == text; });
    return found == words.end() ? std::nullopt : std::optional(found->second);
  };
  const auto write = [words](const Enum& chosen) {
    return Written(std::find_if(words.begin(), words.end(), [&](const auto& w) { return w.second == chosen; })->first);
  };
  return value<T, Enum>(name, member, {what, parse, write});
}

template <class T, class Section>
Key<T> section(std::string_view name, Section T::*member, const Keys<Section>& keys,
               Check<std::type_identity_t<Section>> check = nullptr) {
  std::vector<std::string> below = names(keys, ".");
  return {name,
          [member, keys, check](Reading& reading, const Field& field, T& out) {
            if (read_mapping(reading, field, keys, out.*member) && check) check(reading, field.value, out.*member);
          },
          [member, keys](const T& from) { return write_mapping(keys, from.*member); },
          {},
          std::move(below)};
}

// A list of mappings, each of which knows its position.
template <class T, class Section>
Key<T> sections(std::string_view name, std::vector<Section> T::*member, const Keys<Section>& keys,
                Check<std::type_identity_t<Section>> check = nullptr, std::string_view required = {}) {
  std::vector<std::string> below = names(keys, "[].");
  return {name,
          [member, keys, check](Reading& reading, const Field& field, T& out) {
            const auto* const items = read_list(reading, field, "a list of mappings");
            if (items == nullptr) return;
            for (const NodePtr& item : *items) {
              Section section;
              section.position = item->position;
              if (read_mapping(reading, {field.key, *item, true}, keys, section) && check) {
                check(reading, *item, section);
              }
              (out.*member).push_back(std::move(section));
            }
          },
          [member, keys](const T& from) -> Written {
            if ((from.*member).empty()) return nullptr;
            return write_list<Section>(from.*member, [&](const Section& item) { return write_mapping(keys, item); });
          },
          required, std::move(below)};
}

}  // namespace drawbridge::config
