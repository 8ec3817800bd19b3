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

// Pages of this origin are let in: the rule fits, or is not enforced.
bool origin_is_let_in(const config::Route& route, const std::optional<ws::Origin>& origin) {
  return origin_may_enter(route, origin) || (origin && !route.enforce_origins);
}

using Refusals = std::vector<Refusal>;

// `refusal` itself if it is enforced; otherwise it is only told.
std::optional<Refusal> enforced(bool enforce, Refusal refusal, Refusals& only_told) {
  if (enforce) return refusal;
  only_told.push_back(std::move(refusal));
  return std::nullopt;
}

std::optional<Refusal> refused_by_address(const config::Access& access, const std::optional<client::Address>& client,
                                          Refusals& only_told) {
  const auto denied = [&](bool enforce, std::string rule) {
    return enforced(enforce, {Reason::client_denied, std::move(rule)}, only_told);
  };
  if (is_denied(access, client)) {
    if (auto refusal = denied(access.enforce_deny, rule_text("deny", access.deny_position))) return refusal;
  }
  if (!is_not_allowed(access, client)) return std::nullopt;
  return denied(access.enforce_allow, rule_text("allow", access.allow_position));
}

// The rules that need no more than the connection.
std::optional<Refusal> refused_before_routing(const Circumstances& circumstances, Refusals& only_told) {
  if (circumstances.draining) return Refusal{Reason::draining, {}};
  if (circumstances.access != nullptr) {
    if (auto refusal = refused_by_address(*circumstances.access, circumstances.client, only_told)) return refusal;
  }
  if (!circumstances.refusal) return std::nullopt;
  return Refusal{*circumstances.refusal, std::string(rule_at_accept(*circumstances.refusal))};
}

std::optional<Refusal> refused_by_route(const config::Route& route, std::size_t index, const ws::Upgrade& upgrade,
                                        const Circumstances& circumstances, Refusals& only_told) {
  if (auto refusal = refused_by_address(route.access, circumstances.client, only_told)) return refusal;
  if (!origin_may_enter(route, upgrade.origin)) {
    // Who sends none is no page of another origin: that is for `allow_missing_origin` to say.
    if (!upgrade.origin) return Refusal{Reason::origin, rule_text("allow_missing_origin", route.position)};
    Refusal foreign{Reason::origin, rule_text("origins", route.origins_position)};
    if (auto refusal = enforced(route.enforce_origins, std::move(foreign), only_told)) return refusal;
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
  return route.rejection == config::Rejection::close_any || origin_is_let_in(route, upgrade.origin);
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

  std::optional<Refusal> refusal = refused_before_routing(circumstances, verdict.only_told);
  if (!verdict.route && !refusal) refusal = Refusal{ours ? Reason::no_route : Reason::misdirected, {}};
  if (verdict.route && !refusal) {
    refusal = refused_by_route(routes[*verdict.route], *verdict.route, upgrade, circumstances, verdict.only_told);
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

Verdict admit_to_files(const config::Route* route, std::string_view host, const Circumstances& circumstances) {
  Verdict verdict;
  std::optional<Refusal> refusal = refused_before_routing(circumstances, verdict.only_told);
  if (!refusal && !circumstances.host_is_ours(host)) refusal = Refusal{Reason::misdirected, {}};
  if (!refusal && route != nullptr) {
    refusal = refused_by_address(route->access, circumstances.client, verdict.only_told);
  }
  if (!refusal) return verdict;
  verdict.reason = refusal->reason;
  verdict.rule = std::move(refusal->rule);
  verdict.retry_after = retry_after(*verdict.reason, circumstances);
  return verdict;
}

std::string_view rule_at_accept(Reason reason) {
  switch (reason) {
    case Reason::rate: return "limits.handshakes_per_client";
    case Reason::penalty: return "penalties";
    default: return "limits.sessions_per_client";
  }
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
