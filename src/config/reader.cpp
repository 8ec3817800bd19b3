#include "config/reader.hpp"

#include "base/log_record.hpp"
#include "base/text.hpp"
#include "config/units.hpp"

#include <charconv>
#include <filesystem>

#include <fmt/format.h>

namespace drawbridge::config {
namespace {

// Beyond this a key is no typing error, and comparing it would only cost time.
constexpr std::size_t longest_misspelling = 64;

std::string subject(const Field& field) {
  return fmt::format("{}`{}`", field.item ? "an item of " : "", field.key);
}

std::string seen(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null: return "nothing";
    case Node::Kind::scalar: return "`" + printable(node.text) + "`";
    case Node::Kind::list: return "a list";
    case Node::Kind::mapping: return "a mapping";
  }
  return {};
}

bool is_control(char c) {
  return (c >= 0 && c < ' ') || c == 0x7F;
}

}  // namespace

std::string Reading::absolute(const std::string& path) const {
  return std::filesystem::path(directory) / path;
}

void expected(Reading& reading, const Field& field, std::string_view what) {
  reading.report.error(field.value.position,
                       fmt::format("{} must be {}, not {}", subject(field), what, seen(field.value)));
}

void unknown_key(Reading& reading, const Entry& entry, const std::vector<std::string_view>& known) {
  std::string message = "unknown key `" + printable(entry.key) + "`";
  std::string_view nearest;
  // At most a third of the letters may be wrong, or the guess is worse than the list.
  std::size_t least = entry.key.size() / 3 + 2;
  if (entry.key.size() <= longest_misspelling) {
    for (const std::string_view key : known) {
      const std::size_t distance = edit_distance(entry.key, key);
      if (distance < least) {
        least = distance;
        nearest = key;
      }
    }
  }
  if (!nearest.empty()) {
    message += fmt::format("; did you mean `{}`?", nearest);
  } else {
    message += fmt::format("; known here: {}", fmt::join(known, ", "));
  }
  reading.report.error(entry.position, std::move(message));
}

std::optional<std::string> read_text(Reading& reading, const Field& field, std::string_view what) {
  const Node& node = field.value;
  const bool text = node.kind == Node::Kind::scalar && std::none_of(node.text.begin(), node.text.end(), is_control);
  if (text) return node.text;
  expected(reading, field, what);
  return {};
}

std::optional<bool> read_boolean(Reading& reading, const Field& field) {
  const Node& node = field.value;
  if (node.kind == Node::Kind::scalar && node.plain && node.text == "true") return true;
  if (node.kind == Node::Kind::scalar && node.plain && node.text == "false") return false;
  // YAML 1.1 knew more words, and quotes make any word text.
  expected(reading, field, "true or false, without quotes");
  return {};
}

const std::vector<NodePtr>* read_list(Reading& reading, const Field& field, std::string_view what) {
  static const std::vector<NodePtr> none;
  if (field.value.kind == Node::Kind::list) return &field.value.items;
  if (field.value.kind == Node::Kind::null) return &none;
  expected(reading, field, what);
  return nullptr;
}

std::optional<std::string> read_file_name(Reading& reading, const Field& field, std::string_view kind) {
  const std::string what = fmt::format("the path of a {} or credential:NAME", kind);
  constexpr std::string_view prefix = "credential:";
  const auto text = read_text(reading, field, what);
  if (!text) return {};
  const bool credential = text->starts_with(prefix);
  const std::string name = credential ? text->substr(prefix.size()) : "";
  // A credential is a file in systemd's directory, not above or below it.
  const bool right =
      credential ? !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos : !text->empty();
  if (right) return credential ? *text : reading.absolute(*text);
  expected(reading, field, what);
  return {};
}

std::optional<std::string> read_directory(Reading& reading, const Field& field, std::string_view example) {
  const std::string what = fmt::format("the path of a directory such as {}", example);
  const auto text = read_text(reading, field, what);
  if (!text) return {};
  if (!text->empty()) return reading.absolute(*text);
  expected(reading, field, what);
  return {};
}

const Position& position_of(const Node& mapping, std::string_view key) {
  const Entry* const entry = mapping.find(key);
  return entry == nullptr ? mapping.position : entry->value->position;
}

Written write_text(const std::string& text) {
  return text.empty() ? Written() : Written(text);
}

Written write_texts(const std::vector<std::string>& texts) {
  if (texts.empty()) return nullptr;
  return write_list<std::string>(texts, [](const std::string& text) { return Written(text); });
}

Form<std::uint64_t> size() {
  return {"a size above 0 such as 64KiB",
          [](std::string_view text) {
            const auto bytes = parse_size(text);
            return bytes == 0U ? std::nullopt : bytes;
          },
          [](std::uint64_t bytes) { return Written(size_text(bytes)); }};
}

Form<Milliseconds> duration() {
  return {"a duration above 0 such as 250ms, 5s or 10m",
          [](std::string_view text) {
            const auto time = parse_duration(text);
            return time == Milliseconds::zero() ? std::nullopt : time;
          },
          [](Milliseconds time) { return Written(duration_text(time)); }};
}

Form<double> rate() {
  return {"a rate such as 10/s", parse_rate, [](double rate) { return Written(fmt::format("{}/s", rate)); }};
}

Form<double> byte_rate() {
  return {"a rate such as 10MiB/s", parse_byte_rate,
          [](double rate) { return Written(size_text(static_cast<std::uint64_t>(rate)) + "/s"); }};
}

Form<std::uint64_t> count(std::uint64_t most) {
  return {fmt::format("a whole number from 1 to {}", most),
          [most](std::string_view text) {
            std::uint64_t number = 0;
            const char* const last = text.data() + text.size();
            const auto [end, error] = std::from_chars(text.data(), last, number);
            const bool right = error == std::errc{} && end == last && number >= 1 && number <= most;
            return right ? std::optional(number) : std::nullopt;
          },
          [](std::uint64_t number) { return Written(number); }};
}

void check_enforce(Reading& reading, const Node& node) {
  const Entry* const enforce = node.find("enforce");
  if (enforce == nullptr) return;
  for (const Entry& rule : enforce->value->entries) {
    if (rule.value->text != "false" || node.find(rule.key) != nullptr) continue;
    reading.report.warning(rule.position, fmt::format("there is no `{}` here to be tried out", printable(rule.key)));
  }
}

const Position& tried_at(const Node& node, std::string_view rule) {
  const Entry* const enforce = node.find("enforce");
  return enforce == nullptr ? node.position : position_of(*enforce->value, rule);
}

}  // namespace drawbridge::config
