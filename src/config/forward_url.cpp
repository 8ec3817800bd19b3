#include "config/forward_url.hpp"

#include "base/text.hpp"
#include "ws/target.hpp"
#include "ws/upgrade.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <sys/un.h>

namespace drawbridge::config {
namespace {

// sun_path holds a NUL at the end.
constexpr std::size_t longest_socket_path = sizeof(sockaddr_un::sun_path) - 1;

constexpr std::string_view http = "http://";
constexpr std::string_view https = "https://";
constexpr std::string_view unix_prefix = "unix:";

bool take_target(ForwardUrl& url, std::string_view target, std::string& why) {
  // As strict as with browsers: what two parties could read differently is no address for an authentication service.
  if (!ws::parse_target(target)) {
    why = "needs a path after the host that is absolute, without //, dot segments, # or white space";
    return false;
  }
  url.target = target;
  return true;
}

std::optional<ForwardUrl> parse_unix(std::string_view rest, std::string& why) {
  const auto colon = rest.find(":/");
  ForwardUrl url;
  url.socket = rest.substr(0, colon);
  if (colon == std::string_view::npos || !url.socket.starts_with('/') || url.socket.ends_with('/')) {
    why = "needs the absolute path of a socket and the path to ask for, such as unix:/run/auth.sock:/verify";
    return {};
  }
  if (url.socket.size() > longest_socket_path || url.socket.find('\0') != std::string::npos) {
    why = fmt::format("needs a socket path that the kernel takes: at most {} bytes", longest_socket_path);
    return {};
  }
  if (!take_target(url, rest.substr(colon + 1), why)) return {};
  return url;
}

std::optional<ForwardUrl> parse_http(std::string_view rest, bool tls, std::string& why) {
  const auto slash = rest.find('/');
  if (slash == std::string_view::npos) {
    why = "needs a path behind the host, if only /";
    return {};
  }
  const auto authority = ws::parse_authority(rest.substr(0, slash));
  if (!authority || authority->port == 0) {
    why = "needs a host, perhaps with a port from 1 to 65535, and no user name between // and the path";
    return {};
  }
  ForwardUrl url;
  url.tls = tls;
  url.host = authority->host;
  url.port = authority->port.value_or(tls ? 443 : 80);
  if (!take_target(url, rest.substr(slash), why)) return {};
  return url;
}

}  // namespace

std::string ForwardUrl::authority() const {
  if (!socket.empty()) return "localhost";
  std::string text = host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port != (tls ? 443 : 80)) text += ":" + std::to_string(port);
  return text;
}

std::optional<ForwardUrl> parse_forward_url(std::string_view text, std::string& why) {
  if (text.starts_with(http)) return parse_http(text.substr(http.size()), false, why);
  if (text.starts_with(https)) return parse_http(text.substr(https.size()), true, why);
  if (text.starts_with(unix_prefix)) return parse_unix(text.substr(unix_prefix.size()), why);
  why = "must be http://host/path, https://host/path or unix:/socket:/path";
  return {};
}

bool may_be_passed_on(std::string_view header) {
  static constexpr std::array<std::string_view, 14> never{
      "connection", "content-length", "expect",  "forwarded",         "host",      "keep-alive",   "te",
      "trailer",    "true-client-ip", "upgrade", "transfer-encoding", "x-real-ip", "content-type", "http2-settings"};
  static constexpr std::array<std::string_view, 4> never_beginning{"x-forwarded-", "x-original-", "proxy-",
                                                                   "sec-websocket-"};
  if (!is_token(header)) return false;
  // CGI and what came after it make one variable of X-Real-IP and X_Real_IP.
  std::string name = to_lower(header);
  std::replace(name.begin(), name.end(), '_', '-');
  return std::find(never.begin(), never.end(), name) == never.end() &&
         std::none_of(never_beginning.begin(), never_beginning.end(),
                      [&](std::string_view beginning) { return name.starts_with(beginning); });
}

}  // namespace drawbridge::config
