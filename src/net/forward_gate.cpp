#include "net/forward_gate.hpp"

#include "config/load.hpp"

#include <algorithm>

namespace drawbridge::net {

std::shared_ptr<ForwardGate> ForwardGate::make(config::ForwardAuth auth, const std::string& credentials_directory,
                                               std::string& why) {
  const auto url = config::parse_forward_url(auth.url, why);
  if (!url) {
    why = "`url` " + why;
    return nullptr;
  }
  const std::string ca = auth.ca.empty() ? "" : config::file_of(auth.ca, credentials_directory);
  std::shared_ptr<ForwardGate> made(new ForwardGate(std::move(auth)));
  made->url_ = *url;
  if (!url->tls) return made;
  made->tls_ = TlsClientContext::make(url->host, ca, why);
  return made->tls_ ? made : nullptr;
}

ForwardGate::Place ForwardGate::enter(const std::optional<client::Address>& client, std::string& why) {
  const std::uint64_t most_of_one = std::max<std::uint64_t>(auth_.concurrency / 2, 1);
  std::optional<policy::ClientKey> key;
  if (client) key = policy::client_key(*client);
  const std::lock_guard lock(mutex_);
  if (asking_ >= auth_.concurrency) {
    why = "is asked by as many at once as `concurrency` says";
    return {nullptr, {}};
  }
  if (key) {
    std::uint64_t& of_one = asking_for_[*key];
    if (of_one >= most_of_one) {
      why = "is asked about this client as often at once as its half of `concurrency` allows";
      return {nullptr, {}};
    }
    ++of_one;
  }
  ++asking_;
  return {this, key};
}

void ForwardGate::leave(const std::optional<policy::ClientKey>& client) {
  const std::lock_guard lock(mutex_);
  --asking_;
  if (!client) return;
  const auto of_one = asking_for_.find(*client);
  if (--of_one->second == 0) asking_for_.erase(of_one);
}

std::uint64_t ForwardGate::asking() const {
  const std::lock_guard lock(mutex_);
  return asking_;
}

std::optional<std::string> ForwardGate::known(const ForwardQuestion& question, Instant now) {
  if (!auth_.cache) return std::nullopt;
  const ForwardKey key = key_of(question);
  const std::lock_guard lock(mutex_);
  return cache_.find(key, now);
}

void ForwardGate::remember(const ForwardQuestion& question, std::string identity, Instant asked, Instant now) {
  if (!auth_.cache) return;
  const ForwardKey key = key_of(question);
  const std::lock_guard lock(mutex_);
  cache_.keep(key, std::move(identity), now, asked + *auth_.cache);
}

}  // namespace drawbridge::net
