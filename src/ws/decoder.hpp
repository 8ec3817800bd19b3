#pragma once

#include "base/reason.hpp"
#include "ws/frame.hpp"
#include "ws/utf8.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>

namespace drawbridge::ws {

// Which data messages a route takes; others end the session with 1003.
enum class Accepts : std::uint8_t { any, binary, text };

struct DecoderLimits {
  std::uint64_t frame = std::numeric_limits<std::uint64_t>::max();    // payload bytes of one frame
  std::uint64_t message = std::numeric_limits<std::uint64_t>::max();  // payload bytes of one message
  Accepts accepts = Accepts::any;
};

// A window on received bytes. `read`..`end` is not decoded yet. Payload is unmasked and moved down to `write`, which
// never passes `read`: after a run over many frames, everything between the buffer's start and `write` is payload
// without gaps.
struct Input {
  std::uint8_t* write;
  std::uint8_t* read;
  std::uint8_t* end;

  explicit Input(std::span<std::uint8_t> bytes)
      : write(bytes.data()), read(bytes.data()), end(bytes.data() + bytes.size()) {}
};

struct Event {
  enum class Kind : std::uint8_t {
    more,  // the input is used up; payload and the rest are empty
    data,  // a piece of a message, in the caller's buffer
    ping,  // payload (0..125 bytes) lives in the decoder until the next call
    pong,
    close,  // payload checked: empty, or a valid code and a UTF-8 reason; nothing after it is decoded
    error,  // the decoder's error() says why; latched
    frame,  // a header was taken; its payload follows. Only with tell_frames
  };

  Kind kind = Kind::more;
  Opcode opcode = Opcode::binary;  // data: text or binary, also for continuation frames; frame: as sent
  bool end_of_message = false;     // data: the last piece of its message; frame: FIN
  std::span<const std::uint8_t> payload = {};
};

// Decodes what a browser sends (RFC 6455 §5-§7): frames in, payload pieces and control frames out. It stores nothing
// but a partial header and a partial control payload (125 bytes at most), so that an announced length costs nothing. A
// frame is refused on its header, the caps included. Text is refused at the byte that breaks it; what came before was
// yielded.
class Decoder {
 public:
  explicit Decoder(const DecoderLimits& limits = {});

  // The next event in `input`. Call until it is `more`, `close` or `error`. The same bytes in any split give the same
  // payload, message boundaries and end. After `close` the rest is skipped.
  Event next(Input& input);

  // From the next header on each is told, before what it carries.
  void tell_frames(bool tell);
  // Payload bytes of the current frame that are still to come: right after its header, all of them.
  std::uint64_t remaining() const { return remaining_; }

  // Why decoding stopped: protocol_error, data_type, utf8, frame_too_big or message_too_big.
  std::optional<Reason> error() const { return error_; }

  std::uint64_t frames() const { return frames_; }      // data frames whose header was taken
  std::uint64_t messages() const { return messages_; }  // data messages finished

 private:
  enum class State : std::uint8_t { header, data, control, closed, failed };

  bool has_small_message(const Input& input) const;
  Event take_small_message(Input& input);
  const std::uint8_t* take_header(Input& input);
  const std::uint8_t* collect_header(Input& input);
  bool legal(unsigned first, unsigned second) const;
  bool accepted(unsigned first) const;
  bool begin_frame(const std::uint8_t* header);
  Event take_data(Input& input);
  Event take_text(std::span<std::uint8_t> received, Input& input);
  Event take_control(Input& input);
  Event take_close();
  Event fail(Reason reason);

  DecoderLimits limits_;
  std::size_t small_message_end_;  // one more than the longest payload of a small message; 0: there are none
  std::uint64_t frames_ = 0;
  std::uint64_t messages_ = 0;
  std::uint64_t remaining_ = 0;     // payload bytes of the frame still to come
  std::uint64_t message_size_ = 0;  // payload bytes the message has announced; at most limits_.message
  std::uint32_t key_ = 0;           // in wire order
  unsigned phase_ = 0;              // into the key
  State state_ = State::header;
  Opcode message_opcode_ = Opcode::binary;
  Opcode control_opcode_ = Opcode::ping;
  bool in_message_ = false;  // a message has begun and its last frame's header has not come
  bool fin_ = false;         // the data frame is the last of its message
  bool tells_frames_ = false;
  std::optional<Reason> error_;
  Utf8 utf8_;
  std::uint8_t header_size_ = 0;  // of header_ in use: a header cut by the end of the input
  std::uint8_t control_size_ = 0;
  std::array<std::uint8_t, 14> header_;
  std::array<std::uint8_t, longest_control_payload> control_;
};

}  // namespace drawbridge::ws
