#include "ws/decoder.hpp"

#include "base/text.hpp"
#include "ws/mask.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

namespace drawbridge::ws {
namespace {

// The wire format of RFC 6455 §5.2.
constexpr unsigned fin_bit = 0x80;
constexpr unsigned reserved_bits = 0x70;
constexpr unsigned opcode_bits = 0x0F;
constexpr unsigned mask_bit = 0x80;
constexpr unsigned length_bits = 0x7F;
constexpr unsigned longest_short_length = 125;
constexpr unsigned length_in_2_bytes = 126;
constexpr unsigned length_in_8_bytes = 127;
constexpr unsigned first_control_opcode = 0x8;
constexpr std::size_t key_size = 4;
constexpr std::size_t small_header_size = 2 + key_size;

std::size_t length_field_size(unsigned second) {
  switch (second & length_bits) {
    case length_in_2_bytes: return 2;
    case length_in_8_bytes: return 8;
    default: return 0;
  }
}

std::size_t header_size(unsigned second) {
  return 2 + length_field_size(second) + key_size;
}

std::uint64_t big_endian(const std::uint8_t* at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = (value << 8U) | at[i];
  return value;
}

std::size_t small_message_end(const DecoderLimits& limits) {
  if (limits.accepts == Accepts::text) return 0;
  return std::min({limits.frame, limits.message, std::uint64_t{longest_short_length}}) + 1;
}

}  // namespace

Decoder::Decoder(const DecoderLimits& limits) : limits_(limits), small_message_end_(small_message_end(limits)) {}

void Decoder::tell_frames(bool tell) {
  tells_frames_ = tell;
  // Small messages have no header of their own to tell.
  small_message_end_ = tell ? 0 : small_message_end(limits_);
}

// A whole binary message in one short frame, the bulk of small traffic: it leaves no state behind, and taking it apart
// here costs about 7 ns instead of 11.
inline bool Decoder::has_small_message(const Input& input) const {
  if (state_ != State::header || header_size_ != 0 || in_message_) return false;
  const auto available = static_cast<std::size_t>(input.end - input.read);
  if (available < small_header_size || input.read[0] != (fin_bit | static_cast<unsigned>(Opcode::binary))) return false;
  const unsigned length = input.read[1] ^ mask_bit;  // too long if the bit is missing
  return length < small_message_end_ && available - small_header_size >= length;
}

inline Event Decoder::take_small_message(Input& input) {
  const std::uint8_t* const from = input.read;
  const std::span payload(input.write, from[1] ^ mask_bit);
  std::uint32_t key = 0;
  std::memcpy(&key, from + 2, key_size);
  input.read += small_header_size + payload.size();
  input.write += payload.size();
  ++frames_;
  ++messages_;
  unmask(payload.data(), from + small_header_size, payload.size(), key, 0);
  return {Event::Kind::data, Opcode::binary, true, payload};
}

// A header that lies whole in the input is used where it is, and these inline functions then keep its values in
// registers: small frames are bound by the chain of loads from one header to the next.
inline const std::uint8_t* Decoder::take_header(Input& input) {
  const auto available = static_cast<std::size_t>(input.end - input.read);
  if (header_size_ != 0 || available < 2) return collect_header(input);
  const std::size_t size = header_size(input.read[1]);
  if (available < size) return collect_header(input);
  return std::exchange(input.read, input.read + size);
}

// Null: the header is not whole yet.
const std::uint8_t* Decoder::collect_header(Input& input) {
  while (input.read != input.end) {
    header_[header_size_++] = *input.read++;
    if (header_size_ < 2) continue;
    // A bad start need not be followed by the key that we would wait for: an unmasked frame may end before.
    const bool bad = !legal(header_[0], header_[1]) || !accepted(header_[0]);
    if (bad || header_size_ == header_size(header_[1])) {
      header_size_ = 0;
      return header_.data();
    }
  }
  return nullptr;
}

// What the first two bytes alone tell (RFC 6455 §5.2, §5.4, §5.5).
inline bool Decoder::legal(unsigned first, unsigned second) const {
  if ((first & reserved_bits) != 0 || (second & mask_bit) == 0) return false;
  const unsigned opcode = first & opcode_bits;
  if (opcode < first_control_opcode) {
    const bool continues = opcode == static_cast<unsigned>(Opcode::continuation);
    return opcode <= static_cast<unsigned>(Opcode::binary) && continues == in_message_;
  }
  const bool whole = (first & fin_bit) != 0 && (second & length_bits) <= longest_control_payload;
  return whole && opcode <= static_cast<unsigned>(Opcode::pong);
}

inline bool Decoder::accepted(unsigned first) const {
  const auto opcode = static_cast<Opcode>(first & opcode_bits);
  if (limits_.accepts == Accepts::any) return true;
  return opcode != (limits_.accepts == Accepts::text ? Opcode::binary : Opcode::text);
}

// False: refused.
inline bool Decoder::begin_frame(const std::uint8_t* header) {
  const auto refuse = [this](Reason reason) {
    fail(reason);
    return false;
  };
  const unsigned first = header[0];
  const unsigned second = header[1];
  if (!legal(first, second)) return refuse(Reason::protocol_error);
  if (!accepted(first)) return refuse(Reason::data_type);

  const std::size_t field_size = length_field_size(second);
  std::uint64_t length = second & length_bits;
  if (field_size != 0) {
    length = big_endian(header + 2, field_size);
    const std::uint64_t shortest = field_size == 2 ? longest_short_length + 1 : 0x10000;
    if (length < shortest || (length >> 63U) != 0) return refuse(Reason::protocol_error);
  }
  std::memcpy(&key_, header + 2 + field_size, key_size);
  phase_ = 0;
  remaining_ = length;

  const auto opcode = static_cast<Opcode>(first & opcode_bits);
  if (static_cast<unsigned>(opcode) >= first_control_opcode) {
    control_opcode_ = opcode;
    control_size_ = 0;
    state_ = State::control;
    return true;
  }
  if (!in_message_) {
    message_opcode_ = opcode;
    message_size_ = 0;
    // utf8_ needs no reset: a text that ended well left it between code points.
  }
  if (length > limits_.frame) return refuse(Reason::frame_too_big);
  if (length > limits_.message - message_size_) return refuse(Reason::message_too_big);
  message_size_ += length;
  fin_ = (first & fin_bit) != 0;
  in_message_ = !fin_;
  ++frames_;
  // An empty fragment says nothing unless it ends the message.
  if (length != 0 || fin_) state_ = State::data;
  return true;
}

inline Event Decoder::take_data(Input& input) {
  const auto available = static_cast<std::uint64_t>(input.end - input.read);
  const auto size = static_cast<std::size_t>(std::min(available, remaining_));
  if (message_opcode_ == Opcode::text && !utf8_.valid()) return fail(Reason::utf8);
  if (size == 0 && remaining_ != 0) return {};

  std::uint8_t* const from = std::exchange(input.read, input.read + size);
  const std::span<std::uint8_t> received(input.write, size);
  phase_ = unmask(received.data(), from, size, key_, phase_);
  remaining_ -= size;
  if (message_opcode_ == Opcode::text) return take_text(received, input);

  input.write += size;
  const bool ends = fin_ && remaining_ == 0;
  if (remaining_ == 0) state_ = State::header;
  messages_ += ends;
  return {Event::Kind::data, Opcode::binary, ends, received};
}

// What stands before a bad byte is yielded, and the error by the next call, as if the text had come in pieces. Where a
// message ends inside a code point, its last byte is the bad one.
Event Decoder::take_text(std::span<std::uint8_t> received, Input& input) {
  std::size_t good = utf8_.accept(received);
  const bool last = fin_ && remaining_ == 0;
  if (last && utf8_.valid() && !utf8_.complete()) {
    utf8_.invalidate();
    good = received.empty() ? 0 : received.size() - 1;
  }
  if (!utf8_.valid() && good == 0) return fail(Reason::utf8);

  input.write += good;
  const bool ends = last && utf8_.valid();
  if (remaining_ == 0 && utf8_.valid()) state_ = State::header;
  messages_ += ends;
  return {Event::Kind::data, Opcode::text, ends, received.first(good)};
}

Event Decoder::next(Input& input) {
  if (has_small_message(input)) return take_small_message(input);
  while (state_ == State::header) {
    const std::uint8_t* const header = take_header(input);
    if (header == nullptr || !begin_frame(header)) break;
    if (tells_frames_) {
      return {Event::Kind::frame, static_cast<Opcode>(header[0] & opcode_bits), (header[0] & fin_bit) != 0};
    }
  }
  if (state_ == State::data) return take_data(input);
  switch (state_) {
    case State::control: return take_control(input);
    case State::closed: input.read = input.end; return {};
    case State::failed: return {.kind = Event::Kind::error};
    default: return {};
  }
}

Event Decoder::take_control(Input& input) {
  const auto available = static_cast<std::uint64_t>(input.end - input.read);
  const auto size = static_cast<std::size_t>(std::min(available, remaining_));
  phase_ = unmask(control_.data() + control_size_, input.read, size, key_, phase_);
  input.read += size;
  remaining_ -= size;
  control_size_ = static_cast<std::uint8_t>(control_size_ + size);
  if (remaining_ != 0) return {};

  state_ = State::header;
  if (control_opcode_ == Opcode::close) return take_close();
  const auto kind = control_opcode_ == Opcode::ping ? Event::Kind::ping : Event::Kind::pong;
  return {.kind = kind, .payload = std::span(control_).first(control_size_)};
}

// RFC 6455 §5.5.1 and §7.4.
Event Decoder::take_close() {
  const std::span<const std::uint8_t> payload = std::span(control_).first(control_size_);
  if (!payload.empty()) {
    if (payload.size() == 1 || !valid_close_code(close_code(payload))) return fail(Reason::protocol_error);
    const std::string_view reason(reinterpret_cast<const char*>(payload.data()) + 2, payload.size() - 2);
    if (!is_utf8(reason)) return fail(Reason::utf8);
  }
  state_ = State::closed;
  return {.kind = Event::Kind::close, .payload = payload};
}

Event Decoder::fail(Reason reason) {
  error_ = reason;
  state_ = State::failed;
  return {.kind = Event::Kind::error};
}

}  // namespace drawbridge::ws
