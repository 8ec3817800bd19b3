#pragma once

#include "ws/frame.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drawbridge::testing {

using Op = ws::Opcode;

// What a client may do, and what it must not: every header bit can be set apart.
struct FrameOptions {
  bool fin = true;
  unsigned reserved = 0;  // the three RSV bits, 0..7
  bool masked = true;
  std::optional<std::size_t> length_bytes{};                // 0, 2 or 8 instead of the shortest form
  std::optional<std::uint64_t> announce{};                  // another length than the payload's
  std::array<std::uint8_t, 4> key{0x37, 0xFA, 0x21, 0x3D};  // that of RFC 6455 §5.7
};

// A frame as a browser sends it (RFC 6455 §5.2), unless the options say otherwise.
inline std::string frame(Op opcode, std::string_view payload, const FrameOptions& options = {}) {
  const std::uint64_t size = options.announce.value_or(payload.size());
  const std::size_t shortest = size <= 125 ? 0U : size <= 0xFFFF ? 2U : 8U;
  const std::size_t length_bytes = options.length_bytes.value_or(shortest);
  const std::uint64_t short_length = length_bytes == 0 ? size : length_bytes == 2 ? 126U : 127U;
  std::string result;
  result.reserve(payload.size() + 14);
  result += static_cast<char>((options.fin ? 0x80U : 0U) | options.reserved << 4U | static_cast<unsigned>(opcode));
  result += static_cast<char>((options.masked ? 0x80U : 0U) | short_length);
  for (std::size_t i = length_bytes; i-- > 0;) result += static_cast<char>(size >> (8 * i));
  if (options.masked) result.append(options.key.begin(), options.key.end());
  const std::size_t begin = result.size();
  result.append(payload);
  if (!options.masked) return result;
  for (std::size_t i = 0; i < payload.size(); ++i) result[begin + i] ^= static_cast<char>(options.key[i % 4]);
  return result;
}

// The payload of a Close frame.
inline std::string close_payload(std::uint16_t code, std::string_view text = {}) {
  return std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)}.append(text);
}

inline std::string client_frame(Op opcode, std::string_view payload, bool fin = true) {
  return frame(opcode, payload, {.fin = fin});
}

inline std::string client_close(std::uint16_t code, std::string_view reason = {}) {
  return frame(Op::close, close_payload(code, reason));
}

struct ServerFrame {
  bool fin = false;
  int opcode = 0;
  std::string payload;
  unsigned reserved = 0;
  bool masked = false;
  std::size_t header = 2;  // its size

  // Of a Close frame; 1005 without one.
  int code() const {
    if (payload.size() < 2) return 1005;
    return static_cast<unsigned char>(payload[0]) << 8 | static_cast<unsigned char>(payload[1]);
  }
};

// Takes the first frame from the front of `bytes`; nothing if it is not whole.
inline std::optional<ServerFrame> take_server_frame(std::string_view& bytes) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  if (bytes.size() < 2) return {};
  std::uint64_t size = at(1) & 0x7F;
  const std::size_t extended = size == 126 ? 2 : size == 127 ? 8 : 0;
  const std::size_t header = 2 + extended;
  if (bytes.size() < header) return {};
  if (extended > 0) size = 0;
  for (std::size_t i = 0; i < extended; ++i) size = size << 8 | at(2 + i);
  if (bytes.size() - header < size) return {};
  ServerFrame frame{.fin = (at(0) & 0x80) != 0,
                    .opcode = at(0) & 0x0F,
                    .payload = std::string(bytes.substr(header, size)),
                    .reserved = at(0) >> 4U & 7U,
                    .masked = (at(1) & 0x80) != 0,
                    .header = header};
  bytes.remove_prefix(header + size);
  return frame;
}

// The whole frames in what a server sent; a rest that is no whole frame becomes one frame with opcode -1.
inline std::vector<ServerFrame> server_frames(std::string_view bytes) {
  std::vector<ServerFrame> frames;
  while (auto frame = take_server_frame(bytes)) frames.push_back(std::move(*frame));
  if (!bytes.empty()) frames.push_back({.opcode = -1, .payload = std::string(bytes)});
  return frames;
}

}  // namespace drawbridge::testing
