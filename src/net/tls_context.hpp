#pragma once

#include "config/config.hpp"
#include "net/socket_bio.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/ssl.h>

namespace drawbridge::net {

struct SslContextFree {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
struct SslFree {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using Ssl = std::unique_ptr<SSL, SslFree>;

// What a TLS listener offers: its certificates, and the protocol settings they share. Immutable; shared by all workers
// and by the connections that were made with it.
class TlsContext {
 public:
  // Null if a file cannot be used; `why` then says which and why. `bind` is the listener's, as text: a session is
  // resumed only where it began, under the same certificate and the same rules.
  static std::shared_ptr<const TlsContext> make(const config::Tls& tls, const std::string& bind,
                                                const std::string& credentials_directory, std::string& why);

  // What its certificates say, in the order of the configuration.
  struct Certificate {
    std::string subject;         // the common name, else the first alternative name, else the fingerprint
    std::int64_t not_after = 0;  // Unix seconds
  };
  std::vector<Certificate> certificates() const;

  // A server connection over a non-blocking socket, which must outlive it.
  Ssl accept_on(BioSocket& socket) const;

  // False if `host` belongs to another certificate of this listener than the one `ssl` presented (RFC 9110 §15.5.20).
  bool may_serve(const SSL* ssl, std::string_view host) const;
  // The same of a connection that would ask for `server_name` (RFC 6066 §3; empty: for none).
  bool may_serve(const std::string& server_name, std::string_view host) const;

 private:
  TlsContext() = default;

  static int choose_certificate(SSL* ssl, int* alert, void* self);
  static int confirm_name(SSL* ssl, int* alert, void* self);
  // Null if no certificate does.
  SSL_CTX* context_for(const std::string& host) const;
  bool speaks_for(const SSL_CTX* context, const std::string& host) const;
  bool may_serve_with(const SSL_CTX* chosen, const std::string& host) const;

  // One a certificate; the first answers unknown or absent names.
  std::vector<std::unique_ptr<SSL_CTX, SslContextFree>> contexts_;
};

}  // namespace drawbridge::net
