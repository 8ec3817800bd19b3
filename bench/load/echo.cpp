#include "load/failure.hpp"
#include "load/modes.hpp"
#include "load/pattern.hpp"

#include <algorithm>
#include <vector>

namespace drawbridge::bench {

namespace {

constexpr double warm_up = 0.5;  // seconds

// On every session one message at a time goes up, comes back from the backend, and then the next one goes.
class Echo final : public Play {
 public:
  Echo(std::uint32_t sessions, std::size_t size) : size_(size) {
    for (std::uint32_t i = 0; i < sessions; ++i) states_.emplace_back(i);
  }

  void send(Session& session) {
    State& state = states_[session.index];
    state.sent_at = Clock::now();
    state.sent += size_;
    session.browser->append(size_,
                            [&](std::span<std::byte> payload) { state.pattern.fill(state.sent - size_, payload); });
    session.browser->flush();
  }

  void backend_received(Session& session, std::span<const std::byte> bytes) override {
    if (session.peer->send(bytes) != bytes.size()) throw Failure("an echo does not fit into the socket");
  }

  void browser_received(Session& session, std::span<const std::byte> bytes) override {
    State& state = states_[session.index];
    if (state.pattern.mismatch(state.received, bytes) != bytes.size()) throw Failure("a wrong byte in an echo");
    state.received += bytes.size();
    if (state.received > state.sent) throw Failure("more bytes came back than were sent");
    if (state.received < state.sent) return;
    latencies_.push_back(Clock::now() - state.sent_at);
    if (stopping_) {
      ++stopped_;
    } else {
      send(session);
    }
  }

  void start_measuring() { latencies_.clear(); }
  void stop() { stopping_ = true; }
  bool stopped() const { return stopped_ == states_.size(); }
  std::vector<Clock::duration>& latencies() { return latencies_; }

 private:
  struct State {
    explicit State(std::uint32_t index) : pattern(index, Direction::up) {}
    Pattern pattern;
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
    Clock::time_point sent_at{};
  };

  std::size_t size_;
  bool stopping_ = false;
  std::size_t stopped_ = 0;
  std::vector<State> states_;
  std::vector<Clock::duration> latencies_;
};

}  // namespace

bool echo(const Options& options, Report& report) {
  Echo play(options.sessions, options.size);
  Rig rig(options, play);
  rig.open_sessions(options.sessions);
  for (const auto& session : rig.sessions()) play.send(*session);
  rig.run_for(warm_up);

  play.start_measuring();
  const double cpu_before = rig.target().cpu();
  const auto start_time = Clock::now();
  rig.run_for(options.seconds);
  const double seconds = seconds_since(start_time);
  const double cpu = rig.target().cpu() - cpu_before;
  auto latencies = play.latencies();
  play.stop();
  rig.run_until([&] { return play.stopped(); });

  if (latencies.empty()) throw Failure("no echo came back");
  std::sort(latencies.begin(), latencies.end());
  const auto microseconds = [&](double quantile) {
    const auto at = static_cast<std::size_t>(quantile * static_cast<double>(latencies.size() - 1));
    return std::chrono::duration<double, std::micro>(latencies[at]).count();
  };
  const auto messages = static_cast<double>(latencies.size());
  report.add("messages", latencies.size());
  report.add("seconds", seconds);
  report.add("messages_per_second", messages / seconds);
  report.add("cpu_seconds", cpu);
  report.add("cpu_us_per_message", cpu * 1e6 / messages);
  report.add("p50_us", microseconds(0.5));
  report.add("p99_us", microseconds(0.99));
  report.add("p999_us", microseconds(0.999));
  return true;
}

}  // namespace drawbridge::bench
