#include "net/tls_end.hpp"

#include <cerrno>

#include <openssl/err.h>
#include <sys/socket.h>

namespace drawbridge::net {

TlsEnd::TlsEnd(Descriptor socket, std::shared_ptr<const TlsContext> context)
    : socket_(std::move(socket)), context_(std::move(context)), ssl_(context_->accept_on(socket_.get())) {
  if (!ssl_) dead_ = IoStatus::failed;
}

// The error queue belongs to the thread, not to the connection: each call below clears it first, or one session's error
// would end the next.
IoStatus TlsEnd::handshake() {
  if (dead_ != IoStatus::ok) return dead_;
  ERR_clear_error();
  const int result = SSL_accept(ssl_.get());
  return result == 1 ? IoStatus::ok : status_of(result);
}

IoResult TlsEnd::read(std::span<std::uint8_t> into) {
  if (dead_ != IoStatus::ok) return {dead_};
  // A record holds at most 16 KiB and SSL_read returns one; filling the buffer from several saves the work of each
  // turn.
  std::size_t filled = 0;
  for (;;) {
    ERR_clear_error();
    std::size_t n = 0;
    const int result = SSL_read_ex(ssl_.get(), into.data() + filled, into.size() - filled, &n);
    if (result != 1) {
      const IoStatus status = status_of(result);
      if (filled == 0) return {status};
      return {IoStatus::ok, filled, status == IoStatus::again_read};
    }
    filled += n;
    if (filled == into.size()) return {IoStatus::ok, filled};
  }
}

IoResult TlsEnd::write(std::span<const std::uint8_t> bytes) {
  if (dead_ != IoStatus::ok) return {dead_};
  ERR_clear_error();
  std::size_t n = 0;
  const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &n);
  return result == 1 ? IoResult{IoStatus::ok, n} : IoResult{status_of(result)};
}

IoStatus TlsEnd::shut_write() {
  if (dead_ == IoStatus::ok) {
    // Called again after again_write it sends the rest; OpenSSL counts close_notify as sent from the first try.
    ERR_clear_error();
    const int result = SSL_shutdown(ssl_.get());
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

IoStatus TlsEnd::status_of(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ: return IoStatus::again_read;
    case SSL_ERROR_WANT_WRITE: return IoStatus::again_write;
    // Later reads may say so again; writing is still allowed (half-close).
    case SSL_ERROR_ZERO_RETURN: return IoStatus::end;
    case SSL_ERROR_SSL: {
      const int why = ERR_GET_REASON(ERR_peek_error());
      was_plain_http_ = why == SSL_R_HTTP_REQUEST || why == SSL_R_HTTPS_PROXY_REQUEST;
      return dead_ = IoStatus::broken;
    }
    default: return dead_ = IoStatus::failed;
  }
}

}  // namespace drawbridge::net
