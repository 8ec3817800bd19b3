#pragma once

#include "config/config.hpp"
#include "net/deadlines.hpp"
#include "net/descriptor.hpp"
#include "net/log.hpp"
#include "net/readiness.hpp"
#include "net/tls_context.hpp"

#include <functional>
#include <memory>

#include <sys/socket.h>

namespace drawbridge::net {

// Accepts connections on one socket until it is closed. No error of accept ends it or makes it spin.
class Listener : public std::enable_shared_from_this<Listener> {
 public:
  // Called for every accepted connection, with the TLS context of the moment (null: plaintext).
  using Accept = std::function<void(Descriptor, const sockaddr_storage&, const std::shared_ptr<const TlsContext>&)>;

  Listener(asio::io_context& context, Descriptor socket, config::Bind bind, Log& log, Accept accept);
  ~Listener();

  // False if the kernel had no room for another watch; then it must not be started.
  bool watches() const { return readiness_.watches(); }
  void start();
  // Connections from now on get this one.
  void use(std::shared_ptr<const TlsContext> tls) { tls_ = std::move(tls); }
  // The permission bits of a Unix socket's file.
  void set_mode(unsigned mode);
  void close();

  const config::Bind& bind() const { return bind_; }
  std::string address() const;

 private:
  // What accept4 said about going on.
  enum class Outcome : std::uint8_t { accepted, nothing, try_again, no_resources };

  static Task<> run(std::shared_ptr<Listener> self);
  Outcome accept_one();
  void complain(std::string_view error);

  asio::io_context& context_;
  Descriptor socket_;
  config::Bind bind_;
  Log& log_;
  Accept accept_;
  std::shared_ptr<const TlsContext> tls_;
  Readiness readiness_;
  Timer pause_;
  bool closed_ = false;
  Instant complained_ = Instant::min();
};

}  // namespace drawbridge::net
