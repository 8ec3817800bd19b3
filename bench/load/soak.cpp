#include "load/failure.hpp"
#include "load/modes.hpp"
#include "load/transfer.hpp"

#include <algorithm>
#include <chrono>

namespace drawbridge::bench {

namespace {

using namespace std::chrono_literals;

constexpr auto pause_length = 3s;
constexpr auto sample_interval = 100ms;
// What the target allocates once, for its first bytes, is no growth.
constexpr std::uint64_t settled_after = 16 << 20;

// Mixed sizes both ways at once with digests at both ends. With pauses, on every session first the backend stops
// reading, after a third of what goes up, and, once it reads again, the browser does, after three quarters of what
// comes down.
class Soak final : public Transfer {
 public:
  explicit Soak(const Options& options)
      : Transfer(options.sessions, options.bytes, options.bytes, 0), pauses_(options.sessions) {
    for (auto* flows : {&up(), &down()}) {
      for (Flow& flow : *flows) {
        flow.sent_digest.emplace();
        flow.received_digest.emplace();
      }
    }
    if (!options.pause) return;
    for (Pauses& pauses : pauses_) pauses = {.backend = Pause::due, .browser = Pause::due};
    // So that the pauses come one after the other even if one way is much faster.
    for (Flow& flow : down()) flow.allowed = flow.total / 2;
  }

  void backend_received(Session& session, std::span<const std::byte> bytes) override {
    Transfer::backend_received(session, bytes);
    const Flow& flow = up()[session.index];
    Pauses& pauses = pauses_[session.index];
    if (pauses.backend != Pause::due || flow.received < flow.total / 3) return;
    pauses.backend = Pause::running;
    pauses.until = Clock::now() + pause_length;
    session.peer->pause_reading(true);
  }

  void browser_received(Session& session, std::span<const std::byte> bytes) override {
    Transfer::browser_received(session, bytes);
    const Flow& flow = down()[session.index];
    Pauses& pauses = pauses_[session.index];
    if (pauses.browser != Pause::due || flow.received < flow.total / 4 * 3) return;
    pauses.browser = Pause::running;
    pauses.until = Clock::now() + pause_length;
    session.browser->pause_reading(true);
  }

  void end_pauses(Rig& rig) {
    for (const auto& session : rig.sessions()) {
      Pauses& pauses = pauses_[session->index];
      if (Clock::now() < pauses.until) continue;
      if (pauses.backend == Pause::running) {
        pauses.backend = Pause::over;
        session->peer->pause_reading(false);
        Flow& flow = down()[session->index];
        flow.allowed = flow.total;
        session->peer->wants_to_send(true);
      } else if (pauses.browser == Pause::running) {
        pauses.browser = Pause::over;
        session->browser->pause_reading(false);
      }
    }
  }

  bool compare_digests(Report& report) {
    bool equal = true;
    const auto compare = [&](const std::string& name, Flow& flow) {
      const std::string sent = flow.sent_digest->finish();
      const std::string received = flow.received_digest->finish();
      report.add(name + "_sent", sent);
      report.add(name + "_received", received);
      equal = equal && sent == received;
    };
    for (std::size_t i = 0; i < pauses_.size(); ++i) {
      compare("sha256_up_" + std::to_string(i), up()[i]);
      compare("sha256_down_" + std::to_string(i), down()[i]);
    }
    report.add("digests_equal", equal);
    return equal;
  }

 private:
  enum class Pause : std::uint8_t { none, due, running, over };
  struct Pauses {
    Pause backend = Pause::none;
    Pause browser = Pause::none;
    Clock::time_point until{};
  };
  std::vector<Pauses> pauses_;  // by session
};

struct Growth {
  std::int64_t baseline = 0;  // bytes
  std::int64_t peak = 0;
  int samples = 0;
  Clock::time_point next{};

  void sample(const Target& target) {
    if (Clock::now() < next) return;
    next = Clock::now() + sample_interval;
    const std::int64_t rss = target.memory().rss;
    if (samples++ == 0) baseline = rss;
    peak = std::max(peak, rss);
  }
};

}  // namespace

bool soak(const Options& options, Report& report) {
  Soak play(options);
  Rig rig(options, play);
  rig.open_sessions(options.sessions);

  Growth growth;
  const double cpu_before = rig.target().cpu();
  const auto start_time = Clock::now();
  play.start(rig);
  rig.run_until([&] {
    play.end_pauses(rig);
    if (play.received() >= settled_after) growth.sample(rig.target());
    return play.done();
  });

  report.add("pause", options.pause);
  report.add("bytes_each_way", options.bytes);
  report.add("pieces", play.pieces());
  report.add("seconds", seconds_since(start_time));
  report.add("cpu_seconds", rig.target().cpu() - cpu_before);
  report.add("rss_samples", growth.samples);
  report.add("rss_baseline", growth.baseline);
  report.add("rss_peak", growth.peak);
  report.add("rss_growth", growth.peak - growth.baseline);
  return play.compare_digests(report);
}

}  // namespace drawbridge::bench
