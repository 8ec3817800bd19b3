#include "net/end.hpp"

#include <cerrno>

#include <sys/socket.h>

namespace drawbridge::net {

IoResult PlainEnd::read(std::span<std::uint8_t> into) {
  for (;;) {
    const ssize_t n = ::recv(socket_.get(), into.data(), into.size(), 0);
    if (n > 0) {
      const auto bytes = static_cast<std::size_t>(n);
      return {IoStatus::ok, bytes, bytes < into.size()};
    }
    if (n == 0) return {IoStatus::end};
    if (errno == EAGAIN || errno == EWOULDBLOCK) return {IoStatus::again_read};
    if (errno != EINTR) return {IoStatus::failed};
  }
}

IoResult PlainEnd::write(std::span<const std::uint8_t> bytes) {
  for (;;) {
    const ssize_t n = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n > 0) return {IoStatus::ok, static_cast<std::size_t>(n)};
    if (errno == EAGAIN || errno == EWOULDBLOCK) return {IoStatus::again_write};
    if (errno == ENOBUFS || errno == ENOMEM) {
      lacked_memory_ = true;
      return {IoStatus::again_write};
    }
    if (errno != EINTR) return {IoStatus::failed};
  }
}

IoStatus PlainEnd::shut_write() {
  return ::shutdown(socket_.get(), SHUT_WR) == 0 ? IoStatus::ok : IoStatus::failed;
}

}  // namespace drawbridge::net
