#pragma once

#include "base/time.hpp"
#include "net/listening_socket.hpp"

#include <optional>
#include <string_view>

namespace drawbridge::daemon {

// What systemd gave us and wants to hear (sd_notify(3)). All of it does nothing where no service manager is.

// The sockets it listens on for us, by FileDescriptorName.
net::InheritedSockets inherited_sockets();

void notify_ready(std::string_view status);
void notify_reloading();
void notify_stopping(std::string_view status);
void notify_alive();

// Whether what is written there goes to the journal, line by line.
bool is_journal(int fd);

// How often it wants to hear notify_alive; absent: never.
std::optional<Duration> watchdog_interval();

}  // namespace drawbridge::daemon
