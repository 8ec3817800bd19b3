#pragma once

#include "support/raw_client.hpp"

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <string>
#include <thread>

namespace drawbridge::testing {

// A thread that attacks until it is stopped. It is as nice as can be: on a machine with few cores it would otherwise
// take from the daemon and the good client what a real attacker, elsewhere, cannot take.
class Attacker {
 public:
  using Attack = std::function<void(Attacker&)>;

  Attacker(std::uint16_t port, Attack attack);
  ~Attacker();
  Attacker(const Attacker&) = delete;
  Attacker& operator=(const Attacker&) = delete;

  // Stops, waits, and throws what the attack threw.
  void finish();
  // How many of whatever the attack counts.
  std::uint64_t count() const { return count_; }

  // For the attack.
  bool goes_on() const { return !stop_; }
  void counts(std::uint64_t more = 1) { count_ += more; }

  // Every connection comes from another address of 127/8, so that no limit per client ends the attack. They begin again
  // after so many.
  void use_addresses(std::uint32_t count) { addresses_ = count; }
  RawClient connect();
  RawClient shake_hands(const TlsOptions& tls = {});
  RawClient open(const std::string& path = "/sink");

  // Whether `act` came to its end: that the daemon refuses or ends a connection of an attacker is as it should be.
  static bool attempt(const std::function<void()>& act);

  // Holds so many connections at once; every tenth of a second each of them gets its next `torment`, which is told how
  // many it got before. Those that the daemon ended are replaced.
  using Open = std::function<RawClient()>;
  using Torment = std::function<void(RawClient&, std::size_t)>;
  void hold(std::size_t connections, const Open& open, const Torment& torment);

 private:
  Address next_address();

  std::uint16_t port_;
  std::uint32_t addresses_ = 4096;
  std::uint32_t next_ = 0;
  std::atomic<bool> stop_ = false;
  std::atomic<std::uint64_t> count_ = 0;
  std::exception_ptr failure_;
  std::thread thread_;
};

}  // namespace drawbridge::testing
