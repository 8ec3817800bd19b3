#include "config/yaml_document.hpp"

#include "base/log_record.hpp"
#include "base/text.hpp"
#include "ws/utf8.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <sstream>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

namespace drawbridge::config {
namespace {

constexpr bool is_continuation_byte(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

// The bytes of a file as lines and columns. Columns count characters, as editors do.
class Source {
 public:
  Source(std::string_view text, std::string file) : text_(text), file_(std::move(file)) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') lines_.push_back(i + 1);
      if (is_continuation_byte(text[i])) continuations_.push_back(i);
    }
  }

  Position at(std::size_t offset) const {
    offset = std::min(offset, text_.size());
    const auto line = std::upper_bound(lines_.begin(), lines_.end(), offset) - lines_.begin();
    const std::size_t start = lines_[static_cast<std::size_t>(line - 1)];
    const auto first = std::lower_bound(continuations_.begin(), continuations_.end(), start);
    const auto last = std::lower_bound(first, continuations_.end(), offset);
    const auto column = static_cast<std::ptrdiff_t>(offset - start) - (last - first) + 1;
    return {file_, static_cast<int>(line), static_cast<int>(column)};
  }

  Position at(const YAML::Mark& mark) const { return at(offset_of(mark)); }

  std::string_view text() const { return text_; }
  std::string_view from(const YAML::Mark& mark) const { return text_.substr(offset_of(mark)); }
  // The dash of a list's item whose value would stand at the mark and does not.
  std::size_t dash_before(const YAML::Mark& mark) const {
    const std::size_t offset = offset_of(mark);
    const std::size_t last = text_.substr(0, offset).find_last_not_of(" \t\r\n");
    return last != std::string_view::npos && text_[last] == '-' ? last : offset;
  }

 private:
  // yaml-cpp counts bytes; its "nowhere" is negative.
  std::size_t offset_of(const YAML::Mark& mark) const {
    return std::min(static_cast<std::size_t>(std::max(mark.pos, 0)), text_.size());
  }

  std::string_view text_;
  std::string file_;
  std::vector<std::size_t> lines_{0};  // offsets of line beginnings
  std::vector<std::size_t> continuations_;
};

// Thrown through the parser, which keeps nothing that would have to be released.
struct Refused {
  Position position;
  std::string message;
};

void check_encoding(const Source& source) {
  const std::string_view text = source.text();
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    throw Refused{source.at(0), "the file is UTF-16; save it as UTF-8"};
  }
  ws::Utf8 utf8;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(text[i]);
    // yaml-cpp takes 0x04 for the end of the file; YAML allows no other control bytes either (§5.1).
    if ((byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7F) {
      throw Refused{source.at(i), fmt::format("control byte 0x{:02X} is not allowed", byte)};
    }
    if (!utf8.feed({&byte, 1})) {
      throw Refused{source.at(i), fmt::format("byte 0x{:02X} is not valid UTF-8 here; save the file as UTF-8", byte)};
    }
  }
  if (!utf8.complete()) {
    throw Refused{source.at(text.size()), "the file ends within a UTF-8 character; save it as UTF-8"};
  }
}

// yaml-cpp takes some tabs for indentation and stumbles over others with messages that nobody understands.
void check_indentation(const Source& source) {
  const std::string_view text = source.text();
  std::optional<std::size_t> first;
  std::size_t more = 0;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    const std::string_view line = text.substr(start, end - start);
    const std::size_t content = line.find_first_not_of(" \t\r");
    if (content != std::string_view::npos && line[content] != '#') {
      const std::size_t tab = line.substr(0, content).find('\t');
      if (tab != std::string_view::npos) {
        if (first) ++more;
        if (!first) first = start + tab;
      }
    }
    start = end + 1;
  }
  if (!first) return;
  throw Refused{source.at(*first), "the line is indented with a tab; indent with spaces" +
                                       (more > 0 ? fmt::format(" (as {} more lines)", more) : "")};
}

// yaml-cpp takes the end of the file for the end of a quote. `text` begins with a scalar or its anchor.
bool quote_ends(std::string_view text) {
  if (text.starts_with('&')) {
    text.remove_prefix(std::min(text.find_first_of(" \t\r\n"), text.size()));
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  }
  if (!text.starts_with('"') && !text.starts_with('\'')) return true;
  const char quote = text.front();
  for (std::size_t i = 1; i < text.size(); ++i) {
    const bool doubled = quote == '\'' && text.substr(i).starts_with("''");
    if ((quote == '"' && text[i] == '\\') || doubled) {
      ++i;
    } else if (text[i] == quote) {
      return true;
    }
  }
  return false;
}

class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(const Source& source, std::size_t& budget, Report& report)
      : source_(source), budget_(budget), report_(report) {}

  NodePtr root() const { return root_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (!started_) {
      started_ = true;
      return;
    }
    const Position position = source_.at(mark);
    if (source_.from(mark).starts_with("---")) {
      throw Refused{position, "a second document begins here; a file holds one, so use `include` for more"};
    }
    throw Refused{position, "not valid YAML: this belongs to nothing above; is the indentation right?"};
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    auto node = make(Node::Kind::null, mark);
    // The mark of a value that is not there is wherever the next one begins.
    if (!open_.empty()) {
      const Open& parent = open_.back();
      node->position = parent.key ? parent.key->position : source_.at(source_.dash_before(mark));
    }
    add(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) throw Refused{source_.at(mark), "an alias within its own anchor has no end"};
    const NodePtr& node = found->second;
    check_depth(mark, node->height);
    spend(mark, node->size);
    add(node, YAML::NullAnchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check_tag(mark, tag);
    if (!quote_ends(source_.from(mark))) throw Refused{source_.at(mark), "the quote that begins here never ends"};
    auto node = make(Node::Kind::scalar, mark);
    node->text = value;
    node->plain = tag == "?";
    add(std::move(node), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(Node::Kind::list, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(Node::Kind::mapping, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    std::shared_ptr<Node> node;
    YAML::anchor_t anchor;
    NodePtr key;                                // mapping: read, its value not yet
    std::unordered_map<std::string, int> keys;  // mapping: lines of the keys
  };

  // A tag "!" is what yaml-cpp gives to quoted text.
  void check_tag(const YAML::Mark& mark, const std::string& tag) const {
    if (tag.empty() || tag == "?" || tag == "!") return;
    throw Refused{source_.at(mark), "the tag `" + printable(tag) + "` has no use here; take it away"};
  }

  void check_depth(const YAML::Mark& mark, std::size_t more) const {
    if (open_.size() + more <= deepest_nesting) return;
    throw Refused{source_.at(mark), fmt::format("nested more than {} levels deep", deepest_nesting)};
  }

  void spend(const YAML::Mark& mark, std::size_t nodes) {
    if (nodes > budget_) {
      throw Refused{source_.at(mark), fmt::format("more than {} values, aliases expanded", most_nodes)};
    }
    budget_ -= nodes;
  }

  std::shared_ptr<Node> make(Node::Kind kind, const YAML::Mark& mark) {
    spend(mark, 1);
    auto node = std::make_shared<Node>();
    node->kind = kind;
    node->position = source_.at(mark);
    return node;
  }

  void open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    check_tag(mark, tag);
    check_depth(mark, 1);
    auto node = make(kind, mark);
    node->height = 1;
    open_.push_back({std::move(node), anchor, nullptr, {}});
  }

  void close() {
    Open closed = std::move(open_.back());
    open_.pop_back();
    add(std::move(closed.node), closed.anchor);
  }

  void add(NodePtr node, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) anchors_[anchor] = node;
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    parent.node->size += node->size;
    parent.node->height = std::max(parent.node->height, node->height + 1);
    if (parent.node->kind == Node::Kind::list) {
      parent.node->items.push_back(std::move(node));
    } else if (!parent.key) {
      parent.key = std::move(node);
    } else {
      add_entry(parent, std::exchange(parent.key, nullptr), std::move(node));
    }
  }

  void add_entry(Open& mapping, const NodePtr& key, NodePtr value) {
    if (key->kind != Node::Kind::scalar) {
      report_.error(key->position, "a key must be a word");
      return;
    }
    const auto [known, added] = mapping.keys.try_emplace(key->text, key->position.line);
    if (!added) {
      report_.error(key->position,
                    fmt::format("repeated key `{}`; first given on line {}", printable(key->text), known->second));
      return;
    }
    mapping.node->entries.push_back({key->text, key->position, std::move(value)});
  }

  const Source& source_;
  std::size_t& budget_;
  Report& report_;
  bool started_ = false;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, NodePtr> anchors_;
  NodePtr root_;
};

std::string explain(const YAML::Exception& failure) {
  struct Advice {
    std::string_view word;
    std::string_view text;
  };
  static constexpr std::array advices{
      Advice{"alias", "put a value that begins with * in quotes"},
      Advice{"anchor", "put a value that begins with * or & in quotes"},
      Advice{"map flow", "a } is missing"},
      Advice{"sequence flow", "a ] is missing"},
      Advice{"end of", "is the indentation right?"},
      Advice{"map value", "is the indentation right, and is a value that holds \": \" in quotes?"},
  };
  std::string what = "not valid YAML: " + printable(failure.msg);
  for (const Advice& advice : advices) {
    if (failure.msg.find(advice.word) != std::string::npos) return fmt::format("{}; {}", what, advice.text);
  }
  return what;
}

}  // namespace

const Entry* Node::find(std::string_view key) const {
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) { return entry.key == key; });
  return found == entries.end() ? nullptr : &*found;
}

NodePtr parse_document(std::string_view text, const std::string& file, std::size_t& budget, Report& report) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  const Source source(text, file);
  try {
    check_encoding(source);
    check_indentation(source);
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    TreeBuilder builder(source, budget, report);
    while (parser.HandleNextDocument(builder)) {
    }
    return builder.root();
  } catch (const Refused& refused) {
    report.error(refused.position, refused.message);
  } catch (const YAML::Exception& failure) {
    report.error(source.at(failure.mark), explain(failure));
  } catch (const std::exception& failure) {
    report.error(source.at(0), "not valid YAML: " + printable(failure.what()));
  }
  return nullptr;
}

}  // namespace drawbridge::config
