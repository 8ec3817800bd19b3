#pragma once

#include "admin/door.hpp"
#include "config/load.hpp"
#include "net/listener.hpp"
#include "net/listening_socket.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace drawbridge::daemon {

namespace asio = boost::asio;

// Where operators come in. A reload changes them all or none: plan, start, use.
class AdminListeners {
 public:
  using Accept = std::function<void(net::Descriptor, std::shared_ptr<const admin::Doorway>)>;

  AdminListeners(asio::io_context& control, net::Log& log, Accept accept)
      : control_(control), log_(log), accept_(std::move(accept)) {}

  struct Planned;
  using Plan = std::vector<Planned>;
  // What the configuration asks for, bound but not accepting, nothing changed; what cannot be had is an error more.
  Plan plan(const config::Config& config, const net::InheritedSockets& inherited,
            const std::string& credentials_directory, std::vector<std::string>& errors);
  // The new ones accept from the next turn of the control thread on. Throws, and then none does.
  static void start(const Plan& plan);
  // The plan holds from now on; others close.
  void use(Plan plan);
  void close();

 private:
  struct Open {
    std::shared_ptr<net::Listener> listener;
    std::shared_ptr<admin::Doorway> doorway;
  };

  asio::io_context& control_;
  net::Log& log_;
  const Accept accept_;
  std::vector<Open> open_;
};

struct AdminListeners::Planned {
  Open open;
  std::shared_ptr<const admin::Door> door;  // from now on
  unsigned mode = 0;                        // of a Unix socket's file
  bool is_new = false;
};

}  // namespace drawbridge::daemon
