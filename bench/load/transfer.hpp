#pragma once

#include "load/digest.hpp"
#include "load/pattern.hpp"
#include "load/rig.hpp"
#include "load/sizes.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace drawbridge::bench {

// One direction of one session: what is sent, and what must therefore arrive.
struct Flow {
  Flow(std::uint32_t session, Direction direction, std::uint64_t total_bytes, Sizes piece_sizes)
      : name("session " + std::to_string(session) + (direction == Direction::up ? " up" : " down")),
        pattern(session, direction),
        total(total_bytes),
        allowed(total_bytes),
        sizes(piece_sizes) {}

  std::size_t begin_piece();  // bytes of the next frame or write
  void check(std::span<const std::byte> bytes);

  std::string name;
  Pattern pattern;
  std::uint64_t total;
  std::uint64_t allowed;  // to be sent for now, up to total
  Sizes sizes;
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  std::uint64_t pieces = 0;
  std::size_t piece_left = 0;  // of a write that the kernel took in part
  std::optional<Digest> sent_digest;
  std::optional<Digest> received_digest;
};

// Sends a known amount each way on every session and checks every byte that arrives.
class Transfer : public Play {
 public:
  // `up` and `down`: payload bytes over all sessions. `size`: of every frame and write, or 0 for mixed ones.
  Transfer(std::uint32_t sessions, std::uint64_t up, std::uint64_t down, std::size_t size);

  void start(Rig& rig);
  bool done() const { return received_ == total_; }
  std::uint64_t received() const { return received_; }
  std::uint64_t pieces() const;

  void browser_writable(Session& session) override;
  void backend_writable(Session& session) override;
  void browser_received(Session& session, std::span<const std::byte> bytes) override;
  void backend_received(Session& session, std::span<const std::byte> bytes) override;

 protected:
  std::vector<Flow>& up() { return up_; }
  std::vector<Flow>& down() { return down_; }

 private:
  std::vector<Flow> up_;  // by session
  std::vector<Flow> down_;
  std::vector<std::byte> buffer_;
  std::uint64_t total_;
  std::uint64_t received_ = 0;
};

}  // namespace drawbridge::bench
