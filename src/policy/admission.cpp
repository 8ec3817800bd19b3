#include "policy/admission.hpp"

#include "policy/access.hpp"

#include <algorithm>

namespace drawbridge::policy {
namespace {

// Seconds a refused client should wait. Sessions last, so there is no moment at which room is sure; what drains is
// replaced soon.
constexpr unsigned retry_when_full = 5;
constexpr unsigned retry_when_draining = 2;

unsigned retry_after(Reason reason, const Circumstances& circumstances) {
  const bool told = reason == Reason::rate || reason == Reason::penalty;
  return told ? std::max(circumstances.retry_after, 1U) : policy::retry_after(reason);
}

bool origin_may_enter(const config::Route& route, const std::optional<ws::Origin>& origin) {
  if (!origin) return route.allow_missing_origin;
  return std::any_of(route.origins.begin(), route.origins.end(),
                     [&](const ws::OriginPattern& pattern) { return ws::matches(pattern, *origin); });
}

// What the route answers to the offered subprotocols: one of them, or nothing.
std::optional<std::string> choose_subprotocol(const config::Route& route, const std::vector<std::string>& offered) {
  if (offered.empty()) return std::nullopt;
  if (!route.subprotocols) return offered.front();
  for (const std::string& wanted : *route.subprotocols) {
    if (std::find(offered.begin(), offered.end(), wanted) != offered.end()) return wanted;
  }
  return std::nullopt;
}

// A reason to refuse, and the rule that gave it.
struct Refusal {
  Reason reason;
  std::string rule;
};

std::optional<Refusal> refused_by_address(const config::Access& access, const std::optional<client::Address>& client) {
  switch (access_of(access, client)) {
    case Access::granted: return std::nullopt;
    case Access::denied: return Refusal{Reason::client_denied, rule_text("deny", access.deny_position)};
    case Access::not_allowed: return Refusal{Reason::client_denied, rule_text("allow", access.allow_position)};
  }
  return std::nullopt;
}

// The rules that need no more than the connection.
std::optional<Refusal> refused_before_routing(const Circumstances& circumstances) {
  if (circumstances.draining) return Refusal{Reason::draining, {}};
  if (circumstances.access != nullptr) {
    if (auto refusal = refused_by_address(*circumstances.access, circumstances.client)) return refusal;
  }
  if (!circumstances.refusal) return std::nullopt;
  switch (*circumstances.refusal) {
    case Reason::rate: return Refusal{Reason::rate, "limits.handshakes_per_client"};
    case Reason::penalty: return Refusal{Reason::penalty, "penalties"};
    default: return Refusal{*circumstances.refusal, "limits.sessions_per_client"};
  }
}

std::optional<Refusal> refused_by_route(const config::Route& route, std::size_t index, const ws::Upgrade& upgrade,
                                        const Circumstances& circumstances) {
  if (auto refusal = refused_by_address(route.access, circumstances.client)) return refusal;
  if (!origin_may_enter(route, upgrade.origin)) {
    return upgrade.origin ? Refusal{Reason::origin, rule_text("origins", route.origins_position)}
                          : Refusal{Reason::origin, rule_text("allow_missing_origin", route.position)};
  }
  // Browsers end a connection where they offered some and none came back.
  if (circumstances.offers_only_credentials) return Refusal{Reason::subprotocol, "none besides the credential"};
  if (!upgrade.subprotocols.empty() && !choose_subprotocol(route, upgrade.subprotocols)) {
    return Refusal{Reason::subprotocol, rule_text("subprotocols", route.subprotocols_position)};
  }
  if (circumstances.route_is_draining(index)) return Refusal{Reason::draining, {}};
  if (circumstances.full) return Refusal{Reason::full, "limits.sessions"};
  if (circumstances.route_is_full(index)) {
    return Refusal{Reason::route_full, rule_text("limits.sessions", route.position)};
  }
  return std::nullopt;
}

// A 101 makes the browser's page a party to the connection: no page of a foreign origin gets one, whatever the reason
// of the refusal, unless the route says so.
bool may_see_close_frame(const config::Route& route, const ws::Upgrade& upgrade) {
  return route.rejection == config::Rejection::close_any || origin_may_enter(route, upgrade.origin);
}

}  // namespace

unsigned retry_after(Reason reason) {
  switch (reason) {
    case Reason::rate: return 1;
    case Reason::client_sessions:
    case Reason::auth_unavailable:
    case Reason::route_full:
    case Reason::full: return retry_when_full;
    case Reason::draining: return retry_when_draining;
    default: return 0;
  }
}

Verdict admit(const std::vector<config::Route>& routes, const RouteTable& table, std::optional<Reason> form,
              const ws::Upgrade& upgrade, const Circumstances& circumstances) {
  Verdict verdict;
  verdict.reason = form;
  if (form) return verdict;

  // The route is looked up even if the refusal is certain: it says how the refusal is told.
  const bool ours = circumstances.host_is_ours(upgrade.host.host);
  if (ours) verdict.route = table.find(upgrade.host.host, upgrade.target.path);

  std::optional<Refusal> refusal = refused_before_routing(circumstances);
  if (!verdict.route && !refusal) refusal = Refusal{ours ? Reason::no_route : Reason::misdirected, {}};
  if (verdict.route && !refusal) {
    refusal = refused_by_route(routes[*verdict.route], *verdict.route, upgrade, circumstances);
  }
  if (refusal) {
    verdict.reason = refusal->reason;
    verdict.rule = std::move(refusal->rule);
  }
  if (!verdict.route) {
    verdict.retry_after = retry_after(*verdict.reason, circumstances);
    return verdict;
  }

  const config::Route& route = routes[*verdict.route];
  if (!verdict.reason) {
    verdict.subprotocol = choose_subprotocol(route, upgrade.subprotocols);
    return verdict;
  }

  verdict.retry_after = retry_after(*verdict.reason, circumstances);
  verdict.in_close_frame = told_in_close_frame(route, *verdict.reason) && may_see_close_frame(route, upgrade);
  if (verdict.in_close_frame && !upgrade.subprotocols.empty()) {
    // An offer must be answered for the browser to see the Close frame, so one outside the route's list will do.
    const auto choice = choose_subprotocol(route, upgrade.subprotocols);
    verdict.subprotocol = choice ? *choice : upgrade.subprotocols.front();
  }
  return verdict;
}

std::string rule_text(std::string_view key, const config::Position& position) {
  if (position.line == 0) return std::string(key);
  return std::string(key) + " (" + position.file + ":" + std::to_string(position.line) + ":" +
         std::to_string(position.column) + ")";
}

bool told_in_close_frame(const config::Route& route, Reason reason) {
  if (route.rejection == config::Rejection::http) return false;
  if (reason == Reason::origin) return route.rejection == config::Rejection::close_any;
  switch (info(reason).http_status) {
    case 401:
    case 403:
    case 429:
    case 502:
    case 503:
    case 504: return true;
    default: return false;
  }
}

std::uint16_t rejection_code(Reason reason) {
  return static_cast<std::uint16_t>(4000 + info(reason).http_status);
}

std::string rejection_text(Reason reason, unsigned retry_after) {
  std::string text(word(reason));
  if (retry_after > 0) text += ";retry=" + std::to_string(retry_after);
  return text;
}

}  // namespace drawbridge::policy
