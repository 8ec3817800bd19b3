#pragma once

#include "ws/frame.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace drawbridge::testing {

// A masked frame as a browser sends it (RFC 6455 §5.2).
inline std::string client_frame(ws::Opcode opcode, std::string_view payload, bool fin = true) {
  static constexpr std::array<std::uint8_t, 4> key{0x37, 0xFA, 0x21, 0x3D};
  std::string frame;
  frame += static_cast<char>((fin ? 0x80 : 0) | static_cast<int>(opcode));
  if (payload.size() <= 125) {
    frame += static_cast<char>(0x80 | payload.size());
  } else {
    const int bytes = payload.size() <= 0xFFFF ? 2 : 8;
    frame += static_cast<char>(0x80 | (bytes == 2 ? 126 : 127));
    for (int i = bytes - 1; i >= 0; --i) frame += static_cast<char>(std::uint64_t{payload.size()} >> (8 * i));
  }
  frame.append(key.begin(), key.end());
  for (std::size_t i = 0; i < payload.size(); ++i) frame += static_cast<char>(payload[i] ^ key[i % 4]);
  return frame;
}

inline std::string client_close(std::uint16_t code, std::string_view reason = {}) {
  std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
  return client_frame(ws::Opcode::close, payload.append(reason));
}

struct ServerFrame {
  bool fin = false;
  int opcode = 0;
  std::string payload;

  // Of a Close frame; 1005 without one.
  int code() const {
    if (payload.size() < 2) return 1005;
    return static_cast<unsigned char>(payload[0]) << 8 | static_cast<unsigned char>(payload[1]);
  }
};

// The whole frames in what a server sent; a rest that is no whole frame becomes one frame with opcode -1.
inline std::vector<ServerFrame> server_frames(std::string_view bytes) {
  std::vector<ServerFrame> frames;
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  while (!bytes.empty()) {
    std::size_t header = 2;
    std::uint64_t size = bytes.size() < 2 ? 0 : at(1) & 0x7F;
    const std::size_t extended = size == 126 ? 2 : size == 127 ? 8 : 0;
    if (bytes.size() >= header + extended && extended > 0) {
      size = 0;
      for (std::size_t i = 0; i < extended; ++i) size = size << 8 | at(2 + i);
    }
    header += extended;
    if (bytes.size() < header || bytes.size() - header < size) {
      frames.push_back({false, -1, std::string(bytes)});
      break;
    }
    frames.push_back({(at(0) & 0x80) != 0, at(0) & 0x0F, std::string(bytes.substr(header, size))});
    bytes.remove_prefix(header + size);
  }
  return frames;
}

}  // namespace drawbridge::testing
