#pragma once

#include "auth/key_file.hpp"
#include "auth/revocations.hpp"
#include "daemon/log_sink.hpp"
#include "daemon/quota_store.hpp"
#include "net/listener.hpp"
#include "net/listening_socket.hpp"
#include "net/worker.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace drawbridge::daemon {

namespace asio = boost::asio;

// The whole of the running daemon: listeners on the control thread, workers on theirs, and what they share.
class Bridge {
 public:
  // Nothing listens yet. `descriptors`: how many this process may have.
  Bridge(asio::io_context& control, LogSink& log, net::InheritedSockets inherited, std::uint64_t descriptors,
         const config::Config& config);
  ~Bridge();

  // Puts a configuration in force, the first or another. All or nothing: what cannot be had (a port, a certificate) is
  // returned as a list of errors (file:line:column: message), and nothing changed.
  std::vector<std::string> apply(config::Config config);

  // Stops accepting; sessions end with 1012, spread over the time that the configuration gives (timeouts.drain).
  void drain();
  // Connections of any kind that are still here.
  std::uint64_t load() const;
  // Ends everything at once.
  void stop();

  // True if every worker has shown a sign of life since the last call that returned true; asks for the next.
  bool alive();
  const config::Config& config() const { return snapshot_->config(); }
  // Once a second: summaries of what was too much to log.
  void tick();

 private:
  struct Planned;

  void accepted(net::Descriptor socket, const sockaddr_storage& address,
                const std::shared_ptr<const net::Entrance>& entrance);
  void log_dropped(const std::optional<client::Address>& peer, Reason reason, Instant now);
  static void start_new(const std::vector<Planned>& planned);
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
  policy::Quotas quotas_;
  QuotaStore quota_store_;
  std::shared_ptr<const net::Snapshot> snapshot_;
  std::vector<std::unique_ptr<net::Worker>> workers_;
  // These go after the workers' threads, before what they call back.
  std::unique_ptr<net::Resolver> resolver_;
  std::unique_ptr<net::Passwords> passwords_;
  std::unique_ptr<auth::KeyFile<auth::Revocations>> revocations_;  // null: none
  std::vector<std::shared_ptr<net::Listener>> listeners_;
  std::vector<std::uint64_t> beats_;
  int ticks_ = 0;
  std::uint64_t most_load_ = 0;  // since memory was given back
};

}  // namespace drawbridge::daemon
