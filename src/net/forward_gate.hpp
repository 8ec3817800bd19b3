#pragma once

#include "base/time.hpp"
#include "config/config.hpp"
#include "config/forward_url.hpp"
#include "net/forward_cache.hpp"
#include "net/tls_client_context.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace drawbridge::net {

// What all workers share of one `forward` of one route in one configuration: how its service is reached, how many ask
// it just now, and whom it admitted lately. Any thread.
class ForwardGate {
 public:
  // Null if the URL is wrong or the certificates cannot be read; `why` then says so.
  static std::shared_ptr<ForwardGate> make(config::ForwardAuth auth, const std::string& credentials_directory,
                                           std::string& why);

  const config::ForwardAuth& auth() const { return auth_; }
  const config::ForwardUrl& url() const { return url_; }
  const TlsClientContext* tls() const { return tls_.get(); }  // null: http or a Unix socket

  // One of those who may ask at once; given back when it dies, which must be before the gate does.
  class Place {
   public:
    Place(Place&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (gate_ != nullptr) gate_->asking_.fetch_sub(1, std::memory_order_relaxed);
    }
    explicit operator bool() const { return gate_ != nullptr; }

   private:
    friend class ForwardGate;
    explicit Place(ForwardGate* gate) : gate_(gate) {}
    ForwardGate* gate_;
  };
  // Empty if `concurrency` of them are taken.
  Place enter();
  std::uint64_t asking() const { return asking_.load(std::memory_order_relaxed); }

  // The identity that an equal question was answered with within `cache`.
  std::optional<std::string> known(const ForwardQuestion& question, Instant now);
  // An admission; it holds from when it was asked for.
  void remember(const ForwardQuestion& question, std::string identity, Instant asked, Instant now);

 private:
  explicit ForwardGate(config::ForwardAuth auth) : auth_(std::move(auth)) {}

  const config::ForwardAuth auth_;
  config::ForwardUrl url_;
  std::shared_ptr<const TlsClientContext> tls_;
  std::atomic<std::uint64_t> asking_{0};
  std::mutex mutex_;
  ForwardCache cache_;  // guarded by mutex_
};

}  // namespace drawbridge::net
