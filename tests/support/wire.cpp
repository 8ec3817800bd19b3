#include "support/wire.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace drawbridge::testing {
namespace {

using std::chrono::steady_clock;

[[noreturn]] void throw_os(const char* what) {
  if (errno == ECONNRESET || errno == EPIPE) throw ConnectionReset(os_error(what));
  throw std::runtime_error(os_error(what));
}

struct Endpoint {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

Endpoint endpoint(const std::string& address, std::uint16_t port) {
  Endpoint result;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&result.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&result.storage);
  if (inet_pton(AF_INET, address.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    result.size = sizeof *v4;
  } else if (inet_pton(AF_INET6, address.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    result.size = sizeof *v6;
  } else {
    throw std::invalid_argument("no address: " + address);
  }
  return result;
}

// What all connections have in common.
SSL_CTX* client_context() {
  static SSL_CTX* const context = [] {
    SSL_CTX* made = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(made, 0);
    SSL_CTX_set_options(made, SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(made,
                     SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return made;
  }();
  return context;
}

void use_certificate(SSL* ssl, const std::string& chain, const std::string& key) {
  const auto bio_of = [](const std::string& text) {
    return std::unique_ptr<BIO, decltype(&BIO_free)>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())),
                                                     BIO_free);
  };
  const auto certificates = bio_of(chain);
  const std::unique_ptr<X509, decltype(&X509_free)> own(
      PEM_read_bio_X509(certificates.get(), nullptr, nullptr, nullptr), X509_free);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> private_key(
      PEM_read_bio_PrivateKey(bio_of(key).get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  if (SSL_use_certificate(ssl, own.get()) != 1 || SSL_use_PrivateKey(ssl, private_key.get()) != 1) {
    throw std::runtime_error("the client's certificate cannot be used");
  }
  // As SSL_add0_chain_cert, whose macro has an old-style cast.
  while (X509* issuer = PEM_read_bio_X509(certificates.get(), nullptr, nullptr, nullptr)) {
    SSL_ctrl(ssl, SSL_CTRL_CHAIN_CERT, 0, issuer);
  }
}

}  // namespace

std::string os_error(const char* what) {
  return std::string(what) + ": " + std::strerror(errno);
}

void set_server_name(SSL* ssl, std::string name) {
  SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
}

Wire::Wire(int descriptor, int stop) : descriptor_(descriptor), stop_(stop) {
  fcntl(descriptor_, F_SETFL, fcntl(descriptor_, F_GETFL) | O_NONBLOCK);
  const int on = 1;
  setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // a Unix socket refuses it, and needs it not
}

Wire::Wire(Wire&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      stop_(other.stop_),
      ssl_(std::move(other.ssl_)),
      unread_(std::move(other.unread_)),
      patience_(other.patience_) {}

Wire& Wire::operator=(Wire&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(stop_, other.stop_);
  std::swap(ssl_, other.ssl_);
  std::swap(unread_, other.unread_);
  std::swap(patience_, other.patience_);
  return *this;
}

Wire::~Wire() {
  close();
}

void Wire::start_tls(const TlsOptions& options) {
  ssl_.reset(SSL_new(client_context()));
  SSL_set_fd(ssl_.get(), descriptor_);
  SSL_set_max_proto_version(ssl_.get(), options.max_version);
  // Otherwise OpenSSL itself refuses what the bridge is to refuse.
  if (options.max_version < TLS1_2_VERSION || !options.ciphers.empty()) SSL_set_security_level(ssl_.get(), 0);
  if (!options.ciphers.empty()) SSL_set_cipher_list(ssl_.get(), options.ciphers.c_str());
  if (!options.server_name.empty()) set_server_name(ssl_.get(), options.server_name);
  if (!options.alpn.empty()) {
    const std::string wire_format = static_cast<char>(options.alpn.size()) + options.alpn;
    SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(wire_format.data()),
                        static_cast<unsigned>(wire_format.size()));
  }
  if (!options.chain.empty()) use_certificate(ssl_.get(), options.chain, options.key);
  if (options.session != nullptr) SSL_set_session(ssl_.get(), options.session);
  const auto deadline = steady_clock::now() + patience_;
  for (;;) {
    ERR_clear_error();
    const int result = SSL_connect(ssl_.get());
    if (result == 1) return;
    const int error = SSL_get_error(ssl_.get(), result);
    if (error == SSL_ERROR_WANT_READ) {
      wait_or_throw(POLLIN, deadline, "TLS handshake");
    } else if (error == SSL_ERROR_WANT_WRITE) {
      wait_or_throw(POLLOUT, deadline, "TLS handshake");
    } else {
      const char* why = ERR_reason_error_string(ERR_peek_error());
      throw std::runtime_error(std::string("TLS handshake: ") + (why != nullptr ? why : "closed"));
    }
  }
}

std::string Wire::tls_version() const {
  return SSL_get_version(ssl_.get());
}

std::string Wire::alpn() const {
  const unsigned char* data = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &data, &size);
  return {reinterpret_cast<const char*>(data), size};
}

std::string Wire::peer_certificate() const {
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> bio(BIO_new(BIO_s_mem()), BIO_free_all);
  PEM_write_bio_X509(bio.get(), SSL_get0_peer_certificate(ssl_.get()));
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

Wire::Step Wire::try_read(char* data, std::size_t size) {
  if (ssl_) {
    ERR_clear_error();
    std::size_t got = 0;
    const int result = SSL_read_ex(ssl_.get(), data, size, &got);
    if (result == 1) return {.bytes = got};
    switch (SSL_get_error(ssl_.get(), result)) {
      case SSL_ERROR_WANT_READ: return {.bytes = {}, .wait_for = POLLIN};
      case SSL_ERROR_WANT_WRITE: return {.bytes = {}, .wait_for = POLLOUT};
      case SSL_ERROR_ZERO_RETURN: return {.bytes = 0};
      case SSL_ERROR_SYSCALL: throw_os("TLS read");
      default: throw std::runtime_error(std::string("TLS read: ") + ERR_reason_error_string(ERR_peek_error()));
    }
  }
  const ssize_t got = recv(descriptor_, data, size, 0);
  if (got >= 0) return {.bytes = static_cast<std::size_t>(got)};
  if (errno == EAGAIN || errno == EINTR) return {.bytes = {}, .wait_for = POLLIN};
  throw_os("read");
}

Wire::Step Wire::try_write(std::string_view bytes) {
  if (ssl_) {
    ERR_clear_error();
    std::size_t put = 0;
    const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &put);
    if (result == 1) return {.bytes = put};
    switch (SSL_get_error(ssl_.get(), result)) {
      case SSL_ERROR_WANT_READ: return {.bytes = {}, .wait_for = POLLIN};
      case SSL_ERROR_WANT_WRITE: return {.bytes = {}, .wait_for = POLLOUT};
      default: throw_os("TLS write");
    }
  }
  const ssize_t put = send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (put >= 0) return {.bytes = static_cast<std::size_t>(put)};
  if (errno == EAGAIN || errno == EINTR) return {.bytes = {}, .wait_for = POLLOUT};
  throw_os("write");
}

bool Wire::wait(short events, steady_clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now()).count();
  pollfd waits[2] = {{descriptor_, events, 0}, {stop_, POLLIN, 0}};
  const int ready = poll(waits, 2, left > 0 ? static_cast<int>(left) : 0);
  if (waits[1].revents != 0) throw Stopped("stopped");
  return ready > 0;
}

void Wire::wait_or_throw(short events, steady_clock::time_point deadline, const char* what) {
  if (!wait(events, deadline)) throw Timeout(std::string(what) + ": deadline passed");
}

std::string Wire::read_some(std::size_t most) {
  if (!unread_.empty()) {
    std::string result = unread_.substr(0, most);
    unread_.erase(0, result.size());
    return result;
  }
  std::string result(most, '\0');
  const auto deadline = steady_clock::now() + patience_;
  for (;;) {
    const Step step = try_read(result.data(), result.size());
    if (step.bytes) {
      result.resize(*step.bytes);
      return result;
    }
    wait_or_throw(step.wait_for, deadline, "read");
  }
}

std::string Wire::read_exactly(std::size_t size) {
  std::string result;
  result.reserve(size);
  while (result.size() < size) {
    const std::string piece = read_some(size - result.size());
    if (piece.empty()) throw EndOfStream("stream ended after " + std::to_string(result.size()) + " bytes");
    result += piece;
  }
  return result;
}

std::string Wire::read_until(std::string_view mark) {
  std::string result;
  for (;;) {
    const std::string piece = read_some();
    if (piece.empty()) throw EndOfStream("stream ended after: " + result);
    result += piece;
    if (const std::size_t at = result.find(mark); at != std::string::npos) {
      unread_.insert(0, result.substr(at + mark.size()));
      result.resize(at + mark.size());
      return result;
    }
  }
}

std::string Wire::read_to_end() {
  std::string result;
  for (;;) {
    const std::string piece = read_some();
    if (piece.empty()) return result;
    result += piece;
  }
}

std::string Wire::read_to_end_or_reset() {
  std::string result;
  try {
    for (;;) {
      const std::string piece = read_some();
      if (piece.empty()) return result;
      result += piece;
    }
  } catch (const ConnectionReset&) {
    return result;
  }
}

bool Wire::readable(std::chrono::milliseconds within) {
  const auto deadline = steady_clock::now() + within;
  if (!ssl_) return !unread_.empty() || wait(POLLIN, deadline);
  // What arrives may be TLS's own, a session ticket for example: only decrypting tells.
  while (unread_.empty()) {
    char byte = 0;
    const Step step = try_read(&byte, 1);
    if (step.bytes == 0U) return true;
    if (step.bytes) {
      unread_.push_back(byte);
    } else if (!wait(step.wait_for, deadline)) {
      return false;
    }
  }
  return true;
}

void Wire::do_nothing() {
  wait_or_throw(0, steady_clock::now() + patience_, "do nothing");
}

void Wire::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const Step step = try_write(bytes);
    if (step.bytes) {
      bytes.remove_prefix(*step.bytes);
    } else {
      wait_or_throw(step.wait_for, steady_clock::now() + patience_, "write");
    }
  }
}

std::size_t Wire::write_until_stuck(std::string_view pattern, std::chrono::milliseconds stuck_for) {
  std::size_t total = 0;
  for (;;) {
    const Step step = try_write(pattern.substr(total % pattern.size()));
    if (step.bytes) {
      total += *step.bytes;
    } else if (!wait(step.wait_for, steady_clock::now() + stuck_for)) {
      return total;
    }
  }
}

void Wire::exchange(const std::function<std::string_view()>& next, const std::function<bool(std::string_view)>& got) {
  std::string buffer(64 << 10, '\0');
  std::string_view out = next();
  bool more = unread_.empty() || got(std::exchange(unread_, {}));
  while (!out.empty() || more) {
    bool moved = false;
    short wait_for = 0;
    if (!out.empty()) {
      const Step step = try_write(out);
      moved = step.bytes.has_value();
      wait_for = step.wait_for;
      out.remove_prefix(step.bytes.value_or(0));
      if (out.empty()) out = next();
    }
    if (more) {
      const Step step = try_read(buffer.data(), buffer.size());
      if (step.bytes && *step.bytes == 0) throw EndOfStream("stream ended in an exchange");
      if (step.bytes) more = got(std::string_view(buffer).substr(0, *step.bytes));
      moved = moved || step.bytes;
      wait_for = static_cast<short>(wait_for | step.wait_for);
    }
    if (!moved) wait_or_throw(wait_for, steady_clock::now() + patience_, "exchange");
  }
}

void Wire::shutdown_write() {
  if (ssl_) SSL_shutdown(ssl_.get());
  shutdown(descriptor_, SHUT_WR);
}

void Wire::close() {
  ssl_.reset();
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

void Wire::reset() {
  const linger hard{.l_onoff = 1, .l_linger = 0};
  setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  close();
}

Wire connect_tcp(std::uint16_t port, const std::string& address, const std::string& source) {
  const Endpoint to = endpoint(address, port);
  const int descriptor = socket(to.get()->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) throw_os("socket");
  if (!source.empty()) {
    const Endpoint from = endpoint(source, 0);
    if (bind(descriptor, from.get(), from.size) != 0) throw_os("bind");
  }
  if (connect(descriptor, to.get(), to.size) != 0) {
    const std::string why = os_error("connect");
    ::close(descriptor);
    throw std::runtime_error(why);
  }
  return Wire(descriptor);
}

Wire connect_unix(const std::string& path) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  path.copy(to.sun_path, sizeof to.sun_path - 1);
  const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(descriptor, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    const std::string why = os_error("connect");
    ::close(descriptor);
    throw std::runtime_error(why);
  }
  return Wire(descriptor);
}

Listening listen_tcp(const std::string& address, int backlog) {
  Endpoint at = endpoint(address, 0);
  const int descriptor = socket(at.get()->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(descriptor, at.get(), at.size) != 0 || listen(descriptor, backlog) != 0) throw_os("listen");
  getsockname(descriptor, reinterpret_cast<sockaddr*>(&at.storage), &at.size);
  const auto* v4 = reinterpret_cast<const sockaddr_in*>(&at.storage);
  return {descriptor, ntohs(v4->sin_port)};  // the port lies at the same place in both families
}

}  // namespace drawbridge::testing
