#pragma once

#include "support/frames.hpp"

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
  const std::string bytes = testing::frame(frame.opcode, frame.payload,
                                           {.fin = frame.fin,
                                            .reserved = frame.reserved,
                                            .masked = frame.masked,
                                            .length_bytes = frame.length_bytes,
                                            .announce = frame.announced,
                                            .key = frame.key});
  out.insert(out.end(), bytes.begin(), bytes.end());
}

inline Bytes encode(const std::vector<ClientFrame>& frames) {
  Bytes out;
  for (const ClientFrame& frame : frames) append(out, frame);
  return out;
}

}  // namespace drawbridge::ws
