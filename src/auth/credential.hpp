#pragma once

#include "base/result.hpp"
#include "config/config.hpp"
#include "ws/upgrade.hpp"

#include <span>
#include <string>

namespace drawbridge::auth {

constexpr std::size_t longest_bearer = 8 << 10;  // bytes
constexpr std::size_t longest_user = 256;
// More than any of the hashes needs (bcrypt reads 72 bytes); the time that SHA-crypt takes grows with it.
constexpr std::size_t longest_password = 128;

// The bearer token (RFC 6750 §2.1) in the first of these places that holds one. An empty cookie or parameter holds
// none. What only one reader would take for a token is refused, and nothing is looked for behind it:
//   credential_missing  no place holds one
//   credential_invalid  it is no token (letters, digits, "-._~+/", then any "="), is too long, or stands there twice
//   bad_request         the authorization place is asked, and there is more than one Authorization field
//
//   authorization  Authorization: Bearer TOKEN; other schemes are somebody else's, and hold none
//   cookie         Cookie: NAME=TOKEN or NAME="TOKEN" (RFC 6265 §4.2), in any Cookie field; the value is not decoded
//   query          ?NAME=TOKEN, percent-encoded where needed; a plus is a plus, as no token holds a space
//   subprotocol    base64url.bearer.authorization.drawbridge.BASE64URL, without padding, in `upgrade.subprotocols`
Result<std::string> find_bearer(const ws::Request& request, const ws::Upgrade& upgrade,
                                std::span<const config::CredentialPlace> places);

struct BasicCredential {
  std::string user;      // 1 to longest_user bytes, no colon
  std::string password;  // at most longest_password bytes
};

// Authorization: Basic (RFC 7617). The bytes are as they were sent, UTF-8 from all browsers of today; control bytes are
// refused. credential_missing, credential_invalid and bad_request as above.
Result<BasicCredential> find_basic(const ws::Request& request);

// Takes the entries that carry a credential, good or not, out of the offered subprotocols: after find_bearer, and
// before a subprotocol is chosen, whatever the route asks for, so that none is ever echoed. True if nothing else was
// offered; then there is no subprotocol to answer with, and browsers end a connection where they offered some and none
// came back.
bool remove_credentials(ws::Upgrade& upgrade);

}  // namespace drawbridge::auth
