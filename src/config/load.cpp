#include "config/load.hpp"

#include "base/log_record.hpp"
#include "config/sections.hpp"
#include "config/units.hpp"

#include <filesystem>
#include <set>

#include <fmt/format.h>

namespace drawbridge::config {
namespace {

constexpr std::size_t deepest_include = 16;
constexpr std::size_t most_files = 1'000;

constexpr std::string_view empty_file =
    "the file is empty; the smallest configuration is "
    "{ listeners: [ { bind: 127.0.0.1:8080 } ], routes: [ { name: desk, path: /desk, "
    "origins: [ \"https://app.example.org\" ], backend: \"tcp://127.0.0.1:5900\" } ] }";

Form<unsigned> workers() {
  const auto number = count(1'024);
  return {number.what,
          [number](std::string_view text) -> std::optional<unsigned> {
            const auto workers = number.parse(text);
            if (!workers) return {};
            return static_cast<unsigned>(*workers);
          },
          [](unsigned workers) { return Written(workers); }};
}

// No browser's request fits into less, and none needs more.
Form<std::uint64_t> head_size() {
  return {"a size from 256 to 1MiB such as 16KiB",
          [](std::string_view text) {
            const auto bytes = parse_size(text);
            return bytes >= 256U && bytes <= 1U << 20 ? bytes : std::nullopt;
          },
          size().write};
}

Keys<Log> log_keys() {
  return {
      choice("level", &Log::level,
             Words<LogLevel>{{"debug", LogLevel::debug},
                             {"info", LogLevel::info},
                             {"warning", LogLevel::warning},
                             {"error", LogLevel::error}}),
      choice("format", &Log::format, Words<LogFormat>{{"json", LogFormat::json}, {"text", LogFormat::text}}),
      choice("client", &Log::client,
             Words<LogClient>{{"full", LogClient::full}, {"prefix", LogClient::prefix}, {"none", LogClient::none}}),
  };
}

Keys<Limits> limits_keys() {
  return {
      value_or("auto", "sessions", &Limits::sessions, count()),
      value("pending", &Limits::pending, count()),
      value("sessions_per_client", &Limits::sessions_per_client, count()),
      value("handshakes_per_client", &Limits::handshakes_per_client, rate()),
      value("handshake_burst", &Limits::handshake_burst, count()),
      value("head", &Limits::head, head_size()),
      value("buffers", &Limits::buffers, size()),
      value("identities", &Limits::identities, count(1'000'000)),
      enforce<Limits>({boolean("sessions_per_client", &Limits::enforce_sessions_per_client),
                       boolean("handshakes_per_client", &Limits::enforce_handshakes_per_client)}),
  };
}

Keys<Timeouts> timeouts_keys() {
  return {
      value("tls", &Timeouts::tls, duration()),
      value("head", &Timeouts::head, duration()),
      value("drain", &Timeouts::drain, duration()),
  };
}

void read_state(Reading& reading, const Field& field, Config& config) {
  if (auto path = read_directory(reading, field, "/var/lib/drawbridge")) config.state = *std::move(path);
}

void read_include(Reading& reading, const Field& field, Config& /*config*/) {
  constexpr std::string_view what = "a list of files such as [ conf.d/*.yaml ]";
  const auto* const items = read_list(reading, field, what);
  if (items == nullptr) return;
  for (const NodePtr& item : *items) {
    const Field entry{field.key, *item, true};
    const auto pattern = read_text(reading, entry, "a file or a pattern such as conf.d/*.yaml");
    if (pattern) reading.includes.push_back({*pattern, item->position});
  }
}

bool belongs_in_included_files(std::string_view key) {
  return key == "include" || key == "listeners" || key == "routes";
}

// The table for an included file: what only the main file may say is reported elsewhere, and read by nobody.
Keys<Config> included_keys() {
  Keys<Config> keys = main_keys();
  for (Key<Config>& key : keys) {
    if (!belongs_in_included_files(key.name)) key.read = [](Reading&, const Field&, Config&) {};
  }
  return keys;
}

bool has_wildcard(std::string_view pattern) {
  return pattern.find_first_of("*?[") != std::string_view::npos;
}

// `directory` as a part of a pattern that stands for itself.
std::string escaped(const std::string& directory) {
  std::string out;
  for (const char c : directory) {
    if (std::string_view("\\*?[").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string absolute(const std::string& path) {
  std::error_code error;
  auto absolute = std::filesystem::absolute(path, error);
  return error ? path : absolute.string();
}

// The main file and all that it includes, one after the other.
class Loader {
 public:
  explicit Loader(Files& files) : files_(files) {}

  Loaded load(const std::string& path) {
    const NodePtr root = read_file(path, nullptr);
    if (root && complete_) {
      require_some(*root, "listeners", config_.listeners.empty(), "bind: 127.0.0.1:8080");
      require_some(*root, "routes", config_.routes.empty(), "name, path, origins and backend");
    }
    check_clear_text(config_, report_);
    check_shared_origins(config_, report_);
    return {std::move(config_), std::move(report_).sorted()};
  }

 private:
  // Null, and the report says why, if there is nothing to read in it.
  NodePtr read_file(const std::string& path, const Include* from) {
    report_.begin_file(path);
    std::string why;
    const auto text = files_.read(path, why);
    if (!text) {
      fail(from != nullptr ? from->position : Position{path, 1, 1},
           fmt::format("cannot read `{}`: {}", printable(path), why));
      return nullptr;
    }
    const std::size_t errors_before = report_.errors();
    NodePtr root = parse_document(*text, path, budget_, report_);
    if (!root && report_.errors() > errors_before) {
      complete_ = false;
      return nullptr;
    }
    const Position start{path, 1, 1};
    if (!root || root->kind == Node::Kind::null) {
      if (from == nullptr) {
        report_.error(start, std::string(empty_file));
      } else {
        report_.warning(start, "the file is empty");
      }
      return nullptr;
    }
    if (root->kind != Node::Kind::mapping) {
      fail(root->position, "the file must be a mapping with keys such as `listeners` and `routes`");
      return nullptr;
    }
    read_root(*root, path, from != nullptr);
    return root;
  }

  void read_root(const Node& root, const std::string& path, bool included) {
    const std::string directory = std::filesystem::path(absolute(path)).parent_path();
    Reading reading{report_, claims_, directory};
    if (included) {
      refuse_main_keys(root);
      read_mapping(reading, {"", root}, included_keys(), config_);
    } else {
      read_mapping(reading, {"", root}, main_keys(), config_);
      note_sessions_position(root);
    }
    trail_.push_back(path);
    for (const Include& include : reading.includes) follow(include, std::filesystem::path(path).parent_path());
    trail_.pop_back();
  }

  void refuse_main_keys(const Node& root) {
    const auto& known = main_keys();
    for (const Entry& entry : root.entries) {
      const bool main_only =
          !belongs_in_included_files(entry.key) &&
          std::any_of(known.begin(), known.end(), [&](const auto& key) { return key.name == entry.key; });
      if (!main_only) continue;
      report_.error(
          entry.position,
          fmt::format("`{}` belongs in the main file; an included one gives listeners and routes", entry.key));
    }
  }

  void note_sessions_position(const Node& root) {
    const Entry* const limits = root.find("limits");
    if (limits != nullptr && config_.limits.sessions) {
      config_.sessions_position = position_of(*limits->value, "sessions");
    }
  }

  void follow(const Include& include, const std::filesystem::path& directory) {
    if (!has_wildcard(include.pattern)) {
      include_file(directory / include.pattern, include);
      return;
    }
    const std::filesystem::path pattern = include.pattern;
    const std::filesystem::path where = pattern.is_absolute() ? "" : escaped(directory);
    for (const std::string& path : files_.match(where / pattern)) include_file(path, include);
  }

  void include_file(const std::string& path, const Include& include) {
    const auto same = [&](const std::string& other) {
      return std::filesystem::path(absolute(other)).lexically_normal() ==
             std::filesystem::path(absolute(path)).lexically_normal();
    };
    if (std::any_of(trail_.begin(), trail_.end(), same)) {
      fail(include.position, fmt::format("the include of `{}` goes round in a circle: {}, {}", printable(path),
                                         printable(fmt::format("{}", fmt::join(trail_, ", "))), printable(path)));
      return;
    }
    // Two patterns may well match the same file.
    if (!included_.insert(std::filesystem::path(absolute(path)).lexically_normal()).second) return;
    if (trail_.size() > deepest_include) {
      fail(include.position, fmt::format("includes nest more than {} deep", deepest_include));
    } else if (included_.size() > most_files) {
      fail(include.position, fmt::format("more than {} files are included", most_files));
    } else {
      read_file(path, &include);
    }
  }

  // An error that hides what else there may be.
  void fail(const Position& position, std::string message) {
    complete_ = false;
    report_.error(position, std::move(message));
  }

  void require_some(const Node& root, std::string_view key, bool none, std::string_view example) {
    const Entry* const entry = root.find(key);
    const bool faulty =
        entry != nullptr && entry->value->kind != Node::Kind::list && entry->value->kind != Node::Kind::null;
    if (!none || faulty) return;
    report_.error(position_of(root, key), fmt::format("no {}: add at least one with {}", key, example));
  }

  Files& files_;
  Report report_;
  Claims claims_;
  Config config_;
  std::size_t budget_ = most_nodes;
  std::vector<std::string> trail_;  // the files that led to the one being read
  std::set<std::filesystem::path> included_;
  bool complete_ = true;  // every file was read
};

}  // namespace

const Keys<Config>& main_keys() {
  static const Keys<Config> keys{
      // What it brought stands in the lists.
      {"include", read_include, [](const Config&) { return Written(); }},
      sections("listeners", &Config::listeners, listener_keys(), check_listener),
      sections("admin", &Config::admin, admin_keys(), check_admin),
      sections("routes", &Config::routes, route_keys(), check_route),
      value_or("auto", "workers", &Config::workers, workers()),
      section("log", &Config::log, log_keys()),
      section("limits", &Config::limits, limits_keys()),
      section("penalties", &Config::penalties, penalties_keys(), check_penalties),
      section("timeouts", &Config::timeouts, timeouts_keys()),
      {"state", read_state, [](const Config& from) { return write_text(from.state); }},
      {"revocations",
       [](Reading& reading, const Field& field, Config& out) {
         out.revocations_position = field.value.position;
         if (auto path = read_file_name(reading, field)) out.revocations = *std::move(path);
       },
       [](const Config& from) { return write_text(from.revocations); }},
  };
  return keys;
}

bool Loaded::valid() const {
  return std::none_of(diagnostics.begin(), diagnostics.end(),
                      [](const Diagnostic& diagnostic) { return diagnostic.severity == Diagnostic::Severity::error; });
}

Loaded load(const std::string& path, Files& files) {
  return Loader(files).load(path);
}

}  // namespace drawbridge::config
