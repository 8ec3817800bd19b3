#include "net/tls_end.hpp"

#include <cerrno>

#include <openssl/err.h>
#include <sys/socket.h>

namespace drawbridge::net {
namespace {

// However small they are: then the other sessions get their turn.
constexpr int records_a_read = 32;

// Records without payload in a row, with nothing to wait for between them: the handshake has a handful, and new keys
// are rare (RFC 8446 §5.5). OpenSSL takes them all within one call, so a flood would hold up every other session.
constexpr std::uint32_t most_control_records = 64;

// Behind a failed call, while the error queue is as the call left it. The reason why TLS ended stands last there.
std::string_view what_certificate_lacked(const SSL* ssl) {
  const unsigned long last = ERR_peek_last_error();
  if (ERR_GET_LIB(last) == ERR_LIB_SSL && ERR_GET_REASON(last) == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) {
    return "no certificate was sent";
  }
  const long result = SSL_get_verify_result(ssl);
  return result == X509_V_OK ? std::string_view() : X509_verify_cert_error_string(result);
}

}  // namespace

TlsEnd::TlsEnd(Descriptor socket, std::shared_ptr<const TlsContext> context)
    : socket_(std::move(socket)),
      bio_socket_{.fd = socket_.get()},
      context_(std::move(context)),
      ssl_(context_->accept_on(bio_socket_)) {
  guard();
}

TlsEnd::TlsEnd(Descriptor socket, const TlsClientContext& context)
    : socket_(std::move(socket)), bio_socket_{.fd = socket_.get()}, ssl_(context.connect_on(bio_socket_)) {
  guard();
}

// Watches what the peer sends beside payload.
void TlsEnd::guard() {
  if (!ssl_) {
    dead_ = IoStatus::failed;
    return;
  }
  SSL_set_msg_callback(ssl_.get(), &TlsEnd::on_message);
  // As SSL_set_msg_callback_arg, whose macro has an old-style cast.
  SSL_ctrl(ssl_.get(), SSL_CTRL_SET_MSG_CALLBACK_ARG, 0, this);
}

// The error queue belongs to the thread, not to the connection: each call below clears it first, or one session's error
// would end the next.
IoStatus TlsEnd::handshake() {
  if (dead_ != IoStatus::ok) return dead_;
  ERR_clear_error();
  // Behind our Finished of TLS 1.3 only tickets go out, which nobody waits for: they go with the answer to the request.
  std::uint8_t finished = 0;
  bio_socket_.more_follows =
      SSL_version(ssl_.get()) == TLS1_3_VERSION && SSL_get_finished(ssl_.get(), &finished, 1) > 0;
  const int result = SSL_do_handshake(ssl_.get());
  bio_socket_.more_follows = false;
  return result == 1 ? IoStatus::ok : status_of(result);
}

IoResult TlsEnd::read(std::span<std::uint8_t> into) {
  if (dead_ != IoStatus::ok) return {dead_};
  // A record holds at most 16 KiB and SSL_read returns one; filling the buffer from several saves the work of each
  // turn.
  std::size_t filled = 0;
  // What an earlier read found says nothing of what came since.
  bio_socket_.drained = false;
  for (int record = 0; record < records_a_read && filled < into.size(); ++record) {
    ERR_clear_error();
    std::size_t n = 0;
    const int result = SSL_read_ex(ssl_.get(), into.data() + filled, into.size() - filled, &n);
    if (result != 1) {
      const IoStatus status = status_of(result);
      if (filled == 0) return {status};
      return {IoStatus::ok, filled, status == IoStatus::again_read};
    }
    filled += n;
    // Neither in the socket nor here: asking again would only cost a recv to hear so.
    if (bio_socket_.drained && SSL_has_pending(ssl_.get()) == 0) {
      control_records_ = 0;
      return {IoStatus::ok, filled, true};
    }
  }
  return {IoStatus::ok, filled};
}

IoResult TlsEnd::write(std::span<const std::uint8_t> bytes) {
  if (dead_ != IoStatus::ok) return {dead_};
  ERR_clear_error();
  std::size_t n = 0;
  // A call writes one record; the kernel sends several of them together.
  bio_socket_.more_follows = bytes.size() > SSL3_RT_MAX_PLAIN_LENGTH;
  const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &n);
  bio_socket_.more_follows = false;
  return result == 1 ? IoResult{IoStatus::ok, n} : IoResult{status_of(result)};
}

IoStatus TlsEnd::shut_write() {
  if (dead_ == IoStatus::ok) {
    // Called again after again_write it sends the rest; OpenSSL counts close_notify as sent from the first try.
    ERR_clear_error();
    bio_socket_.more_follows = true;  // the FIN
    const int result = SSL_shutdown(ssl_.get());
    bio_socket_.more_follows = false;
    if (result < 0 && status_of(result) == IoStatus::again_write) return IoStatus::again_write;
  }
  return ::shutdown(socket_.get(), SHUT_WR) == 0 ? IoStatus::ok : IoStatus::failed;
}

IoResult TlsEnd::discard(std::span<std::uint8_t> scratch) {
  for (;;) {
    const ssize_t n = ::recv(socket_.get(), scratch.data(), scratch.size(), 0);
    if (n > 0) return {IoStatus::ok, static_cast<std::size_t>(n)};
    if (n == 0) return {IoStatus::end};
    if (errno == EAGAIN || errno == EWOULDBLOCK) return {IoStatus::again_read};
    if (errno != EINTR) return {IoStatus::failed};
  }
}

std::string_view TlsEnd::version() const {
  return ssl_ ? SSL_get_version(ssl_.get()) : "none";
}

std::optional<PeerCertificate> TlsEnd::peer_certificate() const {
  if (!ssl_ || dead_ != IoStatus::ok || SSL_is_init_finished(ssl_.get()) != 1) return {};
  const X509* const certificate = SSL_get0_peer_certificate(ssl_.get());
  if (certificate == nullptr || SSL_get_verify_result(ssl_.get()) != X509_V_OK) return {};
  return read_certificate(*certificate);
}

void TlsEnd::on_message(int is_write, int /*version*/, int content_type, const void* bytes, std::size_t /*size*/,
                        SSL* ssl, void* self) {
  // TLS 1.3 hides the type of an encrypted record in the record.
  if (is_write != 0 || (content_type != SSL3_RT_HEADER && content_type != SSL3_RT_INNER_CONTENT_TYPE)) return;
  if (*static_cast<const std::uint8_t*>(bytes) == SSL3_RT_APPLICATION_DATA) return;
  // As if the peer had closed: OpenSSL takes nothing more, and its call returns.
  if (++static_cast<TlsEnd*>(self)->control_records_ > most_control_records) {
    SSL_set_shutdown(ssl, SSL_get_shutdown(ssl) | SSL_RECEIVED_SHUTDOWN);
  }
}

IoStatus TlsEnd::status_of(int result) {
  if (control_records_ > most_control_records) return dead_ = IoStatus::broken;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ: control_records_ = 0; return IoStatus::again_read;
    case SSL_ERROR_WANT_WRITE: return IoStatus::again_write;
    // Later reads may say so again; writing is still allowed (half-close).
    case SSL_ERROR_ZERO_RETURN: return IoStatus::end;
    case SSL_ERROR_SSL: {
      // Other libraries, which read the client's certificate, have reasons with the same numbers.
      const unsigned long first = ERR_peek_error();
      const int why = ERR_GET_REASON(first);
      was_plain_http_ =
          ERR_GET_LIB(first) == ERR_LIB_SSL && (why == SSL_R_HTTP_REQUEST || why == SSL_R_HTTPS_PROXY_REQUEST);
      certificate_error_ = what_certificate_lacked(ssl_.get());
      return dead_ = IoStatus::broken;
    }
    default: return dead_ = IoStatus::failed;
  }
}

}  // namespace drawbridge::net
