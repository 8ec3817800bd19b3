#pragma once

#include "support/patience.hpp"

#include <chrono>
#include <string>

namespace drawbridge::testing {

// What systemd would be: the datagram socket of $NOTIFY_SOCKET.
class NotifySocket {
 public:
  explicit NotifySocket(std::string path);
  ~NotifySocket();
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;

  // NAME=VALUE for the daemon's environment.
  std::string variable() const { return "NOTIFY_SOCKET=" + path_; }
  // The next message that has this line, those before it are dropped; Timeout if none comes.
  std::string wait_for(const std::string& line, std::chrono::milliseconds most = patience);

 private:
  std::string path_;
  int descriptor_;
};

}  // namespace drawbridge::testing
