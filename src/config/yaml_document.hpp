#pragma once

#include "config/report.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace drawbridge::config {

struct Node;
// Shared, because an alias stands for the very node that its anchor names.
using NodePtr = std::shared_ptr<const Node>;

struct Entry {
  std::string key;
  Position position;  // of the key
  NodePtr value;
};

// A YAML value and where it stands.
struct Node {
  enum class Kind : std::uint8_t { null, scalar, list, mapping };
  Kind kind = Kind::null;
  Position position;
  std::string text;    // scalar
  bool plain = false;  // scalar: not in quotes, so that `true` is no text
  std::vector<NodePtr> items;
  std::vector<Entry> entries;  // distinct keys; of a repeated one the first

  std::size_t size = 1;    // nodes in it, aliases expanded
  std::size_t height = 0;  // lists and mappings nested in each other, itself included

  const Entry* find(std::string_view key) const;
};

constexpr std::size_t deepest_nesting = 32;
constexpr std::size_t most_nodes = 100'000;

// The one document of a YAML file as a tree. Null without a word if there is none (an empty file, only comments); null
// with an error in the report if it is no YAML that we take. A repeated key is an error, but the tree goes on.
// `budget`: nodes that may still be made; what is used is taken off.
NodePtr parse_document(std::string_view text, const std::string& file, std::size_t& budget, Report& report);

}  // namespace drawbridge::config
