#pragma once

#include "config/config.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace drawbridge::config {

// A listener's `bind`, all but the mode. A relative path of a Unix socket begins in `directory`. Empty if it is wrong;
// then `why` says what is, as the end of a sentence that begins with "`bind`".
std::optional<Bind> parse_bind(std::string_view text, const std::string& directory, std::string& why);

// Whether the kernel would refuse one of the two sockets because of the other.
bool collide(const Bind& a, const Bind& b);

}  // namespace drawbridge::config
