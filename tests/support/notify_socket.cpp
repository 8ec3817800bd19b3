#include "support/notify_socket.hpp"

#include "support/wire.hpp"

#include <utility>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace drawbridge::testing {

NotifySocket::NotifySocket(std::string path)
    : path_(std::move(path)), descriptor_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  path_.copy(at.sun_path, sizeof at.sun_path - 1);
  if (bind(descriptor_, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) {
    throw std::runtime_error(os_error("bind"));
  }
}

NotifySocket::~NotifySocket() {
  close(descriptor_);
}

std::string NotifySocket::wait_for(const std::string& line, std::chrono::milliseconds most) {
  const auto deadline = std::chrono::steady_clock::now() + most;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    pollfd wait{descriptor_, POLLIN, 0};
    if (left <= 0 || poll(&wait, 1, static_cast<int>(left)) <= 0) throw Timeout("no notification " + line);
    char buffer[4096];
    const ssize_t got = recv(descriptor_, buffer, sizeof buffer, 0);
    if (got <= 0) continue;
    const std::string message(buffer, static_cast<std::size_t>(got));
    if (("\n" + message + "\n").find("\n" + line + "\n") != std::string::npos) return message;
  }
}

}  // namespace drawbridge::testing
