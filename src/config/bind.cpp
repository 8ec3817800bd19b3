#include "config/bind.hpp"

#include "base/log_record.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/un.h>

namespace drawbridge::config {
namespace {

// sun_path holds a NUL at the end.
constexpr std::size_t longest_socket_path = sizeof(sockaddr_un::sun_path) - 1;
// systemd's own limit of a FileDescriptorName.
constexpr std::size_t longest_descriptor_name = 255;

std::optional<Bind> parse_unix(std::string_view path, const std::string& directory, std::string& why) {
  if (path.empty() || path.ends_with('/')) {
    why = "needs the path of a socket file after unix:, such as unix:/run/drawbridge/bridge.sock";
    return {};
  }
  Bind bind;
  bind.kind = Bind::Kind::unix_socket;
  bind.path = std::filesystem::path(directory) / path;
  if (bind.path.size() > longest_socket_path) {
    why = fmt::format("has a socket path of {} bytes; the kernel takes {}: {}", bind.path.size(), longest_socket_path,
                      printable(bind.path));
    return {};
  }
  return bind;
}

std::optional<Bind> parse_systemd(std::string_view name, std::string& why) {
  const bool right = !name.empty() && name.size() <= longest_descriptor_name &&
                     std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 0x7F && c != ':'; });
  if (!right) {
    why = fmt::format("needs the FileDescriptorName of a socket unit after systemd:, not `{}`", printable(name));
    return {};
  }
  Bind bind;
  bind.kind = Bind::Kind::systemd;
  bind.name = name;
  return bind;
}

bool is_ipv4(const std::string& host) {
  in_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1;
}

// In its canonical form; "" if it is none.
std::string canonical_ipv6(const std::string& host) {
  in6_addr address{};
  char text[INET6_ADDRSTRLEN];
  if (inet_pton(AF_INET6, host.c_str(), &address) != 1) return {};
  return inet_ntop(AF_INET6, &address, text, sizeof text);
}

std::optional<std::string> parse_host(std::string_view text, std::string& why) {
  if (text == "*") return "*";
  const bool brackets = text.starts_with('[') && text.ends_with(']');
  const std::string host(brackets ? text.substr(1, text.size() - 2) : text);
  if (!brackets && is_ipv4(host)) return host;
  const std::string v6 = canonical_ipv6(host);
  if (v6.starts_with("::ffff:") && is_ipv4(v6.substr(7))) {
    why = fmt::format("has an IPv4 address in IPv6 clothes; write {}", v6.substr(7));
  } else if (!v6.empty() && brackets) {
    return v6;
  } else if (!v6.empty()) {
    why = fmt::format("needs brackets around an IPv6 address: [{}]:8443", v6);
  } else if (equal_ignoring_case(host, "localhost")) {
    why = "needs an address, not the name `localhost`; write 127.0.0.1 or [::1]";
  } else {
    why = fmt::format("needs an address, not `{}`; write the one of an interface, or * for all", printable(host));
  }
  return {};
}

std::optional<Bind> parse_tcp(std::string_view text, std::string& why) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || text.ends_with(']')) {
    why = fmt::format("must be address:port, [v6]:port, *:port, unix:/path or systemd:NAME, not `{}`", printable(text));
    return {};
  }
  std::string_view host_text = text.substr(0, colon);
  // An IPv6 address without brackets and port, as in "::1", only looks as if it had a port.
  const bool all_address = canonical_ipv6(std::string(host_text)).empty() && !canonical_ipv6(std::string(text)).empty();
  if (all_address) host_text = text;
  const auto host = parse_host(host_text, why);
  if (!host) return {};
  Bind bind;
  bind.host = *host;
  const std::string_view port = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), bind.port);
  if (error != std::errc{} || end != port.data() + port.size()) {
    why = fmt::format("needs a port from 0 to 65535, not `{}`", printable(port));
    return {};
  }
  return bind;
}

bool is_wildcard(const std::string& host) {
  return host == "*" || host == "0.0.0.0" || host == "::";
}
bool takes_ipv4(const std::string& host) {
  return host.find(':') == std::string::npos;
}
bool takes_ipv6(const std::string& host) {
  return host == "*" || !takes_ipv4(host);
}

}  // namespace

std::optional<Bind> parse_bind(std::string_view text, const std::string& directory, std::string& why) {
  constexpr std::string_view unix_prefix = "unix:";
  constexpr std::string_view systemd_prefix = "systemd:";
  if (text.starts_with(unix_prefix)) return parse_unix(text.substr(unix_prefix.size()), directory, why);
  if (text.starts_with(systemd_prefix)) return parse_systemd(text.substr(systemd_prefix.size()), why);
  return parse_tcp(text, why);
}

bool collide(const Bind& a, const Bind& b) {
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case Bind::Kind::systemd: return a.name == b.name;
    case Bind::Kind::unix_socket:
      return std::filesystem::path(a.path).lexically_normal() == std::filesystem::path(b.path).lexically_normal();
    case Bind::Kind::tcp: break;
  }
  if (a.port != b.port || a.port == 0) return false;
  if (!is_wildcard(a.host) && !is_wildcard(b.host)) return a.host == b.host;
  // A listening wildcard takes the port of every address of its family.
  return (takes_ipv4(a.host) && takes_ipv4(b.host)) || (takes_ipv6(a.host) && takes_ipv6(b.host));
}

}  // namespace drawbridge::config
