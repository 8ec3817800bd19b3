#include "daemon/worker_report.hpp"

namespace drawbridge::daemon {

WorkerReport report_of(net::Worker& worker, Instant asked) {
  const Instant began = Clock::now();
  WorkerReport report{.index = worker.index(), .lag = began - asked, .tally = worker.look_at_sessions()};
  report.took = Clock::now() - began;
  return report;
}

net::Tally sum_of(const Bridge& bridge, const std::vector<WorkerReport>& workers) {
  net::Tally sum = bridge.tally();
  for (const WorkerReport& worker : workers) sum.add(worker.tally);
  for (const auto& route : bridge.snapshot().routes()) sum.route(route->route.name);
  return sum;
}

}  // namespace drawbridge::daemon
