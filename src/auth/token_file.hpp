#pragma once

#include "auth/principal.hpp"
#include "base/result.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace drawbridge::auth {

constexpr std::size_t shortest_token = 16;  // bytes

// Opaque tokens, of which the file holds only SHA-256. A line each, `sha256:HASH IDENTITY [OPTION]...`:
//
//   # the night shift's laptop, until the end of January
//   sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 alice expires=2027-02-01T00:00:00Z
//
// The identity is one word. The options, in any order, are `expires`, when the token ends (RFC 3339, UTC, whole
// seconds); `backend`, the tcp://host:port it is for; and `id`, by which it can be revoked.
//
//   TOKEN=$(openssl rand -base64 32)
//   printf %s "$TOKEN" | sha256sum
//
// Without printf's %s, as with echo, the line end would be hashed too. Tokens must be random like that: of 256 random
// bits a plain hash gives nothing away, and a salt or a slow hash, which protect what people can remember, protect
// nothing more.
class TokenFile {
 public:
  // At most 1 MiB. Empty if a line is wrong, or if a hash or an id stands twice; then `why` names the line. A file
  // without tokens admits nobody.
  static std::unique_ptr<TokenFile> parse(std::string_view text, std::string& why);

  // Whom the token names: credential_invalid, or credential_expired from the second on at which it ends; then `why`
  // says more, for the log.
  Result<Principal> check(std::string_view token, UnixSeconds now, std::string& why) const;

 private:
  // By the 32 bytes of the hash. How long a look-up takes may tell how much of a hash is right; but whoever chose the
  // token knows its hash, cannot choose that freely, and does not come nearer to any token by a hash that is like its
  // own.
  std::unordered_map<std::string, Principal> tokens_;
};

// "2027-01-31T00:00:00Z" in the years 1970 to 9999: RFC 3339 §5.6 in capitals, UTC, without fractions or leap seconds.
std::optional<UnixSeconds> parse_timestamp(std::string_view text);

}  // namespace drawbridge::auth
