#include "net/snapshot.hpp"

#include <algorithm>
#include <limits>

namespace drawbridge::net {

Snapshot::Snapshot(config::Config config, const Snapshot* previous, std::vector<std::shared_ptr<Gate>> gates)
    : config_(std::move(config)), table_(config_.routes) {
  gates.resize(config_.routes.size());
  auto gate = gates.begin();
  for (const config::Route& route : config_.routes) {
    std::shared_ptr<std::atomic<std::uint64_t>> sessions;
    if (previous != nullptr) {
      const auto& old = previous->routes_;
      const auto same =
          std::find_if(old.begin(), old.end(), [&](const auto& r) { return r->route.name == route.name; });
      if (same != old.end()) sessions = (*same)->sessions;
    }
    if (!sessions) sessions = std::make_shared<std::atomic<std::uint64_t>>(0);
    routes_.push_back(std::make_shared<const ActiveRoute>(ActiveRoute{route, std::move(sessions), std::move(*gate++)}));
  }
}

bool Snapshot::has_route(std::string_view name) const {
  return std::any_of(config_.routes.begin(), config_.routes.end(), [&](const auto& r) { return r.name == name; });
}

RoutePlace RoutePlace::take(std::shared_ptr<const ActiveRoute> route) {
  RoutePlace place;
  const std::uint64_t most = route->route.limits.sessions.value_or(std::numeric_limits<std::uint64_t>::max());
  if (route->sessions->fetch_add(1, std::memory_order_relaxed) >= most) {
    route->sessions->fetch_sub(1, std::memory_order_relaxed);
    return place;
  }
  place.route_ = std::move(route);
  return place;
}

}  // namespace drawbridge::net
