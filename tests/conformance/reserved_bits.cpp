// Section 3: reserved bits, which no extension gave a meaning. What came before them is echoed, nothing after.

#include "conformance/case.hpp"

namespace drawbridge::conformance {

using testing::frame;

std::vector<Case> reserved_bits() {
  const std::string hello = "Hello, world!";
  const std::string bytes("\x00\xFF\xFE\xFD\xFC\xFB\x00\xFF", 8);
  const std::string good = frame(Op::text, hello);
  const std::string ping = frame(Op::ping, "");
  const auto reserved = [&](unsigned bits) { return frame(Op::text, hello, {.reserved = bits}); };
  return {
      {"3.1", "text with RSV = 1", at_once(reserved(1)), {}, fails(1002)},
      {"3.2", "text, text with RSV = 2, a ping", at_once(good + reserved(2) + ping), {text(hello)}, fails(1002)},
      {"3.3", "text, text with RSV = 3, a ping", frame_by_frame({good, reserved(3), ping}), {text(hello)}, fails(1002)},
      {"3.4", "text, text with RSV = 4, a ping", chopped(good + reserved(4) + ping), {text(hello)}, fails(1002)},
      {"3.5", "binary with RSV = 5", at_once(frame(Op::binary, bytes, {.reserved = 5})), {}, fails(1002)},
      {"3.6", "binary with RSV = 6", at_once(frame(Op::binary, hello, {.reserved = 6})), {}, fails(1002)},
      {"3.7", "Close with RSV = 7", at_once(frame(Op::close, "", {.reserved = 7})), {}, fails(1002)},
  };
}

}  // namespace drawbridge::conformance
