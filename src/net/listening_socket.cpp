#include "net/listening_socket.hpp"

#include <cerrno>
#include <cstring>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

namespace drawbridge::net {
namespace {

constexpr int backlog = 4'096;

// What can be done about the errors that are usual.
std::string_view advice(int error) {
  switch (error) {
    case EADDRINUSE: return " (`ss -ltnxp` shows who listens there)";
    case EADDRNOTAVAIL: return " (no interface of this machine has that address)";
    case EACCES: return " (ports below 1024 need CAP_NET_BIND_SERVICE or a socket unit, files a writable directory)";
    default: return "";
  }
}

Descriptor failed(std::string& why, std::string_view call) {
  const int error = errno;
  why = std::string(call).append(": ").append(std::strerror(error)).append(advice(error));
  return Descriptor();
}

Descriptor listen_tcp(const config::Bind& bind, int family, const sockaddr* address, socklen_t size, std::string& why) {
  Descriptor socket(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return failed(why, "socket");
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (family == AF_INET6) {
    const int v6only = bind.host == "*" ? 0 : 1;
    ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof(v6only));
  }
  if (::bind(socket.get(), address, size) != 0) return failed(why, "bind");
  if (::listen(socket.get(), backlog) != 0) return failed(why, "listen");
  return socket;
}

Descriptor listen_v4(const config::Bind& bind, const std::string& host, std::string& why) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(bind.port);
  ::inet_pton(AF_INET, host.c_str(), &address.sin_addr);
  return listen_tcp(bind, AF_INET, reinterpret_cast<const sockaddr*>(&address), sizeof(address), why);
}

Descriptor listen_v6(const config::Bind& bind, const std::string& host, std::string& why) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(bind.port);
  ::inet_pton(AF_INET6, host.c_str(), &address.sin6_addr);
  return listen_tcp(bind, AF_INET6, reinterpret_cast<const sockaddr*>(&address), sizeof(address), why);
}

// True if nobody listens there: the file was left behind.
bool stale(const sockaddr_un& address) {
  struct stat file {};
  if (::lstat(address.sun_path, &file) != 0 || !S_ISSOCK(file.st_mode)) return false;
  // Does not block: somebody who listens may have a full queue.
  const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  return probe && ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 &&
         errno == ECONNREFUSED;
}

Descriptor listen_unix(const config::Bind& bind, std::string& why) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  bind.path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return failed(why, "socket");
  const auto bind_it = [&] {
    // Created closed to everybody: its permissions are set before anybody can connect.
    const mode_t before = ::umask(0777);
    const int result = ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address));
    ::umask(before);
    return result;
  };
  if (bind_it() != 0) {
    const int error = errno;
    if (error != EADDRINUSE || !stale(address)) {
      errno = error;  // not what the look at the old one said
      return failed(why, "bind");
    }
    ::unlink(address.sun_path);
    if (bind_it() != 0) return failed(why, "bind");
  }
  if (::listen(socket.get(), backlog) != 0) return failed(why, "listen");
  if (::chmod(address.sun_path, bind.mode) != 0) return failed(why, "chmod");
  return socket;
}

Descriptor listen_inherited(const config::Bind& bind, const InheritedSockets& inherited, std::string& why) {
  const auto found = inherited.find(bind.name);
  if (found == inherited.end()) {
    why = "no socket of that name was inherited (FileDescriptorName= in the socket unit)";
    return Descriptor();
  }
  // A copy: the original stays for the next reload.
  Descriptor socket(::fcntl(found->second, F_DUPFD_CLOEXEC, 3));
  if (!socket) return failed(why, "dup");
  int listening = 0;
  socklen_t size = sizeof(listening);
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 || listening == 0) {
    why = "the inherited descriptor is not a listening stream socket (Accept=no and ListenStream= in the socket unit)";
    return Descriptor();
  }
  ::fcntl(socket.get(), F_SETFL, ::fcntl(socket.get(), F_GETFL) | O_NONBLOCK);
  return socket;
}

Descriptor listen(const config::Bind& bind, const InheritedSockets& inherited, std::string& why) {
  switch (bind.kind) {
    case config::Bind::Kind::unix_socket: return listen_unix(bind, why);
    case config::Bind::Kind::systemd: return listen_inherited(bind, inherited, why);
    case config::Bind::Kind::tcp: break;
  }
  if (bind.host == "*") {
    Descriptor both = listen_v6(bind, "::", why);
    if (both || errno != EAFNOSUPPORT) return both;
    // A machine without IPv6 still serves IPv4.
    why.clear();
    return listen_v4(bind, "0.0.0.0", why);
  }
  return bind.host.find(':') != std::string::npos ? listen_v6(bind, bind.host, why) : listen_v4(bind, bind.host, why);
}

}  // namespace

Descriptor listen_on(const config::Bind& bind, const InheritedSockets& inherited, std::string& why) {
  Descriptor socket = listen(bind, inherited, why);
  if (!socket) return socket;
  // What is accepted inherits them (tcp(7)); other kinds of sockets do not know them.
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  ::setsockopt(socket.get(), SOL_SOCKET, SO_OOBINLINE, &on, sizeof(on));
  return socket;
}

}  // namespace drawbridge::net
