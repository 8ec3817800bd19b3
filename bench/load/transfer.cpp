#include "load/transfer.hpp"

#include "load/failure.hpp"
#include "load/modes.hpp"

#include <algorithm>

namespace drawbridge::bench {

namespace {

// Enough frames for several TLS records at once, and still in the cache.
constexpr std::size_t batch = 128 << 10;
constexpr int turns = 16;  // writes before the other sessions have theirs

bool run(const Options& options, std::uint64_t up, std::uint64_t down, Report& report) {
  Transfer play(options.sessions, up, down, options.size);
  Rig rig(options, play);
  rig.open_sessions(options.sessions);

  const double cpu_before = rig.target().cpu();
  const double own_before = own_cpu();
  const auto start_time = Clock::now();
  play.start(rig);
  rig.run_until([&] { return play.done(); });
  const double seconds = seconds_since(start_time);
  const double cpu = rig.target().cpu() - cpu_before;

  const double gib = static_cast<double>(play.received()) / (1ULL << 30);
  report.add("bytes_up", up);
  report.add("bytes_down", down);
  report.add("pieces", play.pieces());
  report.add("seconds", seconds);
  report.add("gib_per_second", gib / seconds);
  report.add("cpu_seconds", cpu);
  report.add("cpu_seconds_per_gib", cpu / gib);
  report.add("cpu_ns_per_piece", cpu * 1e9 / static_cast<double>(play.pieces()));
  report.add("load_cpu_seconds", own_cpu() - own_before);
  return true;
}

}  // namespace

std::size_t Flow::begin_piece() {
  ++pieces;
  return static_cast<std::size_t>(std::min<std::uint64_t>(sizes.next(), allowed - sent));
}

void Flow::check(std::span<const std::byte> bytes) {
  const std::size_t wrong = pattern.mismatch(received, bytes);
  if (wrong != bytes.size()) throw Failure(name + ": a wrong byte at offset " + std::to_string(received + wrong));
  if (bytes.size() > total - received) throw Failure(name + ": more bytes arrived than were sent");
  if (received_digest) received_digest->update(bytes);
  received += bytes.size();
}

Transfer::Transfer(std::uint32_t sessions, std::uint64_t up, std::uint64_t down, std::size_t size)
    : buffer_(1 << 20), total_(up + down) {
  for (std::uint32_t i = 0; i < sessions; ++i) {
    const auto share = [&](std::uint64_t total) { return total / sessions + (i < total % sessions ? 1 : 0); };
    const auto sizes = [&](std::uint64_t seed) { return size != 0 ? Sizes::fixed(size) : Sizes::mixed(seed); };
    up_.emplace_back(i, Direction::up, share(up), sizes(2 * i));
    down_.emplace_back(i, Direction::down, share(down), sizes(2 * i + 1));
  }
}

void Transfer::start(Rig& rig) {
  for (const auto& session : rig.sessions()) {
    session->browser->wants_to_send(up_[session->index].total > 0);
    session->peer->wants_to_send(down_[session->index].total > 0);
  }
}

std::uint64_t Transfer::pieces() const {
  std::uint64_t count = 0;
  for (const Flow& flow : up_) count += flow.pieces;
  for (const Flow& flow : down_) count += flow.pieces;
  return count;
}

void Transfer::browser_writable(Session& session) {
  Flow& flow = up_[session.index];
  while (flow.sent < flow.allowed && session.browser->queued() < batch) {
    session.browser->append(flow.begin_piece(), [&](std::span<std::byte> payload) {
      flow.pattern.fill(flow.sent, payload);
      if (flow.sent_digest) flow.sent_digest->update(payload);
      flow.sent += payload.size();
    });
  }
  if (flow.sent == flow.allowed) session.browser->wants_to_send(false);
}

void Transfer::backend_writable(Session& session) {
  Flow& flow = down_[session.index];
  for (int turn = 0; turn < turns && flow.sent < flow.allowed; ++turn) {
    if (flow.piece_left == 0) flow.piece_left = flow.begin_piece();
    const auto piece = std::span(buffer_).first(flow.piece_left);
    flow.pattern.fill(flow.sent, piece);
    const std::size_t taken = session.peer->send(piece);
    if (flow.sent_digest) flow.sent_digest->update(piece.first(taken));
    flow.sent += taken;
    flow.piece_left -= taken;
    if (flow.piece_left != 0) return;
  }
  if (flow.sent == flow.allowed) session.peer->wants_to_send(false);
}

void Transfer::browser_received(Session& session, std::span<const std::byte> bytes) {
  down_[session.index].check(bytes);
  received_ += bytes.size();
}

void Transfer::backend_received(Session& session, std::span<const std::byte> bytes) {
  up_[session.index].check(bytes);
  received_ += bytes.size();
}

bool frames_up(const Options& options, Report& report) {
  return run(options, options.count * options.size, 0, report);
}

bool writes_down(const Options& options, Report& report) {
  return run(options, 0, options.count * options.size, report);
}

bool bulk_up(const Options& options, Report& report) {
  return run(options, options.bytes, 0, report);
}

bool bulk_down(const Options& options, Report& report) {
  return run(options, 0, options.bytes, report);
}

bool both(const Options& options, Report& report) {
  return run(options, options.bytes, options.bytes, report);
}

}  // namespace drawbridge::bench
