#pragma once

#include "unit/ws/client_frame.hpp"
#include "ws/decoder.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace drawbridge::ws {

// What a decoder said about some bytes. Pieces of a message that follow each other are joined, so that the same bytes
// make the same transcript however they were cut.
struct Transcript {
  struct Step {
    Event::Kind kind = Event::Kind::data;
    Opcode opcode = Opcode::binary;  // data only
    bool end_of_message = false;
    std::string payload;

    bool operator==(const Step&) const = default;
  };

  // A header that was told.
  struct Told {
    Opcode opcode = Opcode::binary;
    bool fin = false;
    std::uint64_t size = 0;

    bool operator==(const Told&) const = default;
  };

  std::vector<Step> steps;
  std::vector<Told> told;
  std::optional<Reason> error;
  std::uint64_t frames = 0;
  std::uint64_t messages = 0;

  bool operator==(const Transcript&) const = default;

  void add_data(Opcode opcode, std::string_view payload, bool end_of_message) {
    const bool joins = !steps.empty() && steps.back().kind == Event::Kind::data && !steps.back().end_of_message;
    if (!joins) steps.push_back({Event::Kind::data, opcode, false, {}});
    if (steps.back().opcode != opcode) throw std::logic_error("the opcode changed within a message");
    steps.back().payload += payload;
    steps.back().end_of_message = end_of_message;
  }
};

inline std::ostream& operator<<(std::ostream& out, const Transcript& transcript) {
  constexpr const char* kinds[] = {"more", "data", "ping", "pong", "close", "error", "frame"};
  for (const Transcript::Step& step : transcript.steps) {
    out << kinds[static_cast<std::size_t>(step.kind)];
    if (step.kind == Event::Kind::data) out << (step.opcode == Opcode::text ? " text" : " binary");
    out << " [";
    for (const char c : step.payload.substr(0, 64)) out << fmt::format("{:02X} ", static_cast<unsigned char>(c));
    out << "](" << step.payload.size() << ")" << (step.end_of_message ? " end" : "") << "; ";
  }
  out << "frames " << transcript.frames << " messages " << transcript.messages;
  if (transcript.error) out << " error " << word(*transcript.error);
  return out;
}

enum class Headers : std::uint8_t { silent, told };

// Decodes `bytes` in reads of the sizes that `next_size` gives (what is left at most), each in a block of its own size.
// Throws where the decoder breaks a promise of its header.
inline Transcript decode(const Bytes& bytes, const DecoderLimits& limits, const std::function<std::size_t()>& next_size,
                         Headers headers = Headers::silent) {
  const auto require = [](bool kept, const char* promise) {
    if (!kept) throw std::logic_error(promise);
  };
  Decoder decoder(limits);
  decoder.tell_frames(headers == Headers::told);
  Transcript transcript;
  bool ended = false;
  for (std::size_t at = 0; at < bytes.size() && !ended;) {
    const std::size_t size = std::min(next_size(), bytes.size() - at);
    Bytes read(bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes.begin() + static_cast<std::ptrdiff_t>(at + size));
    at += size;
    Input input(read);
    std::string payload;
    for (bool done = false; !done;) {
      const std::uint8_t* const write = input.write;
      const Event event = decoder.next(input);
      require(input.write <= input.read && input.read <= input.end, "the input's pointers crossed");
      const std::string piece(event.payload.begin(), event.payload.end());
      switch (event.kind) {
        case Event::Kind::more:
          require(input.read == input.end, "input was left");
          require(piece.empty(), "more has no payload");
          done = true;
          break;
        case Event::Kind::data:
          require(event.payload.data() == write && input.write == write + piece.size(), "payload is not compacted");
          payload += piece;
          transcript.add_data(event.opcode, piece, event.end_of_message);
          break;
        case Event::Kind::error:
          require(decoder.error().has_value(), "an error has a reason");
          require(decoder.next(input).kind == Event::Kind::error, "an error is latched");
          done = ended = true;
          break;
        case Event::Kind::frame:
          require(headers == Headers::told && piece.empty(), "a header is told that nobody asked for, or with payload");
          transcript.told.push_back({event.opcode, event.end_of_message, decoder.remaining()});
          break;
        case Event::Kind::close: done = ended = true; [[fallthrough]];
        case Event::Kind::ping:
        case Event::Kind::pong: transcript.steps.push_back({event.kind, Opcode::binary, false, piece}); break;
      }
    }
    require(std::equal(payload.begin(), payload.end(), read.begin(),
                       [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; }),
            "the payload of a run is not without gaps at its start");
  }
  transcript.error = decoder.error();
  transcript.frames = decoder.frames();
  transcript.messages = decoder.messages();
  return transcript;
}

inline Transcript decode_whole(const Bytes& bytes, const DecoderLimits& limits = {},
                               Headers headers = Headers::silent) {
  return decode(
      bytes, limits, [&] { return bytes.size(); }, headers);
}

inline Transcript decode_byte_by_byte(const Bytes& bytes, const DecoderLimits& limits = {},
                                      Headers headers = Headers::silent) {
  return decode(
      bytes, limits, [] { return 1; }, headers);
}

inline Transcript decode_split_at(const Bytes& bytes, std::size_t split, const DecoderLimits& limits = {}) {
  return decode(bytes, limits, [&bytes, split, first = true]() mutable {
    return std::exchange(first, false) && split > 0 ? split : bytes.size();
  });
}

}  // namespace drawbridge::ws
