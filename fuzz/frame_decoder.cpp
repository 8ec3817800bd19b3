// The same bytes in any split give the same payload, message boundaries, control frames and end; and they are what a
// slow decoder says that has all bytes before it.
//
// Input: see Received; the options choose limits.

#include "base/text.hpp"
#include "finding.hpp"
#include "received.hpp"
#include "unit/ws/transcript.hpp"

#include <array>
#include <span>
#include <string>

namespace drawbridge::ws {
namespace {

using Stream = std::span<const std::uint8_t>;

DecoderLimits limits_of(unsigned options) {
  DecoderLimits limits;
  if (options & 0x04U) limits.frame = 20;
  if (options & 0x08U) limits.frame = 200;
  if (options & 0x10U) limits.message = 30;
  if (options & 0x20U) limits.message = 1ULL << 62U;
  limits.accepts = static_cast<Accepts>((options & 0x03U) % 3);
  return limits;
}

// Whether `text`, at most one code point, is valid UTF-8 or can become so; at the end it must be.
bool can_be_text(const std::string& text, bool end) {
  if (is_utf8(text)) return true;
  if (end) return false;
  // One of these is in the range of any second byte.
  for (const char second : {'\x80', '\x90', '\xA0'}) {
    std::string longer = text;
    for (std::size_t missing = 0; missing < 3; ++missing) {
      longer += longer.size() == 1 ? second : '\x80';
      if (is_utf8(longer)) return true;
    }
  }
  return false;
}

// RFC 6455 read line by line, with no thought of speed.
class SlowDecoder {
 public:
  SlowDecoder(Stream stream, const DecoderLimits& limits) : stream_(stream), limits_(limits) {}

  Transcript run() {
    while (!ended_ && stream_.size() >= 2) {
      if (!frame()) break;
    }
    return std::move(transcript_);
  }

 private:
  bool fail(Reason reason) {
    transcript_.error = reason;
    ended_ = true;
    return false;
  }

  // False: the stream ends inside the frame, or must end.
  bool frame() {
    const bool fin = (stream_[0] & 0x80U) != 0;
    const unsigned opcode = stream_[0] & 0x0FU;
    const bool control = (opcode & 0x8U) != 0;
    const unsigned short_length = stream_[1] & 0x7FU;
    if ((stream_[0] & 0x70U) != 0) return fail(Reason::protocol_error);
    if ((stream_[1] & 0x80U) == 0) return fail(Reason::protocol_error);
    if (opcode != 0 && opcode != 1 && opcode != 2 && opcode != 8 && opcode != 9 && opcode != 10) {
      return fail(Reason::protocol_error);
    }
    if (control && (!fin || short_length > 125)) return fail(Reason::protocol_error);
    if (!control && opcode == 0 && !in_message_) return fail(Reason::protocol_error);
    if (!control && opcode != 0 && in_message_) return fail(Reason::protocol_error);
    if (opcode == 1 && limits_.accepts == Accepts::binary) return fail(Reason::data_type);
    if (opcode == 2 && limits_.accepts == Accepts::text) return fail(Reason::data_type);

    const std::size_t length_bytes = short_length == 126 ? 2 : short_length == 127 ? 8 : 0;
    if (stream_.size() < 2 + length_bytes + 4) return false;
    std::uint64_t length = length_bytes == 0 ? short_length : 0;
    for (const std::uint8_t byte : stream_.subspan(2, length_bytes)) length = length * 256 + byte;
    if (length_bytes == 2 && length < 126) return fail(Reason::protocol_error);
    if (length_bytes == 8 && length < 65536) return fail(Reason::protocol_error);
    if (length > 0x7FFFFFFFFFFFFFFF) return fail(Reason::protocol_error);

    const Stream key = stream_.subspan(2 + length_bytes, 4);
    stream_ = stream_.subspan(2 + length_bytes + 4);
    const bool whole = stream_.size() >= length;
    const Stream masked = whole ? stream_.first(static_cast<std::size_t>(length)) : stream_;
    std::string payload;
    for (std::size_t i = 0; i < masked.size(); ++i) payload += static_cast<char>(masked[i] ^ key[i % 4]);
    stream_ = stream_.subspan(masked.size());
    return control ? control_frame(opcode, payload, whole) : data_frame(opcode, fin, length, payload, whole);
  }

  bool control_frame(unsigned opcode, const std::string& payload, bool whole) {
    if (!whole) return false;
    if (opcode != 8) {
      transcript_.steps.push_back(
          {opcode == 9 ? Event::Kind::ping : Event::Kind::pong, Opcode::binary, false, payload});
      return true;
    }
    if (payload.size() == 1) return fail(Reason::protocol_error);
    if (payload.size() >= 2) {
      const unsigned code = static_cast<unsigned char>(payload[0]) * 256U + static_cast<unsigned char>(payload[1]);
      const bool standard = code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
      if (!standard && (code < 3000 || code > 4999)) return fail(Reason::protocol_error);
      if (!is_utf8(payload.substr(2))) return fail(Reason::utf8);
    }
    transcript_.steps.push_back({Event::Kind::close, Opcode::binary, false, payload});
    ended_ = true;
    return false;
  }

  bool data_frame(unsigned opcode, bool fin, std::uint64_t length, const std::string& payload, bool whole) {
    if (opcode != 0) {
      opcode_ = static_cast<Opcode>(opcode);
      code_point_.clear();
      announced_ = 0;
    }
    if (length > limits_.frame) return fail(Reason::frame_too_big);
    if (limits_.message < announced_ || limits_.message - announced_ < length) return fail(Reason::message_too_big);
    announced_ += length;
    in_message_ = !fin;
    ++transcript_.frames;
    if (opcode_ == Opcode::text && !add_text(payload, fin && whole)) return false;
    const bool ends = fin && whole;
    if (opcode_ == Opcode::binary && (!payload.empty() || ends)) transcript_.add_data(opcode_, payload, ends);
    transcript_.messages += ends ? 1 : 0;
    return whole;
  }

  bool add_text(const std::string& payload, bool ends) {
    std::size_t good = 0;
    bool bad = payload.empty() && ends && !code_point_.empty();
    for (; good < payload.size() && !bad; ++good) {
      code_point_ += payload[good];
      bad = !can_be_text(code_point_, ends && good + 1 == payload.size());
      if (bad) break;
      if (is_utf8(code_point_)) code_point_.clear();
    }
    const bool end_of_message = ends && !bad;
    if (good > 0 || end_of_message) transcript_.add_data(opcode_, payload.substr(0, good), end_of_message);
    return bad ? fail(Reason::utf8) : true;
  }

  Stream stream_;
  DecoderLimits limits_;
  Transcript transcript_;
  Opcode opcode_ = Opcode::binary;
  std::string code_point_;  // of text, unfinished
  std::uint64_t announced_ = 0;
  bool in_message_ = false;
  bool ended_ = false;
};

}  // namespace
}  // namespace drawbridge::ws

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace drawbridge::ws;
  using drawbridge::fuzz::require;
  if (size < drawbridge::fuzz::Received::shortest) return 0;
  const drawbridge::fuzz::Received received(data, size);
  const DecoderLimits limits = limits_of(received.options);

  const Transcript whole = decode_whole(received.bytes, limits);
  const Transcript slow = SlowDecoder(received.bytes, limits).run();
  require(whole == slow, "whole: ", whole, "\nslow:  ", slow);
  const Transcript cut = decode(received.bytes, limits, received.reads());
  require(cut == whole, "whole: ", whole, "\ncut:   ", cut);
  const Transcript told = decode_whole(received.bytes, limits, Headers::told);
  Transcript told_cut = decode(received.bytes, limits, received.reads(), Headers::told);
  require(told_cut == told, "told:  ", told, "\ncut:   ", told_cut);
  told_cut.told.clear();
  require(told_cut == whole, "whole: ", whole, "\ntold:  ", told_cut);
  return 0;
}
