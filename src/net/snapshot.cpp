#include "net/snapshot.hpp"

#include <algorithm>
#include <limits>

namespace drawbridge::net {
namespace {

std::uint64_t most_sessions(const config::RouteLimits& limits) {
  return limits.sessions.value_or(std::numeric_limits<std::uint64_t>::max());
}

}  // namespace

Snapshot::Snapshot(config::Config config, const Snapshot* previous, std::vector<std::shared_ptr<Gate>> gates)
    : config_(std::move(config)), table_(config_.routes) {
  gates.resize(config_.routes.size());
  auto gate = gates.begin();
  for (const config::Route& route : config_.routes) {
    ActiveRoute active{.route = route, .gate = std::move(*gate++)};
    const ActiveRoute* const same = previous == nullptr ? nullptr : previous->find(route.name);
    if (same != nullptr) active.state = same->state;
    routes_.push_back(std::make_shared<const ActiveRoute>(std::move(active)));
  }
}

const ActiveRoute* Snapshot::find(std::string_view name) const {
  const auto found =
      std::find_if(routes_.begin(), routes_.end(), [&](const auto& route) { return route->route.name == name; });
  return found == routes_.end() ? nullptr : found->get();
}

RoutePlace RoutePlace::take(std::shared_ptr<const ActiveRoute> route) {
  RoutePlace place;
  const config::RouteLimits& limits = route->route.limits;
  const bool is_full = route->state->sessions.fetch_add(1, std::memory_order_relaxed) >= most_sessions(limits);
  if (is_full && limits.enforce_sessions) {
    route->state->sessions.fetch_sub(1, std::memory_order_relaxed);
    return place;
  }
  place.route_ = std::move(route);
  return place;
}

bool RoutePlace::is_beyond() const {
  return route_->state->sessions.load(std::memory_order_relaxed) > most_sessions(route_->route.limits);
}

}  // namespace drawbridge::net
