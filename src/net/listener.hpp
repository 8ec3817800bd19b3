#pragma once

#include "base/time.hpp"
#include "config/config.hpp"
#include "net/descriptor.hpp"
#include "net/entrance.hpp"
#include "net/log.hpp"

#include <functional>
#include <memory>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <sys/socket.h>

namespace drawbridge::net {

namespace asio = boost::asio;

// Accepts connections on one socket, on the control thread, until it is closed. No error of accept ends it or makes it
// spin.
class Listener : public std::enable_shared_from_this<Listener> {
 public:
  // Called for every accepted connection, with what holds at the moment.
  using Accept = std::function<void(Descriptor, const sockaddr_storage&, const std::shared_ptr<const Entrance>&)>;

  Listener(asio::io_context& context, Descriptor socket, config::Bind bind, Log& log, Accept accept);
  ~Listener();

  // False if the kernel had no room for another watch; then it must not be started.
  bool watches() const { return watch_.is_open(); }
  void start();
  // For connections from now on.
  void use(std::shared_ptr<const Entrance> entrance) { entrance_ = std::move(entrance); }
  // The permission bits of a Unix socket's file.
  void set_mode(unsigned mode);
  void close();

  const config::Bind& bind() const { return bind_; }
  const std::shared_ptr<const Entrance>& entrance() const { return entrance_; }
  std::string address() const;

 private:
  // What accept4 said about going on.
  enum class Outcome : std::uint8_t { accepted, nothing, try_again, no_resources };

  void wait();
  void accept_some();
  Outcome accept_one();
  void complain(std::string_view error);

  Descriptor socket_;
  config::Bind bind_;
  Log& log_;
  Accept accept_;
  std::shared_ptr<const Entrance> entrance_;
  asio::posix::stream_descriptor watch_;
  asio::steady_timer pause_;
  bool closed_ = false;
  Instant complained_ = Instant::min();
};

}  // namespace drawbridge::net
