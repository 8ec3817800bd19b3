#include "ws/frame.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace drawbridge::ws {
namespace {

constexpr std::size_t longest_close_reason = longest_control_payload - 2;

std::string_view cut_between_code_points(std::string_view text, std::size_t size) {
  if (text.size() <= size) return text;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80) --size;
  return text.substr(0, size);
}

}  // namespace

std::size_t server_header_size(std::uint64_t payload_size) {
  if (payload_size <= 125) return 2;
  return payload_size <= 0xFFFF ? 4 : 10;
}

std::uint8_t* put_server_header(std::uint8_t* payload, std::uint64_t payload_size, Opcode opcode, bool fin) {
  const std::size_t size = server_header_size(payload_size);
  std::uint8_t* const header = payload - size;
  header[0] = static_cast<std::uint8_t>((fin ? 0x80U : 0U) | static_cast<unsigned>(opcode));
  if (size == 2) {
    header[1] = static_cast<std::uint8_t>(payload_size);
  } else {
    header[1] = size == 4 ? 126 : 127;
    for (std::uint8_t* at = payload; at != header + 2; payload_size >>= 8U) {
      *--at = static_cast<std::uint8_t>(payload_size);
    }
  }
  return header;
}

std::size_t put_control_frame(std::uint8_t* out, Opcode opcode, std::span<const std::uint8_t> payload) {
  const std::size_t size = std::min(payload.size(), longest_control_payload);
  put_server_header(out + 2, size, opcode, true);
  std::copy_n(payload.begin(), size, out + 2);
  return 2 + size;
}

std::size_t put_close_frame(std::uint8_t* out, std::uint16_t code, std::string_view reason) {
  if (code == 0) return put_control_frame(out, Opcode::close, {});
  reason = cut_between_code_points(reason, longest_close_reason);
  std::array<std::uint8_t, longest_control_payload> body;
  body[0] = static_cast<std::uint8_t>(code >> 8U);
  body[1] = static_cast<std::uint8_t>(code);
  std::copy(reason.begin(), reason.end(), body.begin() + 2);
  return put_control_frame(out, Opcode::close, std::span(body).first(2 + reason.size()));
}

std::uint16_t close_code(std::span<const std::uint8_t> close_payload) {
  if (close_payload.size() < 2) return 1005;
  return static_cast<std::uint16_t>((close_payload[0] << 8U) | close_payload[1]);
}

bool valid_close_code(std::uint16_t code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

}  // namespace drawbridge::ws
