// Frames that a browser may send, encoded and masked, decode to the messages they were made of; and what the bridge
// writes is what it says.
//
// Input: read size (1 byte), then per frame: kind and FIN (1 byte), length (2 bytes), key (1 byte).

#include "finding.hpp"
#include "unit/ws/transcript.hpp"
#include "ws/frame.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string>

namespace drawbridge::ws {
namespace {

using fuzz::require;

constexpr std::size_t most_frames = 24;

// Mostly short, around the first boundary of the header's length; a frame that is alone may lie around the second.
std::size_t length_of(std::size_t high, std::size_t low, bool alone) {
  return alone && high >= 248 ? 65408 + low : high % 2 * 256 + low;
}

// Text is a whole number of samples; fragments and reads cut it anywhere, code points too.
std::string payload_of(Opcode opcode, std::size_t size) {
  static constexpr std::string_view sample = "ascii h\xC3\xA9llo \xE6\x97\xA5\xE6\x9C\xAC \xF0\x9F\x98\x80 ";
  if (opcode == Opcode::text) size += (sample.size() - size % sample.size()) % sample.size();
  std::string payload(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    payload[i] = opcode == Opcode::text ? sample[i % sample.size()] : static_cast<char>(i * 37 + size);
  }
  return payload;
}

void check_server_header(std::uint64_t size, Opcode opcode, bool fin) {
  std::array<std::uint8_t, longest_server_header> room{};
  std::uint8_t* const end = room.data() + room.size();
  const std::span header(put_server_header(end, size, opcode, fin), end);
  require(header.size() == server_header_size(size), "size of a header for ", size);
  require(header[0] == ((fin ? 0x80U : 0U) | static_cast<unsigned>(opcode)), "first byte");
  std::uint64_t length = header[1];
  if (header.size() > 2) {
    length = 0;
    for (const std::uint8_t byte : header.subspan(2)) length = length << 8U | byte;
  }
  require(length == size, "length ", length, " for ", size);
}

}  // namespace
}  // namespace drawbridge::ws

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace drawbridge::ws;
  if (size < 1) return 0;
  std::vector<ClientFrame> frames;
  Transcript expected;
  std::string rest;  // of the message begun
  Opcode begun = Opcode::continuation;
  std::span input(data + 1, std::min(size - 1, 4 * most_frames));

  const auto add = [&](Opcode opcode, std::string payload, bool fin, std::uint8_t key) {
    frames.push_back({opcode, std::move(payload), fin, {key, static_cast<std::uint8_t>(key * 3U), 0x5A, key}});
  };
  const auto add_fragment = [&](std::size_t length, bool fin, Opcode opcode, std::uint8_t key) {
    const std::string piece = rest.substr(0, fin ? rest.size() : length);
    rest.erase(0, piece.size());
    add(opcode, piece, fin, key);
    if (!piece.empty() || fin) expected.add_data(begun, piece, fin);
    ++expected.frames;
    if (!fin) return;
    ++expected.messages;
    begun = Opcode::continuation;
  };

  for (; input.size() >= 4; input = input.subspan(4)) {
    const unsigned kind = input[0] & 0x07U;
    const bool fin = (input[0] & 0x08U) != 0;
    const std::size_t length = length_of(input[1], input[2], size == 5);
    const std::uint8_t key = input[3];
    if (kind < 2) {
      const Opcode opcode = kind == 0 ? Opcode::ping : Opcode::pong;
      const std::string payload = payload_of(Opcode::binary, length % 126);
      add(opcode, payload, true, key);
      expected.steps.push_back({kind == 0 ? Event::Kind::ping : Event::Kind::pong, Opcode::binary, false, payload});
    } else if (begun != Opcode::continuation) {
      add_fragment(length, fin, Opcode::continuation, key);
    } else {
      begun = kind < 5 ? Opcode::text : Opcode::binary;
      rest = payload_of(begun, length);
      add_fragment(length / 2, fin, begun, key);
    }
    check_server_header(length << (key % 48U), Opcode::binary, fin);
  }

  const Bytes bytes = encode(frames);
  // Large frames are not read byte by byte: a thousand reads are enough.
  const std::size_t read_size = std::max(std::size_t{data[0]} * data[0] + 1, bytes.size() / 1000);
  const Transcript decoded = decode(bytes, {}, [&] { return read_size; });
  drawbridge::fuzz::require(decoded == expected, "decoded:  ", decoded, "\nexpected: ", expected);
  return 0;
}
