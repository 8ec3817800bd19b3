#pragma once

#include "net/client_verification.hpp"
#include "net/entrance.hpp"

#include <optional>
#include <string>

namespace drawbridge::daemon {

// A listener, as far as requests are judged by it.
struct Door {
  const config::Listener* listener = nullptr;
  net::Entrance entrance;                               // its `tls` is null also if that could not be made
  std::string tls_trouble;                              // why
  std::optional<net::ClientVerification> verification;  // if it asks for certificates
};

}  // namespace drawbridge::daemon
