#pragma once

#include "daemon/worker_report.hpp"

#include <cstdint>
#include <ctime>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

namespace drawbridge::daemon {

// What an overview says beside what was counted.
struct Surroundings {
  std::time_t time = 0;  // Unix seconds
  double uptime = 0;     // seconds, by a clock that nobody sets
  bool draining = false;
  struct Route {
    std::string name;
    std::string backend;
    bool draining = false;
  };
  std::vector<Route> routes;  // of the configuration, in its order
  std::uint64_t sessions_limit = 0;
  std::uint64_t pending = 0;
  std::uint64_t pending_limit = 0;
  std::uint64_t buffers_held = 0;  // bytes
  std::uint64_t buffers_limit = 0;
};

Surroundings surroundings_of(const Bridge& bridge);  // without time, uptime and draining

// Everything at one glance, for whoever looks again and again: counts that only grow while the daemon runs, and what is
// so now. Rates are the reader's to compute from two looks and the `uptime` between them. Its size depends on routes
// and reasons, not on who comes. Routes that a reload removed follow those of the configuration: their counts stay.
boost::json::object overview(const Surroundings& surroundings, const net::Tally& sum,
                             const std::vector<WorkerReport>& workers);

}  // namespace drawbridge::daemon
