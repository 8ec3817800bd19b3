#pragma once

#include "base/time.hpp"
#include "ws/frame.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace drawbridge::net {

class Session;

// Of what crosses: up goes to the backend, down to the browser.
enum class Direction : std::uint8_t { up, down };

// Hears what crosses a session, as it crosses, on the worker's thread. Nothing of it may throw.
class Trace {
 public:
  struct Frame {
    ws::Opcode opcode;
    bool fin;
    std::uint64_t size;  // of the payload, as announced
  };

  virtual ~Trace() = default;
  // A header came from the browser, or a frame goes to it.
  virtual void frame(Direction direction, const Frame& frame, Instant now) = 0;
  // Payload of the frame that was told last in that direction, unmasked; a long one comes in several pieces.
  virtual void payload(Direction direction, std::span<const std::uint8_t> piece, Instant now) = 0;
  // So many bytes are not taken by the backend (up) or the browser (down), and wait; 0: all that waited are taken.
  virtual void held(Direction direction, std::size_t bytes, Instant now) = 0;
  // The session is over. The last call.
  virtual void end(const Session& session, Instant now) = 0;
};

}  // namespace drawbridge::net
