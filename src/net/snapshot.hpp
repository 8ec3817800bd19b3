#pragma once

#include "config/config.hpp"
#include "policy/route_table.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace drawbridge::net {

class Gate;

// What outlives a reload: of this and of later configurations' route of the same name.
struct RouteState {
  std::atomic<std::uint64_t> sessions = 0;  // at once
  std::atomic<bool> draining = false;       // an operator wants it empty: nobody is admitted
};

// A route as sessions hold it: they stay as admitted, also when a reload changes or removes it.
struct ActiveRoute {
  config::Route route;
  std::shared_ptr<RouteState> state = std::make_shared<RouteState>();
  std::shared_ptr<Gate> gate = nullptr;  // null: no credential is asked for
};

// The configuration in force: immutable, shared by all workers, replaced as a whole by a reload.
class Snapshot {
 public:
  // Takes over the counts of routes that `previous` had by the same name; it may be null. `gates`: one a route, some
  // null; or none at all.
  Snapshot(config::Config config, const Snapshot* previous, std::vector<std::shared_ptr<Gate>> gates = {});

  const config::Config& config() const { return config_; }
  const policy::RouteTable& table() const { return table_; }
  const std::shared_ptr<const ActiveRoute>& route(std::size_t index) const { return routes_[index]; }
  const std::vector<std::shared_ptr<const ActiveRoute>>& routes() const { return routes_; }
  bool has_route(std::string_view name) const { return find(name) != nullptr; }
  // By its name; null if there is none.
  const ActiveRoute* find(std::string_view name) const;

 private:
  config::Config config_;
  policy::RouteTable table_;
  std::vector<std::shared_ptr<const ActiveRoute>> routes_;  // in the order of config_.routes
};

// One session's place among those its route may have; given back when it dies.
class RoutePlace {
 public:
  RoutePlace() = default;
  // Empty if the route is full, and that is enforced.
  static RoutePlace take(std::shared_ptr<const ActiveRoute> route);
  RoutePlace(RoutePlace&&) noexcept = default;
  RoutePlace& operator=(RoutePlace&& other) noexcept {
    std::swap(route_, other.route_);
    return *this;
  }
  ~RoutePlace() {
    if (route_) route_->state->sessions.fetch_sub(1, std::memory_order_relaxed);
  }

  explicit operator bool() const { return route_ != nullptr; }
  const config::Route& route() const { return route_->route; }
  const RouteState& state() const { return *route_->state; }
  // The route, with this place, has more sessions than it would have if that were enforced.
  bool is_beyond() const;

 private:
  std::shared_ptr<const ActiveRoute> route_;
};

}  // namespace drawbridge::net
