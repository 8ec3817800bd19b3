#include "config/config.hpp"

#include <fmt/format.h>

namespace drawbridge::config {
namespace {

std::string bracketed(const std::string& host) {
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

}  // namespace

std::string Bind::text() const {
  switch (kind) {
    case Kind::tcp: return fmt::format("{}:{}", bracketed(host), port);
    case Kind::unix_socket: return "unix:" + path;
    case Kind::systemd: return "systemd:" + name;
  }
  return {};
}

bool Bind::loopback() const {
  return kind == Kind::tcp && (host.starts_with("127.") || host == "::1");
}

std::string Backend::text() const {
  return kind == Kind::echo ? "echo:" : fmt::format("tcp://{}:{}", bracketed(host), port);
}

}  // namespace drawbridge::config
