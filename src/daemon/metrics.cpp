#include "daemon/metrics.hpp"

#include "daemon/metric_families.hpp"
#include "daemon/process_figures.hpp"
#include "daemon/version.hpp"

#include <map>

namespace drawbridge::daemon {
namespace {

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

// Their number and what they carry, for each route that has a name.
void put_traffic(MetricFamilies& page, const net::Tally& tally) {
  const auto for_each = [&](const auto& put) {
    for (const auto& [name, route] : tally.routes) {
      if (!name.empty()) put(name, route);
    }
  };
  const auto put_both = [&](std::uint64_t net::Counts::*up, std::uint64_t net::Counts::*down) {
    for_each([&](const std::string& name, const net::RouteTally& route) {
      page.put(route.ended.*up + route.running.*up, {{"route", name}, {"direction", "up"}});
      page.put(route.ended.*down + route.running.*down, {{"route", name}, {"direction", "down"}});
    });
  };
  page.gauge("drawbridge_sessions", "Sessions that are open.");
  for_each([&](const auto& name, const auto& route) { page.put(route.sessions, {{"route", name}}); });
  page.counter("drawbridge_sessions_opened_total", "Sessions that were opened.");
  for_each([&](const auto& name, const auto& route) { page.put(route.opened, {{"route", name}}); });
  page.counter("drawbridge_session_ends_total", "Sessions that ended, by the reason.");
  for_each([&](const auto& name, const auto& route) { page.put(route.ends, {{"route", name}}); });
  page.histogram("drawbridge_session_duration_seconds", "How long sessions were open, of those that ended.")
      .put(tally.durations);
  page.counter("drawbridge_payload_bytes_total", "Payload that was delivered; up is from the browser.");
  put_both(&net::Counts::up_bytes, &net::Counts::down_bytes);
  page.counter("drawbridge_messages_total", "WebSocket messages; up is from the browser.");
  put_both(&net::Counts::up_messages, &net::Counts::down_messages);
  page.counter("drawbridge_discarded_bytes_total", "Payload that was taken and could not be delivered.");
  put_both(&net::Counts::up_discarded, &net::Counts::down_discarded);
  page.histogram("drawbridge_dial_duration_seconds", "How long it took to reach the backend, where it was reached.");
  for_each([&](const auto& name, const auto& route) {
    if (route.dials.counts().back() > 0) page.put(route.dials, {{"route", name}});
  });
}

void put_refusals(MetricFamilies& page, const net::Tally& tally) {
  page.counter("drawbridge_refusals_total",
               "Connections and requests that were refused, by the reason; without a route if it was not known yet.");
  for (const auto& [name, route] : tally.routes) page.put(route.refusals, {{"route", name}});
  page.counter("drawbridge_would_refuse_total", "What would be refused or ended if it were enforced.");
  for (const auto& [name, route] : tally.routes) page.put(route.would_refuse, {{"route", name}});
  page.counter("drawbridge_handshakes_total", "TLS handshakes that were completed, by the version.");
  for (const auto& [version, count] : tally.handshakes) page.put(count, {{"version", version}});
  page.counter("drawbridge_handshake_failures_total", "TLS handshakes that were not.");
  page.put(tally.handshake_failures);
  page.counter("drawbridge_file_responses_total", "Answers to requests for files, by their status.");
  for (const auto& [status, count] : tally.files) page.put(count, {{"status", std::to_string(status)}});
  page.counter("drawbridge_file_responses_broken_off_total", "Those of them that did not come to their end.");
  page.put(tally.files_broken_off);
  page.counter("drawbridge_file_bytes_total", "Bytes of files that were sent.");
  page.put(tally.file_bytes);
}

void put_limits(MetricFamilies& page, const Bridge& bridge) {
  const policy::LimiterLimits limits = bridge.limits();
  page.gauge("drawbridge_sessions_limit", "The most sessions at once.").put(limits.sessions);
  page.gauge("drawbridge_pending", "Connections that are being opened.").put(bridge.limiter().pending());
  page.gauge("drawbridge_pending_limit", "From here on connections are dropped at random.").put(limits.pending);
  page.gauge("drawbridge_clients_tracked", "Clients whose connections and rates are counted.")
      .put(bridge.limiter().table_size());
  page.gauge("drawbridge_penalised_clients", "Clients with failures that count, shut out or not.")
      .put(bridge.penalties().table_size());
  page.gauge("drawbridge_buffers_held_bytes", "Bytes held for peers that do not take them.")
      .put(bridge.buffers().used());
  page.gauge("drawbridge_buffers_limit_bytes", "The most of them.").put(bridge.buffers().limit());
}

void put_workers(MetricFamilies& page, const std::vector<WorkerReport>& workers) {
  const auto put = [&](Duration WorkerReport::*figure) {
    std::map<unsigned, double> in_order;
    for (const WorkerReport& worker : workers) in_order[worker.index] = seconds(worker.*figure);
    for (const auto& [index, value] : in_order) page.put(value, {{"worker", std::to_string(index)}});
  };
  page.gauge("drawbridge_worker_lag_seconds", "How long a message to the worker waited, sent for this scrape.");
  put(&WorkerReport::lag);
  page.gauge("drawbridge_worker_scrape_seconds", "How long the worker counted for this scrape.");
  put(&WorkerReport::took);
}

void put_certificates(MetricFamilies& page, const Bridge& bridge) {
  page.gauge("drawbridge_certificate_expiry_timestamp_seconds", "When the certificate in use expires.");
  // Several listeners may have the same bind, such as 127.0.0.1:0.
  std::map<std::string, unsigned> next;
  for (const auto& listener : bridge.listeners()) {
    const auto& tls = listener->entrance()->tls;
    if (!tls) continue;
    const std::string bind = listener->bind().text();
    for (const net::TlsContext::Certificate& certificate : tls->certificates()) {
      page.put(certificate.not_after,
               {{"listener", bind}, {"index", std::to_string(next[bind]++)}, {"subject", certificate.subject}});
    }
  }
}

void put_process(MetricFamilies& page, std::time_t started) {
  const ProcessFigures process = process_figures();
  page.counter("process_cpu_seconds_total", "Processor time, of user and system.").put(process.cpu_seconds);
  page.gauge("process_resident_memory_bytes", "Memory that is resident.").put(process.resident_bytes);
  page.gauge("process_open_fds", "Open file descriptors.").put(process.open_descriptors);
  page.gauge("process_max_fds", "The most file descriptors.").put(process.most_descriptors);
  page.gauge("process_start_time_seconds", "When the daemon started.").put(started);
}

}  // namespace

std::string metrics_text(const Bridge& bridge, const std::vector<WorkerReport>& workers, const Standing& standing) {
  const net::Tally sum = sum_of(bridge, workers);
  MetricFamilies page;
  put_traffic(page, sum);
  put_refusals(page, sum);
  put_limits(page, bridge);
  put_workers(page, workers);
  put_certificates(page, bridge);
  page.gauge("drawbridge_draining", "1 while nobody is admitted.").put(standing.draining);
  page.gauge("drawbridge_reload_success", "1 if the last reload was good, 0 if the configuration before it holds.")
      .put(standing.reloaded);
  page.gauge("drawbridge_reload_timestamp_seconds", "When it was.").put(standing.reload);
  page.gauge(
      "drawbridge_key_file_ok",
      "1 if what the file of keys or revocations says is in force, 0 if it is no good and what it said before is.");
  for (const auto& [path, in_force] : bridge.key_files()) page.put(in_force, {{"file", path}});
  page.counter("drawbridge_log_dropped_total", "Lines of the log that were lost.").put(standing.log_dropped);
  page.gauge("drawbridge_build_info", "1, with what runs.")
      .put(1, {{"version", std::string(our_version())}, {"openssl", openssl_version()}});
  put_process(page, standing.started);
  return page.text();
}

}  // namespace drawbridge::daemon
