#pragma once

#include "base/time.hpp"
#include "config/config.hpp"
#include "config/forward_url.hpp"
#include "net/forward_cache.hpp"
#include "net/tls_client_context.hpp"
#include "policy/client_key.hpp"

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
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
    Place(Place&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)), client_(other.client_) {}
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (gate_ != nullptr) gate_->leave(client_);
    }
    explicit operator bool() const { return gate_ != nullptr; }

   private:
    friend class ForwardGate;
    Place(ForwardGate* gate, const std::optional<policy::ClientKey>& client) : gate_(gate), client_(client) {}
    ForwardGate* gate_;
    std::optional<policy::ClientKey> client_;
  };
  // Empty, and `why`, if `concurrency` of them are taken, or half of it by this client alone. No client (a peer on a
  // Unix socket) may be many: it is not counted for itself.
  Place enter(const std::optional<client::Address>& client, std::string& why);
  std::uint64_t asking() const;

  // The identity that an equal question was answered with within `cache`.
  std::optional<std::string> known(const ForwardQuestion& question, Instant now);
  // An admission; it holds from when it was asked for.
  void remember(const ForwardQuestion& question, std::string identity, Instant asked, Instant now);

 private:
  void leave(const std::optional<policy::ClientKey>& client);

  explicit ForwardGate(config::ForwardAuth auth) : auth_(std::move(auth)) {}

  const config::ForwardAuth auth_;
  config::ForwardUrl url_;
  std::shared_ptr<const TlsClientContext> tls_;
  mutable std::mutex mutex_;  // guards all of the below
  std::uint64_t asking_ = 0;
  std::unordered_map<policy::ClientKey, std::uint64_t, policy::ClientKeyHash>
      asking_for_;  // those with none are not in it
  ForwardCache cache_;
};

}  // namespace drawbridge::net
