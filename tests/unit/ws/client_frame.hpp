#pragma once

#include "ws/frame.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drawbridge::ws {

using Bytes = std::vector<std::uint8_t>;

// A frame as a client sends it, or as it must not: every header bit can be set apart.
struct ClientFrame {
  Opcode opcode = Opcode::binary;
  std::string payload = {};
  bool fin = true;
  std::array<std::uint8_t, 4> key = {0x37, 0xFA, 0x21, 0x3D};
  bool masked = true;
  unsigned reserved = 0;                         // the three bits, 0..7
  std::optional<std::uint64_t> announced = {};   // instead of the payload's size
  std::optional<std::size_t> length_bytes = {};  // 0, 2 or 8 instead of the shortest form
};

inline void append(Bytes& out, const ClientFrame& frame) {
  const std::uint64_t length = frame.announced.value_or(frame.payload.size());
  const std::size_t shortest = length <= 125 ? 0U : length <= 0xFFFF ? 2U : 8U;
  const std::size_t length_bytes = frame.length_bytes.value_or(shortest);
  const unsigned mask_bit = frame.masked ? 0x80 : 0;
  const unsigned short_length = length_bytes == 0 ? static_cast<unsigned>(length) : length_bytes == 2 ? 126U : 127U;
  out.push_back(static_cast<std::uint8_t>((frame.fin ? 0x80U : 0U) | (frame.reserved << 4U) |
                                          static_cast<unsigned>(frame.opcode)));
  out.push_back(static_cast<std::uint8_t>(mask_bit | short_length));
  for (std::size_t i = length_bytes; i-- > 0;) out.push_back(static_cast<std::uint8_t>(length >> (8 * i)));
  if (frame.masked) out.insert(out.end(), frame.key.begin(), frame.key.end());
  const std::size_t begin = out.size();
  out.insert(out.end(), frame.payload.begin(), frame.payload.end());
  if (!frame.masked) return;
  for (std::size_t i = 0; i < frame.payload.size(); ++i) out[begin + i] ^= frame.key[i % 4];
}

inline Bytes encode(const std::vector<ClientFrame>& frames) {
  Bytes out;
  for (const ClientFrame& frame : frames) append(out, frame);
  return out;
}

}  // namespace drawbridge::ws
