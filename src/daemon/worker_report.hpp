#pragma once

#include "base/time.hpp"
#include "daemon/bridge.hpp"
#include "net/tally.hpp"

#include <vector>

namespace drawbridge::daemon {

// What a worker says when it is asked for its counts.
struct WorkerReport {
  unsigned index = 0;
  Duration lag{};   // the question waited for its turn
  Duration took{};  // the answer
  net::Tally tally;
};

// `asked`: when the control thread did. On the worker's own thread.
WorkerReport report_of(net::Worker& worker, Instant asked);

// Of all threads, with each route of the configuration, also those that nobody asked for yet: a series that begins at 0
// shows its first event. Control thread only.
net::Tally sum_of(const Bridge& bridge, const std::vector<WorkerReport>& workers);

}  // namespace drawbridge::daemon
