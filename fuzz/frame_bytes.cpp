// What a browser sent, straight to the decoder and only once: just what its header promises of pointers, payload and
// errors is checked, so that a second sees hundreds of thousands of inputs. What the bytes mean, frame_decoder checks.
//
// Input: what the browser sent.

#include "finding.hpp"
#include "ws/decoder.hpp"

#include <algorithm>
#include <memory>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace drawbridge::ws;
  using drawbridge::fuzz::require;
  // A block of just that size, so that a byte too far shows.
  const std::unique_ptr<std::uint8_t[]> bytes(new std::uint8_t[size]);
  std::copy_n(data, size, bytes.get());
  Input input({bytes.get(), size});
  Decoder decoder({.frame = 200, .message = 1'000});
  Event::Kind kind = Event::Kind::data;
  while (kind == Event::Kind::data || kind == Event::Kind::ping || kind == Event::Kind::pong) {
    const std::uint8_t* const write = input.write;
    const std::uint8_t* const read = input.read;
    const Event event = decoder.next(input);
    kind = event.kind;
    require(input.write <= input.read && input.read <= input.end, "the input's pointers crossed");
    require(kind == Event::Kind::error || kind == Event::Kind::more || input.read > read, "nothing was used up");
    const bool data_event = kind == Event::Kind::data;
    require(input.write == write + (data_event ? event.payload.size() : 0), "payload is not moved together");
    require(!data_event || event.payload.data() == write, "payload is not where it was moved to");
    require(data_event || event.payload.size() <= longest_control_payload, "a control frame is too long");
  }
  require((kind == Event::Kind::error) == decoder.error().has_value(), "an error has a reason, and only an error");
  require(kind != Event::Kind::more || input.read == input.end, "input was left");
  return 0;
}
