#pragma once

#include "auth/revocations.hpp"
#include "net/descriptor.hpp"
#include "net/disk.hpp"
#include "net/entrance.hpp"
#include "net/loop.hpp"
#include "net/passwords.hpp"
#include "net/readiness.hpp"
#include "net/refusals.hpp"
#include "net/resolver.hpp"
#include "net/session.hpp"
#include "net/snapshot.hpp"
#include "net/tally.hpp"
#include "net/task.hpp"
#include "net/traces.hpp"
#include "policy/penalties.hpp"
#include "policy/quotas.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace drawbridge::net {

// What all workers share.
struct Services {
  policy::Limiter& limiter;
  BufferBudget& buffers;
  Resolver& resolver;
  Log& log;
  Refusals& refusals;
  Passwords& passwords;
  Disk& disk;
  policy::Penalties& penalties;
  policy::Quotas& quotas;
};

// Counts a failure of a client, and logs if it is shut out for it. `shown`: the client as the log shows it.
void note_failure(const Services& services, const std::optional<client::Address>& client, std::string_view shown,
                  Reason reason, Instant now);

// A connection fresh from its listener.
struct Accepted {
  Descriptor socket;
  std::optional<client::Address> peer;
  policy::Entry entry;  // the limiter's word; never `drop`
  std::shared_ptr<const Entrance> entrance;
};

class Carried;
struct CarriedList;

// One thread with its loop, and the sessions it carries.
class Worker {
 public:
  Worker(unsigned index, Services services, std::shared_ptr<const Snapshot> snapshot);
  ~Worker();

  void start();

  // From any thread.
  void take(Accepted accepted);
  // Connections here, being opened or carried: what new ones are balanced by.
  std::uint64_t load() const { return load_.load(std::memory_order_relaxed); }
  // From now on this configuration; sessions of routes that it lacks end with 1012, spread over `window`.
  void use(std::shared_ptr<const Snapshot> snapshot, Duration window);
  // From now on these hold; sessions that they name end.
  void revoke(std::shared_ptr<const auth::Revocations> revocations);
  // Admits nobody any more; sessions end with 1012, spread over `window`.
  void drain(Duration window);
  // From any thread: `work` is done on the worker's own, unless that ends before.
  void post(std::function<void()> work) { loop_.post(std::move(work)); }
  // Ends what is left at once and waits for the thread.
  void stop();
  // Asks for a sign of life; `beats` counts the answers.
  void ask_for_beat();
  std::uint64_t beats() const { return beats_.load(std::memory_order_relaxed); }

  // On the worker's own thread.
  Loop& loop() { return loop_; }
  Scratch& scratch() { return *scratch_; }
  const Services& services() const { return services_; }
  unsigned index() const { return index_; }
  // A failure that ended something of one connection, or worse; logged.
  void complain(std::string_view event, const std::exception& e) noexcept;
  const std::shared_ptr<const Snapshot>& snapshot() const { return snapshot_; }
  bool draining() const { return draining_; }
  bool is_revoked(const auth::Principal& principal) const { return revocations_ && revocations_->revoked(principal); }
  std::string new_session_id();
  // Whether that a file cannot be read may be told now; then not for a second.
  bool tells_of_file(Instant now) {
    if (now < files_silent_until_) return false;
    files_silent_until_ = now + std::chrono::seconds(1);
    return true;
  }
  // What is counted here.
  Tally& tally() { return tally_; }
  // The same with what the sessions that run have carried so far: one pass over them, and nothing is allocated.
  const Tally& look_at_sessions();

  // One connection's share of load().
  class Load {
   public:
    explicit Load(Worker& worker) : worker_(&worker) { worker.load_.fetch_add(1, std::memory_order_relaxed); }
    Load(Load&& other) noexcept : worker_(std::exchange(other.worker_, nullptr)) {}
    Load& operator=(Load&&) = delete;
    ~Load() {
      if (worker_ != nullptr) worker_->load_.fetch_sub(1, std::memory_order_relaxed);
    }

   private:
    Worker* worker_;
  };

  void admit_again() { draining_ = false; }
  void for_each_session(const std::function<void(const Session&)>& look) const;
  using Chosen = std::function<bool(const Session&)>;
  // Ends them with 1012, spread over `window`; returns how many.
  std::size_t drain_sessions(Duration window, const Chosen& chosen);
  // Ends them now, and nothing more is taken from either side; returns how many.
  std::size_t end_sessions(Reason reason, const Chosen& chosen);

  // It is asked about the sessions that run, and about those to come, until it is forgotten.
  void trace(const std::shared_ptr<Tracer>& tracer);
  void forget(const Tracer& tracer) { traces_.remove(tracer); }

  // Takes over an opened session, and the watches of its sockets; `first` came behind the request's head. `backend`
  // null: the session echoes.
  void carry(std::unique_ptr<Session> session, Load load, std::unique_ptr<Readiness> browser,
             std::unique_ptr<Readiness> backend, std::span<const std::uint8_t> first);

 private:
  friend class Carried;

  const unsigned index_;
  const Services services_;
  std::shared_ptr<const Snapshot> snapshot_;
  std::shared_ptr<const auth::Revocations> revocations_;
  bool draining_ = false;
  std::atomic<std::uint64_t> load_{0};
  std::atomic<std::uint64_t> beats_{0};
  std::unique_ptr<Scratch> scratch_ = std::make_unique<Scratch>();
  Loop loop_;
  Tally tally_;
  Instant files_silent_until_ = Instant::min();
  Traces traces_{*this};
  std::unique_ptr<CarriedList> carried_;
  Tasks openings_;  // after what they refer to
  std::thread thread_;
};

}  // namespace drawbridge::net
