#pragma once

#include "net/deadlines.hpp"
#include "net/descriptor.hpp"
#include "net/refusals.hpp"
#include "net/resolver.hpp"
#include "net/session.hpp"
#include "net/snapshot.hpp"
#include "net/task.hpp"
#include "net/tls_context.hpp"
#include "net/turns.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>

namespace drawbridge::net {

// What all workers share.
struct Services {
  policy::Limiter& limiter;
  BufferBudget& buffers;
  Resolver& resolver;
  Log& log;
  Refusals& refusals;
};

// A connection fresh from its listener.
struct Accepted {
  Descriptor socket;
  std::optional<policy::Address> client;
  policy::Entry entry;                    // the limiter's word; never `drop`
  std::shared_ptr<const TlsContext> tls;  // null: plaintext
};

class Carried;
struct CarriedList;

// One thread with one io_context, and the sessions it carries.
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
  // Admits nobody any more; sessions end with 1012, spread over `window`.
  void drain(Duration window);
  // Ends what is left at once and waits for the thread.
  void stop();
  // Asks for a sign of life; `beats` counts the answers.
  void ask_for_beat();
  std::uint64_t beats() const { return beats_.load(std::memory_order_relaxed); }

  // On the worker's own thread.
  asio::io_context& context() { return context_; }
  Deadlines& deadlines() { return deadlines_; }
  Scratch& scratch() { return *scratch_; }
  Turns& turns() { return turns_; }
  const Services& services() const { return services_; }
  unsigned index() const { return index_; }
  const std::shared_ptr<const Snapshot>& snapshot() const { return snapshot_; }
  bool draining() const { return draining_; }
  std::string new_session_id();

  // One connection's share of load().
  class Load {
   public:
    explicit Load(Worker& worker) : worker_(&worker) {}
    Load(Load&& other) noexcept : worker_(std::exchange(other.worker_, nullptr)) {}
    Load& operator=(Load&&) = delete;
    ~Load() {
      if (worker_ != nullptr) worker_->load_.fetch_sub(1, std::memory_order_relaxed);
    }

   private:
    Worker* worker_;
  };

  // Takes over an opened session; `first` came behind the request's head. `backend_fd` -1: the session echoes.
  void carry(std::unique_ptr<Session> session, Load load, int browser_fd, int backend_fd,
             std::span<const std::uint8_t> first);

 private:
  friend class Carried;
  void drain_sessions(Duration window, const std::function<bool(const Session&)>& chosen);

  const unsigned index_;
  const Services services_;
  std::shared_ptr<const Snapshot> snapshot_;
  bool draining_ = false;
  std::atomic<std::uint64_t> load_{0};
  std::atomic<std::uint64_t> beats_{0};
  std::unique_ptr<Scratch> scratch_ = std::make_unique<Scratch>();
  Deadlines deadlines_;
  // Declared after what tasks refer to: destroying it destroys the tasks that still wait.
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
  Turns turns_{context_};
  std::unique_ptr<CarriedList> carried_;
  std::thread thread_;
};

}  // namespace drawbridge::net
