#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace drawbridge::ws {

// RFC 6455 §5.2.
enum class Opcode : std::uint8_t { continuation = 0x0, text = 0x1, binary = 0x2, close = 0x8, ping = 0x9, pong = 0xA };

constexpr std::size_t longest_control_payload = 125;                        // §5.5
constexpr std::size_t longest_control_frame = 2 + longest_control_payload;  // unmasked
// What a server writes in front of a payload: 2 bytes and at most an 8-byte length; it never masks (§5.1).
constexpr std::size_t longest_server_header = 10;

// Bytes of the header for a payload of that size, unmasked: 2, 4 or 10.
std::size_t server_header_size(std::uint64_t payload_size);

// Writes the header of an unmasked frame so that it ends where the payload begins; returns its first byte. There must
// be server_header_size(payload_size) bytes of room before `payload`.
std::uint8_t* put_server_header(std::uint8_t* payload, std::uint64_t payload_size, Opcode opcode, bool fin);

// A whole control frame, unmasked. `payload` is cut to 125 bytes. Returns its size; `out` must hold
// longest_control_frame bytes.
std::size_t put_control_frame(std::uint8_t* out, Opcode opcode, std::span<const std::uint8_t> payload);

// A whole Close frame with a code and a reason, which is cut at 123 bytes without splitting a code point. Code 0 makes
// an empty one (§5.5.1: a Close without a body). Returns its size; `out` must hold longest_control_frame bytes.
std::size_t put_close_frame(std::uint8_t* out, std::uint16_t code, std::string_view reason);

// The code of a Close payload that the decoder found valid; 1005 for an empty one (§7.1.5).
std::uint16_t close_code(std::span<const std::uint8_t> close_payload);

// Whether a peer may put this code into a Close frame (§7.4: 1000-1003, 1007-1014, 3000-4999).
bool valid_close_code(std::uint16_t code);

}  // namespace drawbridge::ws
