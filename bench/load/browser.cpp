#include "load/browser.hpp"

#include "load/failure.hpp"
#include "load/rig.hpp"

#include <algorithm>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/epoll.h>
#include <sys/socket.h>

namespace drawbridge::bench {

namespace {

// The sample of RFC 6455 §1.3.
constexpr const char* key = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr const char* accept_for_key = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

constexpr int turns = 16;  // reads or writes before the other sessions have theirs

int dial(std::uint16_t port, std::uint32_t index) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket < 0) throw system_failure("socket");
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  // Other source addresses, so that many sessions do not run out of ports; the port is chosen at connect, by the whole
  // tuple.
  ::setsockopt(socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + index / 4096 % 200);
  if (::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) throw system_failure("bind");
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 && errno != EINPROGRESS)
    throw system_failure("connect");
  return socket;
}

std::string describe(int ssl_error) {
  switch (ssl_error) {
    case SSL_ERROR_ZERO_RETURN: return "closed";
    case SSL_ERROR_SYSCALL: return errno == 0 ? "closed without close_notify" : system_failure("reset").what();
    default: {
      const unsigned long error = ERR_get_error();
      const char* reason = ERR_reason_error_string(error);
      return std::string("TLS: ") + (reason != nullptr ? reason : "?");
    }
  }
}

}  // namespace

Browser::Browser(Rig& rig, Session& session)
    : Watched(rig.loop(), dial(rig.options().target_port, session.index)),
      rig_(rig),
      session_(session),
      websocket_(rig.options().websocket),
      ssl_(SSL_new(rig.tls()), SSL_free) {
  if (!ssl_ || SSL_set_fd(ssl_.get(), descriptor()) != 1) throw Failure("SSL_new");
  // SSL_set_tlsext_host_name without the macro's C cast.
  std::string host = rig.options().host;
  SSL_ctrl(ssl_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, host.data());
  if (SSL_SESSION* before = rig.session_to_resume(); before != nullptr) SSL_set_session(ssl_.get(), before);
  watch(EPOLLOUT);
}

void Browser::flush() {
  write();
  update_interest();
}

void Browser::close() {
  if (!websocket_) {
    // What was appended has gone out: only openings are closed.
    SSL_shutdown(ssl_.get());
    return;
  }
  outbox_.append_frame(Opcode::close, 2, [](std::span<std::byte> payload) {
    payload[0] = std::byte{1000 >> 8};
    payload[1] = std::byte{1000 & 0xFF};
  });
  state_ = State::closing;
  flush();
}

void Browser::wants_to_send(bool yes) {
  sending_ = yes;
  update_interest();
}

void Browser::pause_reading(bool yes) {
  paused_ = yes;
  update_interest();
}

void Browser::ready(std::uint32_t events) {
  if (state_ == State::connecting) connected();
  if (state_ == State::handshaking) handshake();
  if (state_ >= State::upgrading) {
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && !paused_) read();
    write();
    update_interest();
  }
}

void Browser::connected() {
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(descriptor(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) {
    errno = error;
    return ended(system_failure("connect").what());
  }
  state_ = State::handshaking;
}

void Browser::handshake() {
  ERR_clear_error();
  const int result = SSL_connect(ssl_.get());
  if (result != 1) {
    const int error = SSL_get_error(ssl_.get(), result);
    if (error == SSL_ERROR_WANT_READ) return watch(EPOLLIN);
    if (error == SSL_ERROR_WANT_WRITE) return watch(EPOLLOUT);
    return ended(describe(error));
  }
  if (websocket_) return ask_for_upgrade();
  state_ = State::open;
  rig_.upgraded(session_);
}

void Browser::ask_for_upgrade() {
  const Options& options = rig_.options();
  const std::string request = "GET " + options.path + " HTTP/1.1\r\nHost: " + options.host + ':' +
                              std::to_string(options.target_port) + "\r\nOrigin: " + options.origin +
                              "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                              "Sec-WebSocket-Key: " +
                              key + "\r\n\r\n";
  std::memcpy(outbox_.append(request.size()).data(), request.data(), request.size());
  state_ = State::upgrading;
}

void Browser::read() {
  for (int turn = 0; turn < turns && !paused_ && state_ != State::ended; ++turn) {
    ERR_clear_error();
    errno = 0;
    const auto scratch = rig_.scratch();
    const int count = SSL_read(ssl_.get(), scratch.data(), static_cast<int>(scratch.size()));
    if (count <= 0) {
      const int error = SSL_get_error(ssl_.get(), count);
      if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) ended(describe(error));
      return;
    }
    rig_.progress();
    const auto bytes = scratch.first(static_cast<std::size_t>(count));
    if (state_ == State::upgrading) {
      read_head(bytes);
    } else if (!websocket_) {
      data(bytes);
    } else {
      frames_.feed(bytes, *this);
    }
  }
}

void Browser::read_head(std::span<const std::byte> bytes) {
  const std::size_t before = head_.size();
  for (const std::byte byte : bytes) head_ += std::to_integer<char>(byte);
  const auto end = head_.find("\r\n\r\n");
  if (end == std::string::npos) return;
  if (!head_.starts_with("HTTP/1.1 101 ") || head_.find(accept_for_key) == std::string::npos)
    return ended("the upgrade was answered with: " + head_);
  const std::size_t head_size = end + 4;
  head_ = {};
  state_ = State::open;
  rig_.upgraded(session_);
  frames_.feed(bytes.subspan(head_size - before), *this);
}

void Browser::write() {
  for (int turn = 0; turn < turns && state_ != State::ended; ++turn) {
    if (outbox_.empty() && sending_ && state_ == State::open) rig_.play().browser_writable(session_);
    if (outbox_.empty()) return;
    ERR_clear_error();
    errno = 0;
    std::size_t count = 0;
    const int result = SSL_write_ex(ssl_.get(), outbox_.data(), outbox_.size(), &count);
    if (result != 1) {
      const int error = SSL_get_error(ssl_.get(), result);
      // What the target said before it went away is still to be read, and says more than this error.
      if (error != SSL_ERROR_WANT_WRITE && error != SSL_ERROR_WANT_READ) outbox_.consume(outbox_.size());
      return;
    }
    rig_.progress();
    outbox_.consume(count);
  }
}

void Browser::ended(std::string why) {
  if (end_.empty()) end_ = std::move(why);
  state_ = State::ended;
  shut();
  rig_.browser_ended(session_);
}

void Browser::update_interest() {
  const bool write = !outbox_.empty() || (sending_ && state_ == State::open);
  watch((paused_ ? 0U : static_cast<unsigned>(EPOLLIN)) | (write ? static_cast<unsigned>(EPOLLOUT) : 0U));
}

void Browser::data(std::span<const std::byte> payload) {
  // After its Close a browser ignores data (RFC 6455 §1.4).
  if (state_ == State::open) rig_.play().browser_received(session_, payload);
}

void Browser::control(Opcode opcode, std::span<const std::byte> payload) {
  const auto answer = [&](Opcode with) {
    outbox_.append_frame(with, payload.size(),
                         [&](std::span<std::byte> out) { std::copy(payload.begin(), payload.end(), out.begin()); });
  };
  if (opcode == Opcode::ping) {
    ++pings_;
    answer(Opcode::pong);
  } else if (opcode == Opcode::close) {
    if (payload.size() >= 2) {
      const auto octet = [&](std::size_t i) { return std::to_integer<unsigned>(payload[i]); };
      end_ = "close " + std::to_string(octet(0) << 8 | octet(1)) + ' ';
      for (const std::byte byte : payload.subspan(2)) end_ += std::to_integer<char>(byte);
    }
    if (state_ == State::open) {
      answer(Opcode::close);
      state_ = State::closing;
    }
  }
}

}  // namespace drawbridge::bench
