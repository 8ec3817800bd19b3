// Section 2: pings and pongs.

#include "conformance/case.hpp"

namespace drawbridge::conformance {

using testing::frame;

std::vector<Case> pings() {
  const std::string bytes("\x00\xFF\xFE\xFD\xFC\xFB\x00\xFF", 8);
  const std::string full(125, '\xFE');
  std::string ten;
  std::vector<Event> ten_pongs;
  for (int i = 0; i < 10; ++i) {
    const std::string payload = "payload-" + std::to_string(i);
    ten += frame(Op::ping, payload);
    ten_pongs.push_back(pong(payload));
  }
  return {
      {"2.1", "an empty ping", at_once(frame(Op::ping, "")), {pong("")}},
      {"2.2", "a ping with text", at_once(frame(Op::ping, "Hello, world!")), {pong("Hello, world!")}},
      {"2.3", "a ping with bytes that are no UTF-8", at_once(frame(Op::ping, bytes)), {pong(bytes)}},
      {"2.4", "a ping of 125 bytes", at_once(frame(Op::ping, full)), {pong(full)}},
      {"2.5", "a ping of 126 bytes", at_once(frame(Op::ping, std::string(126, '\xFE'))), {}, fails(1002)},
      {"2.6", "a ping of 125 bytes, byte by byte", chopped(frame(Op::ping, full)), {pong(full)}},
      {"2.7", "an empty pong nobody asked for", at_once(frame(Op::pong, ""))},
      {"2.8", "a pong nobody asked for", at_once(frame(Op::pong, "unsolicited pong payload"))},
      {"2.9",
       "a pong nobody asked for, then a ping",
       at_once(frame(Op::pong, "unsolicited pong payload") + frame(Op::ping, "ping payload")),
       {pong("ping payload")}},
      {"2.10", "ten pings", at_once(ten), ten_pongs},
      {"2.11", "ten pings, byte by byte", chopped(ten), ten_pongs},
  };
}

}  // namespace drawbridge::conformance
