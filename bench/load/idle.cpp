#include "load/failure.hpp"
#include "load/modes.hpp"
#include "load/pattern.hpp"

#include <array>
#include <vector>

namespace drawbridge::bench {

namespace {

constexpr double answer_within = 15;  // seconds

// Sessions that only answer pings; at the end each sends a few bytes, which the backend returns.
class Idle final : public Play {
 public:
  explicit Idle(std::uint32_t sessions) : returned_(sessions) {}

  void probe(Session& session) {
    session.browser->append(
        probe_size, [&](std::span<std::byte> payload) { Pattern(session.index, Direction::up).fill(0, payload); });
    session.browser->flush();
  }

  void backend_received(Session& session, std::span<const std::byte> bytes) override { session.peer->send(bytes); }

  void browser_received(Session& session, std::span<const std::byte> bytes) override {
    std::size_t& returned = returned_[session.index];
    const Pattern pattern(session.index, Direction::up);
    if (returned + bytes.size() > probe_size || pattern.mismatch(returned, bytes) != bytes.size())
      throw Failure("a wrong byte came back");
    returned += bytes.size();
    if (returned == probe_size) ++alive_;
  }

  void browser_ended(Session& session) override {
    if (lost_++ == 0) first_end_ = session.browser->end();
  }
  void backend_ended(Session&) override {}  // the browser's end tells why

  std::uint32_t alive() const { return alive_; }
  std::uint32_t lost() const { return lost_; }
  const std::string& first_end() const { return first_end_; }

 private:
  static constexpr std::size_t probe_size = 16;

  std::vector<std::size_t> returned_;
  std::uint32_t alive_ = 0;
  std::uint32_t lost_ = 0;
  std::string first_end_;
};

}  // namespace

bool idle(const Options& options, Report& report) {
  Idle play(options.sessions);
  Rig rig(options, play);
  const Memory before = rig.target().memory();
  const auto open_start = Clock::now();
  rig.open_sessions(options.sessions);
  const double open_seconds = seconds_since(open_start);
  const Memory opened = rig.target().memory();

  const double cpu_before = rig.target().cpu();
  rig.run_for(options.seconds);
  const double cpu = rig.target().cpu() - cpu_before;
  const Memory held = rig.target().memory();

  std::uint64_t pings = 0;
  for (const auto& session : rig.sessions()) {
    pings += session->browser->pings();
    if (session->browser->is_open()) play.probe(*session);
  }
  const auto probe_start = Clock::now();
  rig.run_until(
      [&] { return play.alive() + play.lost() == options.sessions || seconds_since(probe_start) > answer_within; });

  const auto per_session = [&](std::int64_t with, std::int64_t without) {
    return static_cast<double>(with - without) / 1024 / options.sessions;
  };
  report.add("seconds", options.seconds);
  report.add("opened_in_seconds", open_seconds);
  report.add("kib_per_session", per_session(held.pss, before.pss));
  report.add("kib_per_session_when_opened", per_session(opened.pss, before.pss));
  report.add("rss_kib_per_session", per_session(held.rss, before.rss));
  report.add("cpu_percent", 100 * cpu / options.seconds);
  report.add("pings", pings);
  report.add("alive", play.alive());
  if (play.alive() != options.sessions) report.add("first_end", play.first_end());
  return play.alive() == options.sessions;
}

}  // namespace drawbridge::bench
