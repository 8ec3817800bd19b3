// What RFC 6455 says and the Autobahn test suite does not ask; numbered by section of the RFC.

#include "conformance/case.hpp"

#include <array>
#include <initializer_list>

namespace drawbridge::conformance {
namespace {

using testing::client_close;
using testing::close_payload;
using testing::frame;

constexpr std::array<std::uint8_t, 4> zero_key{0, 0, 0, 0};
constexpr std::array<std::uint8_t, 4> other_key{0xFF, 0x80, 0x01, 0x7F};
const std::string hello = "Hello, world!";

// §4.2.2, §5.1: frames that came with the request.
std::vector<Case> before_the_answer() {
  const std::string first = frame(Op::text, "early");
  return {
      {"R4.2.2.1", "a message behind the head", {}, {text("early")}, {}, {}, first},
      {"R4.2.2.2",
       "half a message behind the head",
       at_once(first.substr(8)),
       {text("early")},
       {},
       {},
       first.substr(0, 8)},
      {"R4.2.2.3",
       "a message and a Close behind the head",
       {},
       {text("early")},
       answers(1001),
       {},
       first + client_close(1001)},
      {"R4.2.2.4",
       "a bad frame behind the head",
       {},
       {text("early")},
       fails(1002),
       {},
       first + frame(Op::text, "", {.masked = false})},
  };
}

// §5.1, §5.3: masking.
std::vector<Case> masking() {
  const std::string good = frame(Op::text, hello);
  const auto unmasked = [](Op opcode, std::string_view payload) { return frame(opcode, payload, {.masked = false}); };
  return {
      {"R5.1.1", "unmasked text", at_once(good + unmasked(Op::text, hello)), {text(hello)}, fails(1002)},
      {"R5.1.2", "an unmasked empty frame", at_once(unmasked(Op::binary, "")), {}, fails(1002)},
      {"R5.1.3", "an unmasked ping", at_once(unmasked(Op::ping, hello)), {}, fails(1002)},
      {"R5.1.4", "an unmasked Close", at_once(unmasked(Op::close, close_payload(1000))), {}, fails(1002)},
      {"R5.1.5",
       "an unmasked continuation",
       at_once(part(Op::text, hello) + unmasked(Op::continuation, hello)),
       {},
       fails(1002),
       hello},
      {"R5.3.1", "a key of zeros", at_once(frame(Op::text, hello, {.key = zero_key})), {text(hello)}},
      {"R5.3.2",
       "a key for each frame",
       at_once(frame(Op::text, hello, {.fin = false, .key = other_key}) + frame(Op::ping, "ping", {.key = zero_key}) +
               frame(Op::continuation, hello)),
       {pong("ping"), text(hello + hello)}},
      {"R5.3.3",
       "the same, byte by byte",
       chopped(frame(Op::text, hello, {.fin = false, .key = other_key}) + frame(Op::ping, "ping", {.key = zero_key}) +
               frame(Op::continuation, hello)),
       {pong("ping"), text(hello + hello)}},
      {"R5.3.4",
       "payload that looks like frames",
       at_once(frame(Op::binary, client_close(1000) + good, {.key = zero_key})),
       {binary(client_close(1000) + good)}},
  };
}

// §5.2: the header.
std::vector<Case> headers() {
  constexpr std::uint64_t top_bit = std::uint64_t{1} << 63;
  const auto announces = [](std::uint64_t size) {
    return frame(Op::binary, "", {.length_bytes = 8, .announce = size});
  };
  const auto in_bytes = [](std::size_t count, std::size_t size, Op opcode = Op::text) {
    return frame(opcode, std::string(size, 'x'), {.length_bytes = count});
  };
  return {
      {"R5.2.1", "0 as a 16-bit length", at_once(in_bytes(2, 0)), {}, fails(1002)},
      {"R5.2.2", "125 as a 16-bit length", at_once(in_bytes(2, 125)), {}, fails(1002)},
      {"R5.2.3", "126 as a 64-bit length", at_once(in_bytes(8, 126)), {}, fails(1002)},
      {"R5.2.4", "65,535 as a 64-bit length", at_once(in_bytes(8, 65'535).substr(0, 14)), {}, fails(1002)},
      {"R5.2.5", "a ping with a 16-bit length", at_once(in_bytes(2, 5, Op::ping)), {}, fails(1002)},
      {"R5.2.6", "a Close with a 64-bit length", at_once(in_bytes(8, 2, Op::close)), {}, fails(1002)},
      {"R5.2.7", "a length of 2^63", at_once(announces(top_bit)), {}, fails(1002)},
      {"R5.2.8", "a length of 2^64 - 1", at_once(announces(top_bit - 1 + top_bit)), {}, fails(1002)},
      {"R5.2.9", "a length of 2^63 - 1", at_once(announces(top_bit - 1)), {}, fails(1009, "frame_too_big")},
      {"R5.2.10",
       "a byte more than the route takes",
       at_once(announces((16U << 20) + 1)),
       {},
       fails(1009, "frame_too_big")},
      {"R5.2.11", "RSV = 1 on a ping", at_once(frame(Op::ping, "", {.reserved = 1})), {}, fails(1002)},
      {"R5.2.12", "RSV = 2 on a pong", at_once(frame(Op::pong, "", {.reserved = 2})), {}, fails(1002)},
      {"R5.2.13",
       "RSV = 4 on a continuation",
       at_once(part(Op::text, hello) + frame(Op::continuation, hello, {.reserved = 4})),
       {},
       fails(1002),
       hello},
      {"R5.2.14",
       "a reserved opcode between fragments",
       at_once(part(Op::text, hello) + frame(static_cast<Op>(3), "")),
       {},
       fails(1002),
       hello},
  };
}

// §5.4: fragments.
std::vector<Case> fragments() {
  const std::string empty = part(Op::continuation, "");
  const std::string full(125, 'p');
  return {
      {"R5.4.1",
       "a thousand empty fragments",
       at_once(part(Op::text, hello) + repeated(empty, 1000 * empty.size()) + frame(Op::continuation, "")),
       {text(hello)}},
      {"R5.4.2",
       "an empty message after an empty fragment",
       at_once(part(Op::binary, "") + frame(Op::continuation, "") + frame(Op::text, "")),
       {binary(""), text("")}},
      {"R5.4.3",
       "binary within text",
       at_once(part(Op::text, hello) + frame(Op::binary, hello)),
       {},
       fails(1002),
       hello},
      {"R5.4.4",
       "text within binary",
       at_once(part(Op::binary, hello) + part(Op::text, hello)),
       {},
       fails(1002),
       hello},
      {"R5.4.5",
       "full pings between all fragments",
       at_once(part(Op::text, "a") + frame(Op::ping, full) + part(Op::continuation, "b") + frame(Op::ping, full) +
               frame(Op::continuation, "c")),
       {pong(full), pong(full), text("abc")}},
      {"R5.4.6",
       "a continuation after a whole message",
       at_once(frame(Op::text, hello) + frame(Op::continuation, "")),
       {text(hello)},
       fails(1002)},
  };
}

// §5.5: control frames.
std::vector<Case> control_frames() {
  return {
      {"R5.5.1", "a Close in two fragments", at_once(part(Op::close, close_payload(1000))), {}, fails(1002)},
      {"R5.5.2", "a pong of 126 bytes", at_once(frame(Op::pong, std::string(126, 'p'))), {}, fails(1002)},
      {"R5.5.3",
       "a ping of 65,536 bytes",
       at_once(frame(Op::ping, std::string(65'536, 'p')).substr(0, 14)),
       {},
       fails(1002)},
      {"R5.5.1.1",
       "two Closes with different codes",
       at_once(client_close(3000) + client_close(4000)),
       {},
       answers(3000)},
      {"R5.5.1.2",
       "no frame at all after the Close",
       at_once(client_close(1000) + std::string(64, '\xFF')),
       {},
       answers(1000)},
      {"R5.5.1.3",
       "a bad frame after the Close",
       at_once(client_close(1000) + frame(Op::text, "", {.reserved = 7, .masked = false})),
       {},
       answers(1000)},
      {"R5.5.1.4", "a Close, byte by byte", chopped(client_close(4321, "so long")), {}, answers(4321)},
      {"R5.5.1.5",
       "messages and pings, then a Close, in one write",
       at_once(frame(Op::text, "one") + frame(Op::ping, "two") + frame(Op::binary, "three") + client_close(1001)),
       {text("one"), pong("two"), binary("three")},
       answers(1001)},
      {"R5.5.3.1",
       "pings and messages keep their order",
       at_once(frame(Op::ping, "1") + frame(Op::text, "2") + frame(Op::ping, "3") + frame(Op::binary, "4") +
               frame(Op::ping, "5")),
       {pong("1"), text("2"), pong("3"), binary("4"), pong("5")}},
      {"R5.6.1",
       "empty messages keep their types",
       at_once(frame(Op::text, "") + frame(Op::binary, "") + frame(Op::binary, "") + frame(Op::text, "")),
       {text(""), binary(""), binary(""), text("")}},
  };
}

// §7.4: codes which section 7 leaves out, and reasons at their edges.
std::vector<Case> close_codes() {
  const std::string edge = std::string(121, '*') + "\xC3\xBC";  // 123 bytes
  std::vector<Case> cases{
      {"R7.1.6.1",
       "a reason that ends with a code point of two bytes",
       at_once(client_close(1000, edge)),
       {},
       answers(1000)},
      {"R7.1.6.2",
       "a reason that ends within a code point",
       at_once(client_close(1000, edge.substr(0, 122))),
       {},
       refuses(1007, "utf8")},
      {"R7.1.6.3", "a bad code with a good reason", at_once(client_close(1005, "reason")), {}, refuses(1002)},
  };
  int i = 0;
  for (const std::uint16_t code :
       std::initializer_list<std::uint16_t>{1012, 1013, 1014}) {  // registered with IANA since
    cases.push_back({"R7.4.1." + std::to_string(++i),
                     "code " + std::to_string(code),
                     at_once(client_close(code)),
                     {},
                     answers(code)});
  }
  for (const std::uint16_t code : std::initializer_list<std::uint16_t>{1, 1015, 1017, 2500, 32'768}) {
    cases.push_back({"R7.4.1." + std::to_string(++i),
                     "code " + std::to_string(code),
                     at_once(client_close(code)),
                     {},
                     refuses(1002)});
  }
  return cases;
}

// §8.1: a byte that can never be UTF-8, at every position of a text; what follows it is never sent.
std::vector<Case> text_in_error() {
  const std::string sample = "aüb€c🌉d";
  std::vector<Case> cases;
  for (std::size_t at = 0; at <= sample.size(); ++at) {
    std::string payload = sample;
    payload.insert(at, 1, '\xFF');
    const std::string whole = frame(Op::text, payload);
    const std::size_t unsent = payload.size() - at - 1;
    cases.push_back({"R8.1.1." + std::to_string(at + 1),
                     "FF at byte " + std::to_string(at),
                     chopped(whole.substr(0, whole.size() - unsent)),
                     {},
                     fails(1007, "utf8"),
                     sample.substr(0, at)});
  }
  return cases;
}

// §8.1: a text is a message, neither a frame nor the stream.
std::vector<Case> texts() {
  const std::string euro = "€";
  const std::string two = euro.substr(0, 2);
  const std::string third = euro.substr(2);
  return {
      {"R8.1.2.1",
       "a ping within a code point",
       at_once(part(Op::text, two) + frame(Op::ping, "\xFF") + frame(Op::continuation, third)),
       {pong("\xFF"), text(euro)}},
      {"R8.1.2.2",
       "an end within a code point, in an empty frame",
       at_once(part(Op::text, two) + frame(Op::continuation, "")),
       {},
       fails(1007, "utf8"),
       two},
      {"R8.1.2.3",
       "a code point over two messages",
       at_once(frame(Op::text, two) + frame(Op::text, third)),
       {},
       fails(1007, "utf8"),
       two.substr(0, 1)},
      {"R8.1.2.4",
       "a good message, then a bad one",
       at_once(frame(Op::text, euro) + frame(Op::text, "\xFF")),
       {text(euro)},
       fails(1007, "utf8")},
      {"R8.1.2.5",
       "binary is no text",
       at_once(frame(Op::binary, "\xFF") + frame(Op::text, euro)),
       {binary("\xFF"), text(euro)}},
  };
}

}  // namespace

std::vector<Case> beyond() {
  std::vector<Case> cases;
  for (const auto& some : {before_the_answer(), masking(), headers(), fragments(), control_frames(), close_codes(),
                           text_in_error(), texts()}) {
    cases.insert(cases.end(), some.begin(), some.end());
  }
  return cases;
}

}  // namespace drawbridge::conformance
