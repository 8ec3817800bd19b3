#pragma once

#include "load/loop.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace drawbridge::bench {

class Rig;
struct Session;

// One connection that the target dialled.
class Peer final : public Watched {
 public:
  Peer(Rig& rig, int descriptor);

  std::size_t send(std::span<const std::byte> bytes);  // how many the kernel took
  void wants_to_send(bool yes);
  void pause_reading(bool yes);

  void ready(std::uint32_t events) override;

 private:
  void read();
  void received(std::span<const std::byte> bytes);
  void update_interest();

  Rig& rig_;
  Session* session_ = nullptr;
  bool sending_ = false;
  bool paused_ = false;
  std::array<std::byte, sizeof(std::uint32_t)> first_message_{};
  std::size_t first_size_ = 0;
};

class BackendListener final : public Watched {
 public:
  explicit BackendListener(Rig& rig, int descriptor);

  void ready(std::uint32_t events) override;

 private:
  Rig& rig_;
};

}  // namespace drawbridge::bench
