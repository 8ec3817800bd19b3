#pragma once

#include "daemon/bridge.hpp"
#include "daemon/worker_report.hpp"

#include <ctime>
#include <string>
#include <string_view>
#include <vector>

namespace drawbridge::daemon {

// What is known beside the bridge.
struct Standing {
  std::time_t started = 0;  // Unix seconds
  bool draining = false;
  bool reloaded = true;  // the last reload was good
  std::time_t reload = 0;
  std::uint64_t log_dropped = 0;  // lines
};

// Text format 0.0.4 of Prometheus. Counters never go back while the daemon runs, and the number of series depends on
// the configuration alone, not on who comes. Control thread only.
std::string metrics_text(const Bridge& bridge, const std::vector<WorkerReport>& workers, const Standing& standing);

constexpr std::string_view metrics_type = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace drawbridge::daemon
