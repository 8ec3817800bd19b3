#pragma once

#include "config/config.hpp"
#include "net/tls_context.hpp"
#include "policy/access.hpp"

#include <memory>
#include <optional>

namespace drawbridge::net {

// What a listener asks of those who come, as the configuration of the moment says. Immutable; a connection keeps the
// one that it came through.
struct Entrance {
  std::shared_ptr<const TlsContext> tls;  // null: plaintext
  config::Access access;
  std::optional<client::Peers> proxy_protocol;
  std::optional<config::TrustedProxies> trusted_proxies;
  std::optional<config::Web> web;

  // Whether the peer only speaks for somebody else, who counts once he is named.
  bool is_proxy(const std::optional<client::Address>& peer) const {
    return proxy_protocol || (trusted_proxies && trusted_proxies->from.contains(peer));
  }
  // Whether a connection from there is taken at all. Only who may speak for others comes in where each connection says
  // whom it is for.
  bool welcomes(const std::optional<client::Address>& peer) const {
    if (proxy_protocol) return proxy_protocol->contains(peer);
    return is_proxy(peer) || policy::may_come(access, peer);
  }
};

}  // namespace drawbridge::net
