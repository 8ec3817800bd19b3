#pragma once

#include "auth/certificate_rules.hpp"

#include <openssl/x509.h>

namespace drawbridge::net {

using auth::PeerCertificate;

// What a certificate says. Names with control characters, and those of other kinds than DNS, email, URI and IP, are
// left out: a rule must not be met by what a person could not read.
PeerCertificate read_certificate(const X509& certificate);

}  // namespace drawbridge::net
