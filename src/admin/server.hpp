#pragma once

#include "admin/door.hpp"
#include "admin/message.hpp"
#include "net/descriptor.hpp"
#include "net/log.hpp"

#include <functional>
#include <memory>

#include <boost/asio/io_context.hpp>

namespace drawbridge::admin {

namespace asio = boost::asio;

// What can be asked for.
class Resources {
 public:
  virtual ~Resources() = default;
  // Whether it tells nothing that is secret and changes nothing: then no token is needed.
  virtual bool is_open(const Request& request) const = 0;
  using Answer = std::function<void(Response)>;
  // Calls `answer` once, on the control thread, in this call or later.
  virtual void handle(const Request& request, const Answer& answer) = 0;
};

// HTTP/1.1 for operators, on the control thread: few connections, small requests, and a limit for each wait.
class Server {
 public:
  // Connections at once on Unix sockets, and as many on addresses, so that whoever may only connect there keeps nobody
  // from the sockets. More are closed.
  static constexpr unsigned most_connections = 16;

  // The others must outlive it and `control`'s run.
  Server(asio::io_context& control, net::Log& log, Resources& resources)
      : control_(control), log_(log), resources_(resources) {}
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  void take(net::Descriptor socket, std::shared_ptr<const Doorway> doorway);

 private:
  asio::io_context& control_;
  net::Log& log_;
  Resources& resources_;
  // Shared with the conversations, which may outlive this.
  const std::shared_ptr<unsigned> on_sockets_ = std::make_shared<unsigned>(0);
  const std::shared_ptr<unsigned> on_addresses_ = std::make_shared<unsigned>(0);
};

}  // namespace drawbridge::admin
