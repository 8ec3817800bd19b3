#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace drawbridge::auth {

// Strictly: no character outside the alphabet, and bits that no byte uses are zero. So no two texts give the same
// bytes.

// RFC 4648 §4, padded to whole groups of four.
std::optional<std::string> decode_base64(std::string_view text);
// RFC 4648 §5, without padding, as in RFC 7515.
std::optional<std::string> decode_base64url(std::string_view text);

}  // namespace drawbridge::auth
