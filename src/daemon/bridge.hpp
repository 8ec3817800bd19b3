#pragma once

#include "daemon/admin_listeners.hpp"
#include "daemon/certificate_watch.hpp"
#include "daemon/log_sink.hpp"
#include "daemon/quota_store.hpp"
#include "daemon/revocation_store.hpp"
#include "net/listener.hpp"
#include "net/listening_socket.hpp"
#include "net/worker.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

namespace drawbridge::daemon {

namespace asio = boost::asio;

// The whole of the running daemon: listeners on the control thread, workers on theirs, and what they share.
class Bridge {
 public:
  // Nothing listens yet. `descriptors`: how many this process may have. `admit_operator`: takes connections of the
  // admin listeners.
  Bridge(asio::io_context& control, LogSink& log, net::InheritedSockets inherited, std::uint64_t descriptors,
         const config::Config& config, AdminListeners::Accept admit_operator);
  ~Bridge();

  // Puts a configuration in force, the first or another. All or nothing: what cannot be had (a port, a certificate) is
  // returned as a list of errors (file:line:column: message), and nothing changed.
  std::vector<std::string> apply(config::Config config);

  // Stops accepting; sessions end with 1012, spread over the time that the configuration gives (timeouts.drain).
  void drain();
  // Admits nobody any more, though who comes hears so; sessions end with 1012, spread over `window`. Until resume().
  void empty(Duration window);
  void resume();
  // The same for one route; false if there is none of that name.
  bool empty_route(const std::string& route, Duration window);
  bool resume_route(const std::string& route);
  bool emptying() const { return emptying_; }
  // Each worker does it on its own thread.
  void on_workers(const std::function<void(net::Worker&)>& work);
  // Asks each worker, on its own thread, and tells the answers on the control thread; none at all if one of them does
  // not answer within `patience`.
  template <class T>
  void ask_workers(std::function<T(net::Worker&)> question, Duration patience,
                   std::function<void(std::optional<std::vector<T>>)> done);

  asio::io_context& control() { return control_; }
  RevocationStore& revocations() { return revocations_; }
  // What the store says holds from now on; sessions that it names end.
  void revoke();
  // Connections of any kind that are still here.
  std::uint64_t load() const;
  // Ends everything at once.
  void stop();

  // True if every worker has shown a sign of life since the last call that returned true; asks for the next.
  bool alive();
  const net::Snapshot& snapshot() const { return *snapshot_; }
  const config::Config& config() const { return snapshot_->config(); }
  const policy::Limiter& limiter() const { return limiter_; }
  const policy::Penalties& penalties() const { return penalties_; }
  unsigned workers() const { return static_cast<unsigned>(workers_.size()); }
  const net::BufferBudget& buffers() const { return buffers_; }
  const std::vector<std::shared_ptr<net::Listener>>& listeners() const { return listeners_; }
  // What holds by the configuration and the descriptors that there are.
  policy::LimiterLimits limits() const { return limiter_limits(config()); }
  // What was counted at accept; each worker counts the rest.
  const net::Tally& tally() const { return tally_; }
  // Every file of keys, certificates or revocations that is looked at, by its path: whether what it said last is in
  // force.
  std::map<std::string, bool> key_files() const;
  // Once a second: summaries of what was too much to log.
  void tick();

 private:
  struct Planned;

  void accepted(net::Descriptor socket, const sockaddr_storage& address,
                const std::shared_ptr<const net::Entrance>& entrance);
  void log_dropped(const std::optional<client::Address>& peer, Reason reason, Instant now);
  void log_would_refuse(const std::optional<client::Address>& peer, Reason reason, Instant now);
  static void start_new(const std::vector<Planned>& planned, const AdminListeners::Plan& admin);
  policy::LimiterLimits limiter_limits(const config::Config& config) const;
  Duration drain_window() const;
  void read_keys_again();
  void warn_of_unresolved(const config::Config& config);
  void give_back_memory();
  bool counts_days() const;  // some route limits the bytes of a day

  asio::io_context& control_;
  LogSink& log_;
  const net::InheritedSockets inherited_;
  const std::uint64_t descriptors_;
  policy::Limiter limiter_;
  policy::Penalties penalties_;
  net::BufferBudget buffers_;
  net::Refusals refusals_;
  net::Tally tally_;
  policy::Quotas quotas_;
  QuotaStore quota_store_;
  std::shared_ptr<const net::Snapshot> snapshot_;
  std::vector<std::unique_ptr<net::Worker>> workers_;
  // These go after the workers' threads, before what they call back.
  std::unique_ptr<net::Resolver> resolver_;
  std::unique_ptr<net::Passwords> passwords_;
  std::unique_ptr<net::Disk> disk_;
  RevocationStore revocations_;
  std::vector<std::shared_ptr<net::Listener>> listeners_;
  CertificateWatch certificates_;
  AdminListeners admin_listeners_;
  bool emptying_ = false;
  std::vector<std::uint64_t> beats_;
  int ticks_ = 0;
  std::uint64_t most_load_ = 0;  // since memory was given back
};

template <class T>
void Bridge::ask_workers(std::function<T(net::Worker&)> question, Duration patience,
                         std::function<void(std::optional<std::vector<T>>)> done) {
  struct Inquiry {
    Inquiry(asio::io_context& control, std::function<void(std::optional<std::vector<T>>)> its_done)
        : done(std::move(its_done)), timer(control) {}
    std::vector<T> answers;
    std::function<void(std::optional<std::vector<T>>)> done;  // empty once it was called
    asio::steady_timer timer;
  };
  const auto inquiry = std::make_shared<Inquiry>(control_, std::move(done));
  const std::size_t expected = workers_.size();
  on_workers([this, inquiry, expected, question = std::move(question)](net::Worker& worker) {
    asio::post(control_, [inquiry, expected, answer = question(worker)]() mutable {
      inquiry->answers.push_back(std::move(answer));
      if (inquiry->answers.size() < expected || !inquiry->done) return;
      inquiry->timer.cancel();
      std::exchange(inquiry->done, nullptr)(std::move(inquiry->answers));
    });
  });
  inquiry->timer.expires_after(patience);
  inquiry->timer.async_wait([inquiry](boost::system::error_code error) {
    if (!error && inquiry->done) std::exchange(inquiry->done, nullptr)(std::nullopt);
  });
}

}  // namespace drawbridge::daemon
