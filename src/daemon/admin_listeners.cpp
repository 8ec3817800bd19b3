#include "daemon/admin_listeners.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace drawbridge::daemon {

AdminListeners::Plan AdminListeners::plan(const config::Config& config, const net::InheritedSockets& inherited,
                                          const std::string& credentials_directory, std::vector<std::string>& errors) {
  Plan plan;
  for (const config::AdminListener& wanted : config.admin) {
    const std::string name = wanted.bind.text();
    std::string why;
    Planned planned;
    planned.mode = wanted.bind.mode;
    planned.door = admin::Door::make(wanted, credentials_directory, why);
    const auto kept = std::find_if(open_.begin(), open_.end(),
                                   [&](const Open& open) { return open.listener->bind().text() == name; });
    if (kept != open_.end()) {
      planned.open = *kept;
    } else if (why.empty()) {
      planned.is_new = true;
      net::Descriptor socket = net::listen_on(wanted.bind, inherited, why);
      if (socket) {
        const auto doorway = std::make_shared<admin::Doorway>(planned.door);
        planned.open.doorway = doorway;
        planned.open.listener = std::make_shared<net::Listener>(
            control_, std::move(socket), wanted.bind, log_,
            [this, doorway](net::Descriptor accepted, const sockaddr_storage& /*peer*/, const auto& /*entrance*/) {
              accept_(std::move(accepted), doorway);
            });
        if (!planned.open.listener->watches()) why = "the kernel has no room to watch it (fs.epoll.max_user_watches)";
      }
    }
    if (!why.empty()) {
      errors.push_back(config::Diagnostic{config::Diagnostic::Severity::error, wanted.position,
                                          fmt::format("the admin listener {}: {}", name, why)}
                           .text());
    }
    plan.push_back(std::move(planned));
  }
  return plan;
}

void AdminListeners::start(const Plan& plan) {
  try {
    for (const Planned& planned : plan) {
      if (planned.is_new) planned.open.listener->start();
    }
  } catch (...) {
    for (const Planned& planned : plan) {
      if (planned.is_new) planned.open.listener->close();
    }
    throw;
  }
}

void AdminListeners::use(Plan plan) {
  std::vector<Open> open;
  for (Planned& planned : plan) {
    *planned.open.doorway = std::move(planned.door);
    planned.open.listener->set_mode(planned.mode);
    if (planned.is_new) {
      log_.write(LogLevel::info, log_.record(LogLevel::info, "admin_listening")
                                     .add("bind", planned.open.listener->bind().text())
                                     .add("address", planned.open.listener->address()));
    }
    open.push_back(std::move(planned.open));
  }
  for (const Open& old : open_) {
    const bool stays =
        std::any_of(open.begin(), open.end(), [&](const Open& other) { return other.listener == old.listener; });
    if (!stays) old.listener->close();
  }
  open_ = std::move(open);
}

void AdminListeners::close() {
  for (const Open& open : open_) open.listener->close();
  open_.clear();
}

}  // namespace drawbridge::daemon
