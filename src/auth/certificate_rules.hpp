#pragma once

#include "auth/principal.hpp"
#include "config/config.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace drawbridge::auth {

// What a client's certificate says, once it was found to be good. Texts are UTF-8 without control characters.
struct PeerCertificate {
  std::string common_name;  // empty unless its subject has exactly one
  std::vector<std::string>
      names;                // subject alternative names: DNS:host (lower case), email:a@b, URI:spiffe://a/b, IP:::1
  std::string fingerprint;  // SHA-256 of the certificate, 64 hexadecimal digits in lower case
  std::string serial;       // hexadecimal in lower case, as many digits as its bytes have
  UnixSeconds not_after = 0;
};

// True if the common name matches one of the rule's subjects and one of `names` one of its names; either list passes
// if it is empty. An absent common name (empty) matches no pattern.
bool admits(const config::ClientCertificateAuth& rule, std::string_view common_name,
            std::span<const std::string> names);

// Known by its common name, else by its first alternative name, else by its fingerprint ("sha256:...").
Principal principal_of(const PeerCertificate& certificate);

}  // namespace drawbridge::auth
