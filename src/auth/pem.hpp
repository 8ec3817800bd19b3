#pragma once

#include "auth/key.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drawbridge::auth {

// The public keys in a PEM text of one or several PUBLIC KEY, RSA PUBLIC KEY or CERTIFICATE blocks (RFC 7468), in
// order; empty places are keys of a type or curve that no algorithm here is for. Of a certificate only the key counts.
// Anything else in a block is refused, and so are more than `most` blocks.
std::optional<std::vector<std::optional<KeyMaterial>>> read_pem(std::string_view text, std::size_t most,
                                                                std::string& why);

}  // namespace drawbridge::auth
