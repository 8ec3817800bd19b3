#include "net/forward_gate.hpp"

#include "config/load.hpp"

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

ForwardGate::Place ForwardGate::enter() {
  if (asking_.fetch_add(1, std::memory_order_relaxed) < auth_.concurrency) return Place(this);
  asking_.fetch_sub(1, std::memory_order_relaxed);
  return Place(nullptr);
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
