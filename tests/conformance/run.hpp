#pragma once

#include "conformance/case.hpp"
#include "support/daemon.hpp"
#include "support/wire.hpp"

#include <cstdint>
#include <string_view>

namespace drawbridge::conformance {

enum class Transport : std::uint8_t { tls, plain };

// The real daemon with an echo route, behind TLS or on a plain loopback listener.
class Bridge {
 public:
  explicit Bridge(Transport transport);

  // A session; `behind_head` goes out together with the request.
  testing::Wire open(std::string_view behind_head);
  testing::Daemon& daemon() { return daemon_; }

 private:
  Transport transport_;
  testing::Daemon daemon_;
};

// Plays a case and compares what came back, the end of the connection and the log's record with what it expects.
void run(const Case& each, Bridge& bridge);

}  // namespace drawbridge::conformance
