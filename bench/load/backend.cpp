#include "load/backend.hpp"

#include "load/failure.hpp"
#include "load/rig.hpp"

#include <algorithm>
#include <cstring>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

namespace drawbridge::bench {

namespace {

constexpr int turns = 16;  // reads before the other sessions have theirs

bool would_block() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

}  // namespace

Peer::Peer(Rig& rig, int descriptor) : Watched(rig.loop(), descriptor), rig_(rig) {
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  watch(EPOLLIN);
}

std::size_t Peer::send(std::span<const std::byte> bytes) {
  const ssize_t count = ::send(descriptor(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  // An error shows again, and with its story, when this end is read.
  if (count <= 0) return 0;
  rig_.progress();
  return static_cast<std::size_t>(count);
}

void Peer::wants_to_send(bool yes) {
  sending_ = yes;
  update_interest();
}

void Peer::pause_reading(bool yes) {
  paused_ = yes;
  update_interest();
}

void Peer::ready(std::uint32_t events) {
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && !paused_) read();
  if (descriptor() >= 0 && sending_ && (events & EPOLLOUT) != 0) rig_.play().backend_writable(*session_);
}

void Peer::read() {
  for (int turn = 0; turn < turns && !paused_; ++turn) {
    const auto scratch = rig_.scratch();
    const ssize_t count = ::recv(descriptor(), scratch.data(), scratch.size(), 0);
    if (count < 0 && would_block()) return;
    if (count <= 0) {
      shut();
      if (session_ != nullptr) return rig_.play().backend_ended(*session_);
      return rig_.peer_ended(*this);
    }
    rig_.progress();
    received(scratch.first(static_cast<std::size_t>(count)));
    if (static_cast<std::size_t>(count) < scratch.size()) return;
  }
}

void Peer::received(std::span<const std::byte> bytes) {
  if (session_ == nullptr) {
    const std::size_t take = std::min(bytes.size(), first_message_.size() - first_size_);
    std::copy_n(bytes.begin(), take, first_message_.begin() + static_cast<std::ptrdiff_t>(first_size_));
    first_size_ += take;
    if (first_size_ < first_message_.size()) return;
    std::uint32_t index = 0;
    std::memcpy(&index, first_message_.data(), sizeof index);
    session_ = &rig_.pair(*this, index);
    bytes = bytes.subspan(take);
  }
  if (!bytes.empty()) rig_.play().backend_received(*session_, bytes);
}

void Peer::update_interest() {
  watch((paused_ ? 0U : static_cast<unsigned>(EPOLLIN)) | (sending_ ? static_cast<unsigned>(EPOLLOUT) : 0U));
}

BackendListener::BackendListener(Rig& rig, int descriptor) : Watched(rig.loop(), descriptor), rig_(rig) {
  watch(EPOLLIN);
}

void BackendListener::ready(std::uint32_t) {
  for (;;) {
    const int connection = ::accept4(descriptor(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (connection >= 0) {
      rig_.accepted(connection);
    } else if (would_block()) {
      return;
    } else if (errno != ECONNABORTED) {
      throw system_failure("accept");
    }
  }
}

}  // namespace drawbridge::bench
