#include "daemon/overview.hpp"

#include "daemon/version.hpp"

#include <algorithm>
#include <chrono>

#include <boost/json/array.hpp>

namespace drawbridge::daemon {
namespace {

namespace json = boost::json;

// Only those that occurred.
json::object fields_of(const net::ReasonCounts& counts) {
  json::object fields;
  for (const ReasonInfo& row : reasons()) {
    if (counts.of(row.reason) > 0) fields[row.word] = counts.of(row.reason);
  }
  return fields;
}

json::object dials_of(const net::RouteTally& route) {
  std::uint64_t failed = 0;
  for (const Reason reason : {Reason::backend_refused, Reason::backend_unresolved, Reason::backend_timeout}) {
    failed += route.refusals.of(reason);
  }
  return {{"count", route.dials.counts().back()},
          {"seconds", route.dials.sum()},
          {"median", route.dials.median()},
          {"failed", failed}};
}

// What sessions carried, those that are over and those that are not.
void put_traffic(json::object& fields, const net::RouteTally& route) {
  net::Counts all = route.ended;
  net::add(all, route.running);
  fields["up_bytes"] = all.up_bytes;
  fields["up_messages"] = all.up_messages;
  fields["up_discarded"] = all.up_discarded;
  fields["down_bytes"] = all.down_bytes;
  fields["down_messages"] = all.down_messages;
  fields["down_discarded"] = all.down_discarded;
}

void put_counts(json::object& fields, const net::RouteTally& route) {
  fields["sessions"] = route.sessions;
  fields["opened"] = route.opened;
  fields["refused"] = fields_of(route.refusals);
  fields["ended"] = fields_of(route.ends);
  fields["would_refuse"] = fields_of(route.would_refuse);
  put_traffic(fields, route);
  fields["dials"] = dials_of(route);
}

json::array routes_of(const std::vector<Surroundings::Route>& configured, const net::Tally& sum) {
  json::array routes;
  const auto put = [&](json::object fields, const net::RouteTally& route) {
    put_counts(fields, route);
    routes.push_back(std::move(fields));
  };
  for (const Surroundings::Route& route : configured) {
    const auto counted = sum.routes.find(route.name);
    put({{"route", route.name}, {"backend", route.backend}, {"configured", true}, {"draining", route.draining}},
        counted == sum.routes.end() ? net::RouteTally() : counted->second);
  }
  const auto is_configured = [&](const std::string& name) {
    return std::any_of(configured.begin(), configured.end(), [&](const auto& its) { return its.name == name; });
  };
  for (const auto& [name, route] : sum.routes) {
    if (name.empty() || is_configured(name)) continue;
    put({{"route", name}, {"backend", ""}, {"configured", false}, {"draining", true}}, route);
  }
  return routes;
}

json::array workers_of(const std::vector<WorkerReport>& reports) {
  std::vector<const WorkerReport*> in_order;
  in_order.reserve(reports.size());
  for (const WorkerReport& report : reports) in_order.push_back(&report);
  std::sort(in_order.begin(), in_order.end(), [](const auto* a, const auto* b) { return a->index < b->index; });
  json::array workers;
  for (const WorkerReport* report : in_order) {
    std::uint64_t sessions = 0;
    for (const auto& [name, route] : report->tally.routes) sessions += route.sessions;
    const std::chrono::duration<double> lag = report->lag;
    workers.push_back(json::object{{"worker", report->index}, {"sessions", sessions}, {"lag", lag.count()}});
  }
  return workers;
}

}  // namespace

Surroundings surroundings_of(const Bridge& bridge) {
  const policy::LimiterLimits limits = bridge.limits();
  Surroundings all;
  for (const auto& route : bridge.snapshot().routes()) {
    all.routes.push_back({route->route.name, route->route.backend.text(), route->state->draining.load()});
  }
  all.sessions_limit = limits.sessions;
  all.pending = bridge.limiter().pending();
  all.pending_limit = limits.pending;
  all.buffers_held = bridge.buffers().used();
  all.buffers_limit = bridge.buffers().limit();
  return all;
}

json::object overview(const Surroundings& surroundings, const net::Tally& sum,
                      const std::vector<WorkerReport>& workers) {
  net::RouteTally total;
  net::RouteTally unrouted;
  for (const auto& [name, route] : sum.routes) {
    total.add(route);
    if (name.empty()) unrouted = route;
  }
  json::object fields{
      {"version", our_version()},
      {"time", surroundings.time},
      {"uptime", surroundings.uptime},
      {"draining", surroundings.draining},
      {"sessions_limit", surroundings.sessions_limit},
      {"pending", surroundings.pending},
      {"pending_limit", surroundings.pending_limit},
      {"buffers_held", surroundings.buffers_held},
      {"buffers_limit", surroundings.buffers_limit},
      {"workers", workers_of(workers)},
  };
  put_counts(fields["total"].emplace_object(), total);
  fields["unrouted"] = {{"refused", fields_of(unrouted.refusals)}, {"would_refuse", fields_of(unrouted.would_refuse)}};
  fields["routes"] = routes_of(surroundings.routes, sum);
  return fields;
}

}  // namespace drawbridge::daemon
