#pragma once

#include <string>
#include <vector>

namespace drawbridge::testing {

// PEM texts of a self-signed certificate (P-256) and its key.
struct Certificate {
  std::string chain;
  std::string key;
};

// `days`: how long it is valid from now; negative ones have ended that many days ago.
Certificate make_certificate(const std::vector<std::string>& names, int days = 90);

// The one of "bridge.test", made once a process.
const Certificate& server_certificate();

}  // namespace drawbridge::testing
