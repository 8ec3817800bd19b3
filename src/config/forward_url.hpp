#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace drawbridge::config {

// Where an authentication service is asked.
struct ForwardUrl {
  bool tls = false;
  std::string socket;      // of a Unix socket: an absolute path; empty: host and port
  std::string host;        // a name or a numeric address, lower case, without brackets
  std::uint16_t port = 0;  // from 1
  std::string target;      // path and query: "/api/verify?x=1"

  // As a Host field says it (RFC 9110 §7.2): without a default port; "localhost" for a Unix socket.
  std::string authority() const;
};

// http://host[:port]/path, https://host[:port]/path or unix:/path/of.sock:/path, each perhaps with a query. Empty if it
// is wrong; then `why` says what is, as the end of a sentence that begins with "`url`". It quotes nothing: a URL may
// hold a password.
std::optional<ForwardUrl> parse_forward_url(std::string_view text, std::string& why);

// Whether a browser's header of that name (lower case) may go to the authentication service: a token, and none of those
// that only the bridge sets, such as X-Forwarded-For, or that belong to one connection (RFC 9110 §7.6.1).
bool may_be_passed_on(std::string_view header);

}  // namespace drawbridge::config
