#include "net/listener.hpp"

#include "net/client_address.hpp"

#include <cerrno>
#include <cstring>
#include <exception>

#include <sys/stat.h>

namespace drawbridge::net {
namespace {

// Connections taken before the loop looks at other things.
constexpr int accepts_a_turn = 64;
// Out of descriptors or memory: the backlog waits in the kernel meanwhile.
constexpr auto pause = std::chrono::milliseconds(100);
constexpr auto complaint_interval = std::chrono::seconds(10);

}  // namespace

Listener::Listener(asio::io_context& context, Descriptor socket, config::Bind bind, Log& log, Accept accept)
    : socket_(std::move(socket)),
      bind_(std::move(bind)),
      log_(log),
      accept_(std::move(accept)),
      watch_(context),
      pause_(context) {
  boost::system::error_code ignored;
  watch_.assign(socket_.get(), ignored);
}

Listener::~Listener() {
  close();
}

void Listener::start() {
  wait();
}

void Listener::set_mode(unsigned mode) {
  if (bind_.kind != config::Bind::Kind::unix_socket || mode == bind_.mode) return;
  if (::chmod(bind_.path.c_str(), mode) == 0) {
    bind_.mode = mode;
    return;
  }
  const char* error = std::strerror(errno);
  log_.write(LogLevel::error,
             log_.record(LogLevel::error, "mode_not_set").add("bind", bind_.text()).add("error", error));
}

void Listener::close() {
  if (closed_) return;
  closed_ = true;
  pause_.cancel();
  if (watch_.is_open()) watch_.release();
  socket_ = Descriptor();
  if (bind_.kind == config::Bind::Kind::unix_socket) ::unlink(bind_.path.c_str());
}

std::string Listener::address() const {
  return local_address_text(socket_.get());
}

void Listener::wait() {
  watch_.async_wait(asio::posix::stream_descriptor::wait_read,
                    [self = shared_from_this()](boost::system::error_code /*closed_ says it all*/) {
                      if (!self->closed_) self->accept_some();
                    });
}

void Listener::accept_some() {
  Outcome outcome = Outcome::accepted;
  for (int i = 0; i < accepts_a_turn; ++i) {
    outcome = accept_one();
    if (closed_) return;
    if (outcome == Outcome::nothing) break;
    if (outcome == Outcome::no_resources) {
      pause_.expires_after(pause);
      pause_.async_wait([self = shared_from_this()](boost::system::error_code) {
        if (!self->closed_) self->wait();
      });
      return;
    }
  }
  wait();
}

Listener::Outcome Listener::accept_one() {
  sockaddr_storage peer{};
  socklen_t size = sizeof(peer);
  Descriptor socket(::accept4(socket_.get(), reinterpret_cast<sockaddr*>(&peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (socket) {
    try {
      accept_(std::move(socket), peer, entrance_);
    } catch (const std::exception& e) {
      complain(e.what());
      return Outcome::no_resources;
    }
    return Outcome::accepted;
  }
  const int error = errno;
  switch (error) {
    case EAGAIN: return Outcome::nothing;
    // The connection ended before it was taken, or its network did (accept(2)): the next one may be fine.
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case EPERM:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENONET:
    case ENOPROTOOPT:
    case EOPNOTSUPP: return Outcome::try_again;
    // EMFILE, ENFILE, ENOBUFS, ENOMEM, and whatever else would only say the same again at once.
    default: complain(std::strerror(error)); return Outcome::no_resources;
  }
}

void Listener::complain(std::string_view error) {
  const Instant now = Clock::now();
  if (complained_ != Instant::min() && now - complained_ < complaint_interval) return;
  complained_ = now;
  log_.write(LogLevel::error,
             log_.record(LogLevel::error, "accept_paused").add("bind", bind_.text()).add("error", error));
}

}  // namespace drawbridge::net
