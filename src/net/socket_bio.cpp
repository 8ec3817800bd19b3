#include "net/socket_bio.hpp"

#include <cerrno>
#include <cstddef>

#include <sys/socket.h>

namespace drawbridge::net {
namespace {

BioSocket& socket_of(BIO* bio) {
  return *static_cast<BioSocket*>(BIO_get_data(bio));
}

bool is_passing(int error) {
  return error == EAGAIN || error == EWOULDBLOCK;
}

// As OpenSSL's own socket BIO both return 1, 0 at the end of the stream, or -1: SSL_shutdown takes a 0 for success.

int socket_read(BIO* bio, char* into, std::size_t size, std::size_t* got) {
  BIO_clear_retry_flags(bio);
  BioSocket& socket = socket_of(bio);
  ssize_t n = -1;
  do {
    n = ::recv(socket.fd, into, size, 0);
  } while (n < 0 && errno == EINTR);
  *got = n > 0 ? static_cast<std::size_t>(n) : 0;
  socket.drained = n > 0 ? *got < size : n < 0;
  if (n > 0) return 1;
  if (n == 0) {
    BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    return 0;
  }
  if (is_passing(errno)) BIO_set_retry_read(bio);
  return -1;
}

int socket_write(BIO* bio, const char* bytes, std::size_t size, std::size_t* taken) {
  BIO_clear_retry_flags(bio);
  BioSocket& socket = socket_of(bio);
  ssize_t n = -1;
  do {
    n = ::send(socket.fd, bytes, size, MSG_NOSIGNAL | (socket.more_follows ? MSG_MORE : 0));
  } while (n < 0 && errno == EINTR);
  *taken = n > 0 ? static_cast<std::size_t>(n) : 0;
  if (n > 0) return 1;
  socket.lacked_memory = errno == ENOBUFS || errno == ENOMEM;
  if (n < 0 && (is_passing(errno) || socket.lacked_memory)) BIO_set_retry_write(bio);
  return -1;
}

long socket_control(BIO* bio, int command, long /*number*/, void* /*pointer*/) {
  switch (command) {
    case BIO_CTRL_FLUSH: return 1;
    case BIO_CTRL_EOF: return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
    default: return 0;
  }
}

const BIO_METHOD* method() {
  static const BIO_METHOD* const made = [] {
    BIO_METHOD* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "drawbridge socket");
    BIO_meth_set_read_ex(m, socket_read);
    BIO_meth_set_write_ex(m, socket_write);
    BIO_meth_set_ctrl(m, socket_control);
    return m;
  }();
  return made;
}

}  // namespace

BIO* new_socket_bio(BioSocket& socket) {
  BIO* bio = BIO_new(method());
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio, &socket);
  BIO_set_init(bio, 1);
  return bio;
}

}  // namespace drawbridge::net
