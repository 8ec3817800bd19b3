#include "daemon/service_manager.hpp"

#include <cstdlib>
#include <string>

#include <fmt/format.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

namespace drawbridge::daemon {

net::InheritedSockets inherited_sockets() {
  net::InheritedSockets sockets;
  char** names = nullptr;
  const int count = ::sd_listen_fds_with_names(1, &names);
  for (int i = 0; i < count; ++i) {
    // The first of a name; a unit with several streams of one name is ambiguous, and `bind` could not tell them apart.
    if (names != nullptr && names[i] != nullptr) sockets.emplace(names[i], SD_LISTEN_FDS_START + i);
  }
  if (names != nullptr) {
    for (int i = 0; i < count; ++i) std::free(names[i]);
    std::free(static_cast<void*>(names));
  }
  return sockets;
}

void notify_ready(std::string_view status) {
  ::sd_notify(0, fmt::format("READY=1\nSTATUS={}", status).c_str());
}

void notify_reloading() {
  const auto microseconds =
      std::chrono::duration_cast<std::chrono::microseconds>(Clock::now().time_since_epoch()).count();
  ::sd_notify(0, fmt::format("RELOADING=1\nMONOTONIC_USEC={}\nSTATUS=Reloading", microseconds).c_str());
}

void notify_stopping(std::string_view status) {
  ::sd_notify(0, fmt::format("STOPPING=1\nSTATUS={}", status).c_str());
}

void notify_alive() {
  ::sd_notify(0, "WATCHDOG=1");
}

bool is_journal(int fd) {
  // "device:inode" of the stream that systemd gave us (systemd.exec(5)); it may have been redirected since.
  const char* const stream = std::getenv("JOURNAL_STREAM");
  struct stat its {};
  return stream != nullptr && ::fstat(fd, &its) == 0 && fmt::format("{}:{}", its.st_dev, its.st_ino) == stream;
}

std::optional<Duration> watchdog_interval() {
  std::uint64_t microseconds = 0;
  if (::sd_watchdog_enabled(0, &microseconds) <= 0) return std::nullopt;
  return std::chrono::microseconds(microseconds);
}

}  // namespace drawbridge::daemon
