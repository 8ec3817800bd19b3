#include "policy/admission.hpp"

#include <algorithm>

namespace drawbridge::policy {
namespace {

// Seconds a refused client should wait. Sessions last, so there is no moment at which room is sure; what drains is
// replaced soon.
constexpr unsigned retry_when_full = 5;
constexpr unsigned retry_when_draining = 2;

unsigned retry_after(Reason reason, const Circumstances& circumstances) {
  return reason == Reason::rate ? std::max(circumstances.retry_after, 1U) : policy::retry_after(reason);
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

// The rules that need no more than the connection.
std::optional<Reason> refused_before_routing(const Circumstances& circumstances) {
  if (circumstances.draining) return Reason::draining;
  return circumstances.refusal;
}

std::optional<Reason> refused_by_route(const config::Route& route, std::size_t index, const ws::Upgrade& upgrade,
                                       const Circumstances& circumstances) {
  if (!origin_may_enter(route, upgrade.origin)) return Reason::origin;
  if (!upgrade.subprotocols.empty() && !choose_subprotocol(route, upgrade.subprotocols)) return Reason::subprotocol;
  if (circumstances.full) return Reason::full;
  if (circumstances.route_is_full(index)) return Reason::route_full;
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

  verdict.reason = refused_before_routing(circumstances);
  if (!verdict.route) {
    if (!verdict.reason) verdict.reason = ours ? Reason::no_route : Reason::misdirected;
    verdict.retry_after = retry_after(*verdict.reason, circumstances);
    return verdict;
  }

  const config::Route& route = routes[*verdict.route];
  if (!verdict.reason) verdict.reason = refused_by_route(route, *verdict.route, upgrade, circumstances);
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
