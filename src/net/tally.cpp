#include "net/tally.hpp"

namespace drawbridge::net {

void ReasonCounts::add(const ReasonCounts& other) {
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
}

void add(Counts& counts, const Counts& more) {
  counts.up_bytes += more.up_bytes;
  counts.up_frames += more.up_frames;
  counts.up_messages += more.up_messages;
  counts.up_discarded += more.up_discarded;
  counts.down_bytes += more.down_bytes;
  counts.down_frames += more.down_frames;
  counts.down_messages += more.down_messages;
  counts.down_discarded += more.down_discarded;
}

void RouteTally::add(const RouteTally& other) {
  opened += other.opened;
  ends.add(other.ends);
  refusals.add(other.refusals);
  would_refuse.add(other.would_refuse);
  net::add(ended, other.ended);
  sessions += other.sessions;
  net::add(running, other.running);
  dials.add(other.dials);
}

RouteTally& Tally::route(std::string_view name) {
  const auto found = routes.find(name);
  return found != routes.end() ? found->second : routes.try_emplace(std::string(name)).first->second;
}

void Tally::add(const Tally& other) {
  for (const auto& [name, route_tally] : other.routes) route(name).add(route_tally);
  for (const auto& [version, count] : other.handshakes) handshakes[version] += count;
  handshake_failures.add(other.handshake_failures);
  durations.add(other.durations);
  for (const auto& [status, count] : other.files) files[status] += count;
  files_broken_off += other.files_broken_off;
  file_bytes += other.file_bytes;
}

}  // namespace drawbridge::net
