#include "base/log_record.hpp"
#include "base/text.hpp"
#include "config/sections.hpp"
#include "config/units.hpp"
#include "ws/target.hpp"

#include <fmt/format.h>

namespace drawbridge::config {
namespace {

// Names stand in every log line and metric.
constexpr std::size_t longest_name = 64;
// Each is asked of a request that none before it admits.
constexpr std::size_t most_auth_entries = 16;

Form<std::string> route_name() {
  return {fmt::format("a name of 1 to {} bytes without spaces around it", longest_name),
          [](std::string_view text) -> std::optional<std::string> {
            if (text.empty() || text.size() > longest_name || trim(text) != text) return {};
            return std::string(text);
          },
          write_text};
}

void read_path(Reading& reading, const Field& field, Route& route) {
  constexpr std::string_view what = "a path such as /desk, or /desk/* for all below it";
  const auto text = read_text(reading, field, what);
  if (!text) return;
  const bool prefix = text->ends_with("/*");
  const std::string_view path = std::string_view(*text).substr(0, text->size() - (prefix ? 1 : 0));
  if (path.find('*') != std::string_view::npos) {
    reading.report.error(
        field.value.position,
        fmt::format("`path` may hold * only as its last segment, as in /desk/*, not `{}`", printable(*text)));
    return;
  }
  if (path.find_first_of("?#") != std::string_view::npos) {
    reading.report.error(
        field.value.position,
        fmt::format("`path` is compared without query and fragment; take them from `{}`", printable(*text)));
    return;
  }
  const auto target = ws::parse_target(path);
  if (!target) return expected(reading, field, std::string(what) + " (without //, dot segments or needless %XX)");
  route.path = target->path;
  route.prefix = prefix;
}

void read_origins(Reading& reading, const Field& field, Route& route) {
  route.origins_position = field.value.position;
  constexpr std::string_view what = "a list such as [ \"https://app.example.org\" ]";
  const auto* const items = read_list(reading, field, what);
  if (items == nullptr) return;
  if (items->empty()) {
    reading.report.error(field.value.position,
                         "`origins` is empty, so nobody could enter; list some, or \"*\" for any");
  }
  for (const NodePtr& item : *items) {
    const Field entry{field.key, *item, true};
    constexpr std::string_view one =
        "scheme://host[:port], scheme://*.host, \"null\" or \"*\", such as https://app.example.org";
    const auto text = read_text(reading, entry, one);
    if (!text) continue;
    auto pattern = ws::parse_origin_pattern(*text);
    if (!pattern) {
      expected(reading, entry, one);
    } else {
      route.origins.push_back(*std::move(pattern));
    }
  }
}

Written write_backend(const Backend& backend) {
  return write_text(backend.text());
}

Written write_origins(const Route& route) {
  if (route.origins.empty()) return nullptr;
  return write_list<ws::OriginPattern>(route.origins,
                                       [](const ws::OriginPattern& pattern) { return Written(pattern.text()); });
}

Form<Backend> backend() {
  return {"tcp://host:port (or echo:) such as tcp://127.0.0.1:5900",
          [](std::string_view text) -> std::optional<Backend> {
            if (text == "echo:") return Backend{.kind = Backend::Kind::echo};
            return parse_tcp_backend(text);
          },
          write_backend};
}

void read_host(Reading& reading, const Field& field, Route& route) {
  constexpr std::string_view what = "a host without a port such as app.example.org (leave the key out for any)";
  const auto text = read_text(reading, field, what);
  if (!text) return;
  auto authority = ws::parse_authority(*text);
  if (!authority || authority->port) return expected(reading, field, what);
  route.host = std::move(authority->host);
}

void read_subprotocols(Reading& reading, const Field& field, Route& route) {
  route.subprotocols_position = field.value.position;
  const auto* const items = read_list(reading, field, "a list such as [ binary, mqtt ]");
  if (items == nullptr) return;
  if (items->empty()) {
    reading.report.error(field.value.position, "`subprotocols` is empty; leave the key out to take what is offered");
  }
  auto& subprotocols = route.subprotocols.emplace();
  for (const NodePtr& item : *items) {
    const Field entry{field.key, *item, true};
    constexpr std::string_view what = "a token such as mqtt";  // RFC 6455 §4.1
    const auto text = read_text(reading, entry, what);
    if (!text) continue;
    if (!is_token(*text)) {
      expected(reading, entry, what);
    } else if (std::find(subprotocols.begin(), subprotocols.end(), *text) != subprotocols.end()) {
      reading.report.error(item->position, fmt::format("`{}` stands in `subprotocols` already", printable(*text)));
    } else {
      subprotocols.push_back(*text);
    }
  }
}

Keys<RouteLimits> limits_keys() {
  return {
      value("frame", &RouteLimits::frame, size()),
      value("message", &RouteLimits::message, size()),
      value_or("none", "session_bytes", &RouteLimits::session_bytes, size()),
      value_or("none", "upstream_rate", &RouteLimits::upstream_rate, byte_rate()),
      value_or("none", "downstream_rate", &RouteLimits::downstream_rate, byte_rate()),
      value_or("none", "messages_per_second", &RouteLimits::messages_per_second, rate()),
      value_or("none", "sessions", &RouteLimits::sessions, count()),
      enforce<RouteLimits>({boolean("sessions", &RouteLimits::enforce_sessions),
                            boolean("session_bytes", &RouteLimits::enforce_session_bytes)}),
  };
}

void check_limits(Reading& reading, const Node& node, const RouteLimits& limits) {
  check_enforce(reading, node);
  if (!sound(node, "frame", size()) || !sound(node, "message", size()) || limits.message >= limits.frame) return;
  reading.report.error(
      position_of(node, node.find("message") != nullptr ? "message" : "frame"),
      fmt::format("`message` ({}) must be at least `frame` ({})", size_text(limits.message), size_text(limits.frame)));
}

Keys<RouteTimeouts> timeouts_keys() {
  return {
      value("connect", &RouteTimeouts::connect, duration()),
      value_or("none", "idle", &RouteTimeouts::idle, duration()),
      value_or("none", "lifetime", &RouteTimeouts::lifetime, duration()),
      value_or("none", "ping", &RouteTimeouts::ping, duration()),
      value_or("none", "dead", &RouteTimeouts::dead, duration()),
      value_or("none", "stall", &RouteTimeouts::stall, duration()),
      value("close", &RouteTimeouts::close, duration()),
      enforce<RouteTimeouts>(
          {boolean("idle", &RouteTimeouts::enforce_idle), boolean("lifetime", &RouteTimeouts::enforce_lifetime)}),
  };
}

void check_timeouts(Reading& reading, const Node& node, const RouteTimeouts& timeouts) {
  check_enforce(reading, node);
  // Values that are `none` or faulty are not there to compare; a faulty one leaves the default, which nobody chose.
  const auto faulty = [&](std::string_view key) {
    const Entry* const entry = node.find(key);
    return entry != nullptr && entry->value->text != "none" && !sound(node, key, duration());
  };
  if (faulty("ping") || faulty("dead") || !timeouts.ping || !timeouts.dead || *timeouts.ping < *timeouts.dead) return;
  reading.report.error(position_of(node, node.find("dead") != nullptr ? "dead" : "ping"),
                       fmt::format("`dead` ({}) must be longer than `ping` ({}), or quiet sessions die",
                                   duration_text(*timeouts.dead), duration_text(*timeouts.ping)));
}

Keys<Quotas> quotas_keys() {
  return {
      boolean("enforce", &Quotas::enforce),
      value_or("none", "sessions", &Quotas::sessions, count()),
      value_or("none", "rate", &Quotas::rate, byte_rate()),
      value_or("none", "bytes_per_day", &Quotas::bytes_per_day, size()),
  };
}

Key<Route> quotas() {
  Key<Route> key = section("quotas", &Route::quotas, quotas_keys());
  key.write = [write = key.write](const Route& from) { return from.auth.empty() ? Written() : write(from); };
  return key;
}

// A route bridges, or serves files, or both.
void check_what_is_there(Reading& reading, const Node& node) {
  const bool bridges = node.find("backend") != nullptr || node.find("origins") != nullptr;
  const bool serves = node.find("web") != nullptr;
  const auto require = [&](std::string_view key, std::string_view what) {
    if (node.find(key) == nullptr) reading.report.error(node.position, fmt::format("missing key `{}`: {}", key, what));
  };
  if (bridges || !serves) {
    require("origins", "who may enter, such as [ \"https://app.example.org\" ]");
    require("backend", "the service behind the route, such as tcp://127.0.0.1:5900");
  }
  if (serves && !bridges) {
    for (const std::string_view key : {"accepts", "allow_missing_origin", "limits", "message_type", "quotas",
                                       "rejection", "subprotocols", "timeouts", "trace_payload"}) {
      if (node.find(key) == nullptr) continue;
      reading.report.error(position_of(node, key),
                           fmt::format("`{}` is about sessions, and this route has none: it has no `backend`", key));
    }
  }
  if (!serves || node.find("auth") == nullptr) return;
  if (bridges) {
    reading.report.warning(position_of(node, "web"),
                           "`auth` guards the route's sessions, not these files, which everybody may read");
  } else {
    reading.report.error(position_of(node, "auth"),
                         "`auth` guards sessions, and this route has none: everybody may read the files of `web`; take "
                         "`auth` away, or serve what is secret elsewhere");
  }
}

}  // namespace

Form<Backend> tcp_backend() {
  return {"tcp://host:port such as tcp://10.0.0.5:5900", parse_tcp_backend, write_backend};
}

Keys<Route> route_keys() {
  return {
      value("name", &Route::name, route_name(), "what logs and metrics call the route"),
      {"host", read_host, [](const Route& from) { return write_text(from.host.value_or("")); }},
      {"path", read_path, [](const Route& from) { return Written(from.path + (from.prefix ? "*" : "")); },
       "what browsers ask for, such as /desk"},
      {"origins", read_origins, write_origins},
      value("backend", &Route::backend, backend()),
      web<Route>(),
      boolean("allow_missing_origin", &Route::allow_missing_origin),
      {"subprotocols", read_subprotocols,
       [](const Route& from) { return from.subprotocols ? write_texts(*from.subprotocols) : Written(); }},
      choice(
          "accepts", &Route::accepts,
          Words<ws::Accepts>{{"any", ws::Accepts::any}, {"binary", ws::Accepts::binary}, {"text", ws::Accepts::text}}),
      choice("message_type", &Route::message_type,
             Words<MessageType>{{"binary", MessageType::binary}, {"text", MessageType::text}}),
      choice("rejection", &Route::rejection,
             Words<Rejection>{
                 {"http", Rejection::http}, {"close", Rejection::close}, {"close-any", Rejection::close_any}}),
      section("limits", &Route::limits, limits_keys(), check_limits),
      section("timeouts", &Route::timeouts, timeouts_keys(), check_timeouts),
      allow<Route>(),
      deny<Route>(),
      boolean("trace_payload", &Route::trace_payload),
      sections("auth", &Route::auth, auth_keys(), check_auth),
      quotas(),
      enforce<Route>({
          boolean("origins", &Route::enforce_origins),
          enforce_allow<Route>(),
          enforce_deny<Route>(),
          boolean("auth", &Route::enforce_auth),
      }),
  };
}

void check_route(Reading& reading, const Node& node, const Route& route) {
  check_what_is_there(reading, node);
  if (!route.name.empty()) {
    const Position& position = position_of(node, "name");
    const auto [first, added] = reading.claims.route_names.try_emplace(route.name, position);
    if (!added) {
      reading.report.error(position, fmt::format("repeated route name `{}`; first given on {}", printable(route.name),
                                                 place(first->second, position)));
    }
  }
  if (route.auth.size() > most_auth_entries) {
    reading.report.error(position_of(node, "auth"), fmt::format("`auth` may hold {} entries", most_auth_entries));
  }
  check_enforce(reading, node);
  check_openness(reading, node, route);
  if (node.find("quotas") != nullptr && route.auth.empty()) {
    reading.report.error(position_of(node, "quotas"),
                         "`quotas` are those of identities, and without `auth` there are none; add an entry");
  }
  const bool has_place = !route.path.empty() && (route.host || node.find("host") == nullptr);
  if (!has_place) return;
  // Neither hosts nor paths hold a space.
  const std::string where = fmt::format("{} {}{}", route.host.value_or("*"), route.path, route.prefix ? "*" : "");
  const Position& position = position_of(node, "path");
  const auto [first, added] = reading.claims.route_places.try_emplace(where, position);
  if (!added) {
    reading.report.error(position,
                         fmt::format("the route on {} has the same host and path", place(first->second, position)));
    return;
  }
  if (!route.web) return;
  const std::string files = fmt::format("files {} {}", route.host.value_or("*"), folder_of(route));
  const auto [others, is_free] = reading.claims.route_places.try_emplace(files, position);
  if (!is_free) {
    reading.report.error(position, fmt::format("the route on {} has its files below {} too",
                                               place(others->second, position), folder_of(route)));
  }
}

}  // namespace drawbridge::config
