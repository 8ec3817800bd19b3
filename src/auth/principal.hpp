#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace drawbridge::auth {

// Seconds since 1970, as credentials tell times.
using UnixSeconds = std::int64_t;

// Who the bearer of a credential is, as the credential says it.
struct Principal {
  std::string identity;                // for logs and limits; not empty
  std::string token_id;                // names this one credential, for revocation; may be empty
  std::optional<UnixSeconds> expires;  // the session ends then
  std::optional<std::string> backend;  // where it wants to go, if it names a target
};

}  // namespace drawbridge::auth
