#pragma once

#include "support/frames.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace drawbridge::conformance {

using testing::Op;

// What the server sends before its Close: a whole message, however it was fragmented, or a pong.
struct Event {
  Op kind = Op::text;
  std::string payload;

  bool operator==(const Event&) const = default;
};

struct Step {
  std::string bytes;
  std::size_t chop = 0;   // bytes a write; 0: all in one
  std::size_t await = 0;  // events that must have come, in all, before the next step; after the last step: all
};

// Who starts the closing handshake, what the server's Close says, and the word the log gives for it.
struct Ending {
  enum class Starts : std::uint8_t {
    client,  // sends Close 1000 after the last event
    script,  // the Close frame is among the bytes of the case; nothing follows them
    server,  // its Close is answered as a browser would
  };
  Starts starts = Starts::client;
  std::uint16_t code = 1000;  // 1005: an empty Close
  std::string_view text = {};
  std::string_view reason = "client_closed";
};

// The server answers the Close among the bytes.
inline Ending answers(std::uint16_t code) {
  return {.starts = Ending::Starts::script, .code = code};
}
// It refuses that Close.
inline Ending refuses(std::uint16_t code, std::string_view reason = "protocol_error") {
  return {.starts = Ending::Starts::script, .code = code, .text = reason, .reason = reason};
}
// It fails the connection by itself (RFC 6455 §7.1.7).
inline Ending fails(std::uint16_t code, std::string_view reason = "protocol_error") {
  return {.starts = Ending::Starts::server, .code = code, .text = reason, .reason = reason};
}

struct Case {
  std::string number;
  std::string title;
  std::vector<Step> sends;
  std::vector<Event> expected = {};  // all of it, in this order
  Ending ending = {};
  std::string begun = {};        // what comes back of a message that never ends
  std::string behind_head = {};  // bytes sent with the request, before the 101 is there
};

inline Event text(std::string payload) {
  return {Op::text, std::move(payload)};
}
inline Event binary(std::string payload) {
  return {Op::binary, std::move(payload)};
}
inline Event pong(std::string payload) {
  return {Op::pong, std::move(payload)};
}

inline std::vector<Step> at_once(std::string bytes) {
  return {{std::move(bytes)}};
}
inline std::vector<Step> chopped(std::string bytes, std::size_t size = 1) {
  return {{std::move(bytes), size}};
}
// Each frame is a write of its own.
inline std::vector<Step> frame_by_frame(std::vector<std::string> frames) {
  std::vector<Step> steps;
  for (std::string& each : frames) steps.push_back({std::move(each)});
  return steps;
}

// A frame that does not end its message.
inline std::string part(Op opcode, std::string_view payload) {
  return testing::frame(opcode, payload, {.fin = false});
}
// A message of that type, cut into frames of `size` bytes.
std::string fragmented(Op type, std::string_view payload, std::size_t size);
// `pattern` again and again, `size` bytes of it.
std::string repeated(std::string_view pattern, std::size_t size);

// The cases by section; the numbers of those below 11 are the Autobahn test suite's.
std::vector<Case> framing();        // 1
std::vector<Case> pings();          // 2
std::vector<Case> reserved_bits();  // 3
std::vector<Case> opcodes();        // 4
std::vector<Case> fragmentation();  // 5
std::vector<Case> utf8();           // 6
std::vector<Case> closing();        // 7
std::vector<Case> miscellaneous();  // 10
std::vector<Case> beyond();         // R and the section of RFC 6455

// Section 9: large ones, made into cases one at a time.
struct Load {
  std::string number = {};
  std::string_view pattern;
  std::size_t size = 0;      // of a message
  std::size_t fragment = 0;  // 0: one frame
  std::size_t chop = 0;
  std::size_t round_trips = 1;
  Op type = Op::text;
};
std::vector<Load> limits();
Case to_case(const Load& load);

}  // namespace drawbridge::conformance
