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

std::vector<client::Network> loopback_networks() {
  return {client::parse_network("127.0.0.0/8").value(), client::parse_network("::1").value()};
}

std::string folder_of(const Route& route) {
  return route.path.ends_with('/') ? route.path : route.path + "/";
}

std::string Backend::text() const {
  switch (kind) {
    case Kind::tcp: return fmt::format("tcp://{}:{}", bracketed(host), port);
    case Kind::echo: return "echo:";
    case Kind::none: break;
  }
  return {};
}

std::optional<Backend> parse_tcp_backend(std::string_view text) {
  constexpr std::string_view scheme = "tcp://";
  if (!text.starts_with(scheme)) return {};
  auto authority = ws::parse_authority(text.substr(scheme.size()));
  if (!authority || authority->port.value_or(0) == 0) return {};
  return Backend{std::move(authority->host), *authority->port};
}

}  // namespace drawbridge::config
