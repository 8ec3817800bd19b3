// Any routes and any request: the verdict is that of the rules as the reference puts them, asked one by one of every
// route.
//
// Input: lines of words. "route" gives a route: an optional //host, its path, origins, "missing"
// (allow_missing_origin), "tries" (`origins` is not enforced), "close" or "close-any", "full", and +subprotocols ("+"
// is the list without any). "ask" gives a request: //host, path, an origin, offered +subprotocols, and "draining",
// "rate", "penalty", "sessions", "full", "foreign" (a Host of other certificates) or "malformed".

#include "policy/admission.hpp"

#include "base/text.hpp"
#include "finding.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

using namespace drawbridge;
using config::Rejection;
using fuzz::require;
using policy::Verdict;

namespace {

using Words = std::vector<std::string_view>;

bool has(const Words& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::vector<std::string> subprotocols(const Words& words) {
  std::vector<std::string> found;
  for (const std::string_view word : words) {
    if (word.size() > 1 && word.front() == '+') found.emplace_back(word.substr(1));
  }
  return found;
}

std::string host_in(const Words& words) {
  for (const std::string_view word : words) {
    if (!word.starts_with("//")) continue;
    if (const auto authority = ws::parse_authority(word.substr(2))) return authority->host;
  }
  return {};
}

std::string path_in(const Words& words) {
  for (const std::string_view word : words) {
    if (word.starts_with("//")) continue;
    if (const auto target = ws::parse_target(word)) return target->path;
  }
  return {};
}

struct World {
  std::vector<config::Route> routes;
  std::vector<bool> full;  // by route
};

void add_route(const Words& words, World& world) {
  config::Route route;
  route.backend.kind = config::Backend::Kind::echo;
  route.path = path_in(words);
  if (route.path.ends_with("/*")) {
    route.prefix = true;
    route.path.pop_back();
  }
  if (const std::string host = host_in(words); !host.empty()) route.host = host;
  for (const std::string_view word : words) {
    if (const auto pattern = ws::parse_origin_pattern(word)) route.origins.push_back(*pattern);
    if (word.starts_with('+')) route.subprotocols = subprotocols(words);
  }
  route.allow_missing_origin = has(words, "missing");
  route.enforce_origins = !has(words, "tries");
  if (has(words, "close")) route.rejection = Rejection::close;
  if (has(words, "close-any")) route.rejection = Rejection::close_any;
  // The loader takes no route without a path or an origin, and none twice.
  const bool twice = std::any_of(world.routes.begin(), world.routes.end(), [&](const config::Route& other) {
    return other.host == route.host && other.path == route.path && other.prefix == route.prefix;
  });
  if (route.path.empty() || route.origins.empty() || twice) return;
  world.routes.push_back(route);
  world.full.push_back(has(words, "full"));
}

struct Request {
  std::optional<Reason> form;
  ws::Upgrade upgrade;
  policy::Circumstances circumstances;
  bool foreign = false;
};

Request request_of(const Words& words, const World& world) {
  Request request;
  if (has(words, "malformed")) request.form = Reason::bad_request;
  request.upgrade.host.host = host_in(words);
  request.upgrade.target.path = path_in(words);
  for (const std::string_view word : words) {
    if (const auto origin = ws::parse_origin(word)) request.upgrade.origin = *origin;
  }
  request.upgrade.subprotocols = subprotocols(words);
  request.foreign = has(words, "foreign");
  request.circumstances.draining = has(words, "draining");
  request.circumstances.full = has(words, "full");
  if (has(words, "sessions")) request.circumstances.refusal = Reason::client_sessions;
  if (has(words, "rate")) request.circumstances.refusal = Reason::rate;
  if (has(words, "penalty")) request.circumstances.refusal = Reason::penalty;
  request.circumstances.retry_after = static_cast<unsigned>(words.size());
  request.circumstances.host_is_ours = [foreign = request.foreign](std::string_view) { return !foreign; };
  request.circumstances.route_is_full = [&world](std::size_t route) { return world.full[route]; };
  return request;
}

// ---- The rules ----

bool route_matches(const config::Route& route, const ws::Upgrade& upgrade) {
  if (route.host && *route.host != upgrade.host.host) return false;
  return route.prefix ? upgrade.target.path.starts_with(route.path) : upgrade.target.path == route.path;
}

// Host, then exact path, then longest prefix.
bool more_specific(const config::Route& a, const config::Route& b) {
  if (a.host.has_value() != b.host.has_value()) return a.host.has_value();
  if (a.prefix != b.prefix) return !a.prefix;
  return a.path.size() > b.path.size();
}

std::optional<std::size_t> route_for(const World& world, const ws::Upgrade& upgrade) {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < world.routes.size(); ++i) {
    if (!route_matches(world.routes[i], upgrade)) continue;
    if (!best || more_specific(world.routes[i], world.routes[*best])) best = i;
  }
  return best;
}

bool origin_listed(const config::Route& route, const std::optional<ws::Origin>& origin) {
  if (!origin) return route.allow_missing_origin;
  for (const ws::OriginPattern& pattern : route.origins) {
    if (ws::matches(pattern, *origin)) return true;
  }
  return false;
}

bool origin_let_in(const config::Route& route, const std::optional<ws::Origin>& origin) {
  return origin_listed(route, origin) || (origin && !route.enforce_origins);
}

// Absent: none is answered.
std::optional<std::string> answered(const config::Route& route, const std::vector<std::string>& offered) {
  if (offered.empty()) return std::nullopt;
  if (!route.subprotocols) return offered[0];
  for (const std::string& one : *route.subprotocols) {
    for (const std::string& other : offered) {
      if (one == other) return one;
    }
  }
  return std::nullopt;
}

std::optional<Reason> refused(const World& world, const Request& request, std::optional<std::size_t> index) {
  if (request.form) return request.form;
  if (request.circumstances.draining) return Reason::draining;
  if (request.circumstances.refusal) return request.circumstances.refusal;
  if (request.foreign) return Reason::misdirected;
  if (!index) return Reason::no_route;
  const config::Route& route = world.routes[*index];
  if (!origin_let_in(route, request.upgrade.origin)) return Reason::origin;
  const auto& offered = request.upgrade.subprotocols;
  if (!offered.empty() && !answered(route, offered)) return Reason::subprotocol;
  if (request.circumstances.full) return Reason::full;
  if (world.full[*index]) return Reason::route_full;
  return std::nullopt;
}

// The reference on `rejection`: 401, 403 (but not a foreign origin's), 429 and 502-504 upgrade and then close.
bool told_by_close(const config::Route& route, Reason reason, const ws::Upgrade& upgrade) {
  constexpr std::array<int, 6> told{401, 403, 429, 502, 503, 504};
  if (std::find(told.begin(), told.end(), info(reason).http_status) == told.end()) return false;
  if (route.rejection == Rejection::close_any) return true;
  return route.rejection == Rejection::close && origin_let_in(route, upgrade.origin);
}

void check(const World& world, const Request& request) {
  const Verdict verdict = policy::admit(world.routes, policy::RouteTable(world.routes), request.form, request.upgrade,
                                        request.circumstances);
  std::optional<std::size_t> route;
  if (!request.form && !request.foreign) route = route_for(world, request.upgrade);
  const auto reason = refused(world, request, route);
  require(verdict.route == route, "the route is number ", verdict.route.value_or(999));
  require(verdict.reason == reason, "refused for ", verdict.reason ? word(*verdict.reason) : "nothing");
  require(verdict.admitted() == !reason, "admitted");

  const auto& origin = request.upgrade.origin;
  const bool asked_for_origin = route && reason != Reason::draining && !request.circumstances.refusal;
  const bool only_told = asked_for_origin && origin && !world.routes[*route].enforce_origins &&
                         !origin_listed(world.routes[*route], origin);
  require(verdict.only_told.empty() == !only_told, "told of what is not enforced: ", verdict.only_told.size());

  const auto& offered = request.upgrade.subprotocols;
  const bool told = reason && route && told_by_close(world.routes[*route], *reason, request.upgrade);
  require(verdict.in_close_frame == told, "in a Close frame: ", verdict.in_close_frame);
  std::optional<std::string> subprotocol;
  if (route && (told || !reason)) subprotocol = answered(world.routes[*route], offered);
  if (told && !subprotocol && !offered.empty()) subprotocol = offered[0];
  require(verdict.subprotocol == subprotocol, "answered ", verdict.subprotocol.value_or("nothing"));

  const int status = reason ? info(*reason).http_status : 0;
  require((verdict.retry_after > 0) == (status == 429 || status == 503), "Retry-After goes with 429 and 503");
  if (reason == Reason::rate || reason == Reason::penalty)
    require(verdict.retry_after == request.circumstances.retry_after, "the limiter's delay");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), std::min<std::size_t>(size, 2'000));
  World world;
  std::vector<Words> questions;
  for (const std::string_view line : split(input, '\n')) {
    const Words words = split(line, ' ');
    if (words.front() == "route") add_route(words, world);
    if (words.front() == "ask") questions.push_back(words);
  }
  for (const Words& words : questions) check(world, request_of(words, world));
  return 0;
}
