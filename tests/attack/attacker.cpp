#include "attack/attacker.hpp"

#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include <sys/resource.h>

namespace drawbridge::testing {
namespace {

using std::chrono::steady_clock;

constexpr auto round_length = std::chrono::milliseconds(100);

}  // namespace

Attacker::Attacker(std::uint16_t port, Attack attack) : port_(port) {
  thread_ = std::thread([this, attack = std::move(attack)] {
    setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + 19);  // of this thread
    try {
      attack(*this);
    } catch (...) {
      failure_ = std::current_exception();
    }
  });
}

Attacker::~Attacker() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
}

void Attacker::finish() {
  stop_ = true;
  thread_.join();
  if (failure_) std::rethrow_exception(failure_);
}

Address Attacker::next_address() {
  const std::uint32_t n = next_++ % addresses_;
  const auto octet = [&](unsigned shift) { return std::to_string(n >> shift & 0xFF); };
  // 127.0.0.0/16 is for everybody else.
  return {.port = port_, .source = "127." + std::to_string((n >> 16 & 0x7F) + 1) + '.' + octet(8) + '.' + octet(0)};
}

RawClient Attacker::connect() {
  const Address address = next_address();
  return RawClient(connect_tcp(address.port, address.host, address.source));
}

RawClient Attacker::shake_hands(const TlsOptions& tls) {
  return {next_address(), tls};
}

RawClient Attacker::open(const std::string& path) {
  RawClient client = shake_hands();
  if (const Answer answer = client.request(Head(path)); answer.status != 101) {
    throw std::runtime_error("no upgrade: " + std::to_string(answer.status));
  }
  return client;
}

bool Attacker::attempt(const std::function<void()>& act) {
  try {
    act();
    return true;
  } catch (const std::runtime_error&) {
    return false;
  }
}

void Attacker::hold(std::size_t connections, const Open& open, const Torment& torment) {
  struct Held {
    std::optional<RawClient> client;
    std::size_t torments = 0;
  };
  std::vector<Held> all(connections);
  while (goes_on()) {
    const auto next_round = steady_clock::now() + round_length;
    for (Held& held : all) {
      if (!goes_on()) return;
      if (!held.client) {
        held.torments = 0;
        if (!attempt([&] { held.client.emplace(open()); })) continue;
        counts();
      }
      if (!attempt([&] { torment(*held.client, held.torments++); })) held.client.reset();
    }
    std::this_thread::sleep_until(next_round);
  }
}

}  // namespace drawbridge::testing
