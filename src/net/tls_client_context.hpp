#pragma once

#include "net/socket_bio.hpp"
#include "net/tls_context.hpp"

#include <memory>
#include <string>

namespace drawbridge::net {

// How one server is spoken to over TLS: its name, and who may vouch for it. Immutable; shared by all workers.
class TlsClientContext {
 public:
  // `host`: a name, or a numeric address without brackets. `ca`: the path of a PEM bundle; empty: the system's store.
  // Null if it cannot be used; `why` then says why, as a sentence of its own.
  static std::shared_ptr<const TlsClientContext> make(std::string host, const std::string& ca, std::string& why);

  // A client connection over a non-blocking socket, which must outlive it. Its handshake fails unless the server has a
  // certificate for the host that is valid now. Null if memory is short.
  Ssl connect_on(BioSocket& socket) const;

 private:
  TlsClientContext() = default;

  std::unique_ptr<SSL_CTX, SslContextFree> context_;
  std::string host_;
  bool is_address_ = false;
};

}  // namespace drawbridge::net
