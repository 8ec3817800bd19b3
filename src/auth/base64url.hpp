#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace drawbridge::auth {

// The bytes of base64url without padding (RFC 7515 §2). One spelling for each: no other byte in between, no length that
// cannot be, no bits set behind the last byte (RFC 4648 §3.5).
std::optional<std::string> decode_base64url(std::string_view text);

}  // namespace drawbridge::auth
