#include "net/worker.hpp"

#include "net/carried.hpp"
#include "net/opening.hpp"
#include "net/thread.hpp"

#include <algorithm>
#include <random>

#include <fmt/format.h>

namespace drawbridge::net {
namespace {

std::uint64_t next_session_number() {
  // A random start keeps the ids of one run of the daemon apart from the next one's.
  static std::atomic<std::uint64_t> next{[] {
    std::random_device device;
    return (std::uint64_t{device()} << 32) | (device() & 0xFFFF'0000U);
  }()};
  return next.fetch_add(1, std::memory_order_relaxed);
}

// The moment at which the clock on the wall will show it.
Instant instant_of(auth::UnixSeconds time) {
  // In whole seconds as far as that goes: the end of the year 9999, by which certificates say that they have none
  // (RFC 5280 §4.1.2.5), is not to be had in nanoseconds.
  using std::chrono::seconds;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  constexpr seconds longest = std::chrono::hours(24 * 365);
  const auto latest = std::chrono::ceil<seconds>(now) + longest;
  const seconds end(std::clamp<auth::UnixSeconds>(time, 0, latest.count()));
  return Clock::now() + std::max(Duration(end - now), Duration(0));
}

Task<> see_through(Worker& worker, Task<> opening) {
  try {
    co_await std::move(opening);
  } catch (const std::exception& e) {
    // Out of memory: this connection is lost, no other.
    worker.complain("opening_failed", e);
  }
}

}  // namespace

void note_failure(const Services& services, const std::optional<client::Address>& client, std::string_view shown,
                  Reason reason, Instant now) {
  const auto objection = services.penalties.note(client, reason, now);
  if (!objection) return;
  services.log.write(LogLevel::warning, services.log.record(LogLevel::warning, "shut_out")
                                            .add("client", shown)
                                            .add("for", word(reason))
                                            .add("seconds", objection->retry_after)
                                            .add("enforced", objection->enforced ? "true" : "false"));
}

Worker::Worker(unsigned index, Services services, std::shared_ptr<const Snapshot> snapshot)
    : index_(index), services_(services), snapshot_(std::move(snapshot)), carried_(std::make_unique<CarriedList>()) {}

Worker::~Worker() {
  stop();
}

void Worker::start() {
  thread_ = std::thread([this] {
    begin_thread(fmt::format("worker-{}", index_).c_str());
    for (bool over = false; !over;) {
      try {
        loop_.run();
        over = true;
      } catch (const std::exception& e) {
        // Memory ran out in the middle of something. Whatever it was is left to its deadline; the others go on.
        complain("worker_error", e);
      }
    }
  });
}

void Worker::complain(std::string_view event, const std::exception& e) noexcept {
  try {
    services_.log.write(LogLevel::error, services_.log.record(LogLevel::error, event).add("error", e.what()));
  } catch (const std::bad_alloc&) {
    // One line less.
  }
}

void Worker::take(Accepted accepted) {
  // Shared only because a std::function must be copyable.
  struct Newcomer {
    Newcomer(Worker& worker, Accepted its_accepted) : load(worker), accepted(std::move(its_accepted)) {}
    Load load;
    Accepted accepted;
  };
  const auto newcomer = std::make_shared<Newcomer>(*this, std::move(accepted));
  loop_.post([this, newcomer] {
    openings_.start(see_through(*this, open_session(*this, std::move(newcomer->load), std::move(newcomer->accepted))));
  });
}

void Worker::use(std::shared_ptr<const Snapshot> snapshot, Duration window) {
  loop_.post([this, snapshot = std::move(snapshot), window] {
    snapshot_ = snapshot;
    drain_sessions(window, [this](const Session& session) { return !snapshot_->has_route(session.route().name); });
  });
}

void Worker::revoke(std::shared_ptr<const auth::Revocations> revocations) {
  loop_.post([this, revocations = std::move(revocations)] {
    revocations_ = revocations;
    end_sessions(Reason::revoked, [this](const Session& session) {
      return session.principal() != nullptr && is_revoked(*session.principal());
    });
  });
}

void Worker::drain(Duration window) {
  loop_.post([this, window] {
    draining_ = true;
    drain_sessions(window, [](const Session&) { return true; });
  });
}

// Spread at random, so that thousands of browsers do not come back in one moment.
std::size_t Worker::drain_sessions(Duration window, const Chosen& chosen) {
  std::size_t count = 0;
  std::minstd_rand random(std::random_device{}());
  std::uniform_int_distribution<Duration::rep> delay(0, window.count());
  const Instant now = Clock::now();
  for (Carried& carried : *carried_) {
    if (!chosen(carried.session())) continue;
    carried.drain_at(now + Duration(delay(random)));
    ++count;
  }
  return count;
}

std::size_t Worker::end_sessions(Reason reason, const Chosen& chosen) {
  std::size_t count = 0;
  const Instant now = Clock::now();
  for (Carried& carried : *carried_) {
    if (!chosen(carried.session())) continue;
    carried.end_at(now, reason);
    ++count;
  }
  return count;
}

void Worker::for_each_session(const std::function<void(const Session&)>& look) const {
  for (const Carried& carried : *carried_) look(carried.session());
}

void Worker::trace(const std::shared_ptr<Tracer>& tracer) {
  traces_.add(tracer);
  const Instant now = Clock::now();
  for (Carried& carried : *carried_) traces_.offer(carried.session(), *tracer, now);
}

const Tally& Worker::look_at_sessions() {
  for (auto& [name, route] : tally_.routes) {
    route.sessions = 0;
    route.running = {};
  }
  for (const Carried& carried : *carried_) carried.count();
  return tally_;
}

void Worker::stop() {
  if (!thread_.joinable()) return;
  loop_.post([this] {
    loop_.stop();
    while (!carried_->empty()) carried_->front().abandon();
  });
  thread_.join();
}

void Worker::ask_for_beat() {
  loop_.post([this] { beats_.fetch_add(1, std::memory_order_relaxed); });
}

std::string Worker::new_session_id() {
  return fmt::format("{:016x}", next_session_number());
}

void Worker::carry(std::unique_ptr<Session> session, Load load, std::unique_ptr<Readiness> browser,
                   std::unique_ptr<Readiness> backend, std::span<const std::uint8_t> first) {
  auto* const carried = new Carried(*this, std::move(load), std::move(session), std::move(browser), std::move(backend));
  carried_->push_back(*carried);
  // A reload, a drain or a revocation that came while it was being opened concerns it too.
  const Session& opened = carried->session();
  if (draining_ || opened.route_state().draining || !snapshot_->has_route(opened.route().name)) {
    carried->drain_at(Clock::now());
  }
  if (const auth::Principal* principal = carried->session().principal()) {
    if (principal->expires) carried->end_at(instant_of(*principal->expires), Reason::credential_expired);
    if (is_revoked(*principal)) carried->end_at(Clock::now(), Reason::revoked);
  }
  traces_.begin(carried->session());
  carried->begin(first);
}

}  // namespace drawbridge::net
