#pragma once

#include "net/end.hpp"
#include "net/peer_certificate.hpp"
#include "net/socket_bio.hpp"
#include "net/tls_client_context.hpp"
#include "net/tls_context.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace drawbridge::net {

// A TLS connection, the server's end or the client's: OpenSSL directly over the descriptor, without buffers of its own.
class TlsEnd : public End {
 public:
  TlsEnd(Descriptor socket, std::shared_ptr<const TlsContext> context);
  TlsEnd(Descriptor socket, const TlsClientContext& context);

  // ok once the handshake is done; call again after again_*.
  IoStatus handshake();
  // After a failed handshake: what came was no TLS but a plain HTTP request.
  bool was_plain_http() const { return was_plain_http_; }
  // After a failed handshake: why the peer's certificate was refused ("certificate has expired"); empty if it was not
  // for that.
  std::string_view certificate_error() const { return certificate_error_; }

  IoResult read(std::span<std::uint8_t> into) override;
  IoResult write(std::span<const std::uint8_t> bytes) override;
  IoStatus shut_write() override;
  IoResult discard(std::span<std::uint8_t> scratch) override;
  bool lacked_memory() override { return std::exchange(bio_socket_.lacked_memory, false); }

  // "TLSv1.3"
  std::string_view version() const;
  // After the handshake: what the client's certificate says, which was found to be good. Absent if it sent none.
  std::optional<PeerCertificate> peer_certificate() const;
  bool may_serve(std::string_view host) const { return ssl_ && context_->may_serve(ssl_.get(), host); }

 private:
  void guard();
  static void on_message(int is_write, int version, int content_type, const void* bytes, std::size_t size, SSL* ssl,
                         void* self);
  IoStatus status_of(int result);

  Descriptor socket_;
  BioSocket bio_socket_;
  std::shared_ptr<const TlsContext> context_;  // null for a client's end
  Ssl ssl_;
  IoStatus dead_ = IoStatus::ok;  // after SSL_ERROR_SSL or SYSCALL no call may follow (SSL_get_error(3))
  bool was_plain_http_ = false;
  std::string_view certificate_error_;
  std::uint32_t control_records_ = 0;  // of the peer, since it was last waited for
};

}  // namespace drawbridge::net
