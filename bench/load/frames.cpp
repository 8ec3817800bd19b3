#include "load/frames.hpp"

#include "load/failure.hpp"

#include <algorithm>
#include <cstring>

namespace drawbridge::bench {

namespace {

std::uint8_t octet(std::byte byte) {
  return std::to_integer<std::uint8_t>(byte);
}

// The whole header's size, known from its first two bytes (RFC 6455 §5.2).
std::size_t header_length(std::byte second) {
  const std::uint8_t length = octet(second) & 0x7F;
  return length == 126 ? 4 : length == 127 ? 10 : 2;
}

bool is_control(Opcode opcode) {
  return opcode >= Opcode::close;
}

}  // namespace

void Outbox::consume(std::size_t count) {
  begin_ += count;
  if (empty()) begin_ = end_ = 0;
}

std::span<std::byte> Outbox::append(std::size_t size) {
  if (capacity_ - end_ < size) {
    // Room for one frame exactly as long as no more is asked for: thousands of sessions only ever send a few bytes.
    const std::size_t needed = end_ + size;
    const std::size_t grown = end_ == 0 ? needed : 2 * needed;
    auto larger = std::make_unique_for_overwrite<std::byte[]>(grown);
    std::copy_n(bytes_.get(), end_, larger.get());
    bytes_ = std::move(larger);
    capacity_ = grown;
  }
  end_ += size;
  return {bytes_.get() + end_ - size, size};
}

Outbox::Masked Outbox::begin_frame(Opcode opcode, std::size_t size) {
  const std::size_t length_bytes = size < 126 ? 0 : size < 65536 ? 2 : 8;
  // As in a browser every frame has another key; no key is 0, which would hide a missing unmask.
  const std::uint32_t key = (++frames_ * 0x9E3779B9U) | 0x01010101U;
  const std::size_t header_size = 2 + length_bytes + sizeof key;

  const std::span<std::byte> frame = append(header_size + size);
  frame[0] = static_cast<std::byte>(0x80U | static_cast<unsigned>(opcode));
  frame[1] = static_cast<std::byte>(0x80U | (length_bytes == 0 ? size : length_bytes == 2 ? 126U : 127U));
  for (std::size_t i = 0; i < length_bytes; ++i)
    frame[2 + i] = static_cast<std::byte>((size >> (8 * (length_bytes - 1 - i))) & 0xFF);
  std::memcpy(&frame[2 + length_bytes], &key, sizeof key);
  return {.payload = frame.subspan(header_size), .key = key};
}

void Outbox::mask(const Masked& masked) {
  const std::uint64_t key = (std::uint64_t{masked.key} << 32) | masked.key;
  std::span<std::byte> payload = masked.payload;
  for (; payload.size() >= sizeof key; payload = payload.subspan(sizeof key)) {
    std::uint64_t word;
    std::memcpy(&word, payload.data(), sizeof word);
    word ^= key;
    std::memcpy(payload.data(), &word, sizeof word);
  }
  std::array<std::byte, sizeof key> key_bytes;
  std::memcpy(key_bytes.data(), &key, sizeof key);
  for (std::size_t i = 0; i < payload.size(); ++i) payload[i] ^= key_bytes[i];
}

void ServerFrames::feed(std::span<const std::byte> bytes, Sink& sink) {
  while (!bytes.empty()) {
    if (left_ == 0) {
      header_[header_size_++] = bytes.front();
      bytes = bytes.subspan(1);
      if (header_size_ >= 2 && header_size_ == header_length(header_[1])) header_complete(sink);
      continue;
    }
    const auto piece = bytes.first(static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size())));
    bytes = bytes.subspan(piece.size());
    left_ -= piece.size();
    if (!is_control(opcode_)) {
      sink.data(piece);
      continue;
    }
    std::copy(piece.begin(), piece.end(), control_.begin() + control_size_);
    control_size_ = static_cast<std::uint8_t>(control_size_ + piece.size());
    if (left_ == 0) sink.control(opcode_, std::span(control_).first(control_size_));
  }
}

void ServerFrames::header_complete(Sink& sink) {
  const std::uint8_t first = octet(header_[0]);
  const bool final = (first & 0x80) != 0;
  opcode_ = static_cast<Opcode>(first & 0x0F);
  if ((first & 0x70) != 0) throw Failure("a frame has reserved bits");
  if ((octet(header_[1]) & 0x80) != 0) throw Failure("a frame of the server is masked");

  left_ = octet(header_[1]) & 0x7F;
  if (left_ >= 126) {
    left_ = 0;
    for (std::size_t i = 2; i < header_size_; ++i) left_ = left_ << 8 | octet(header_[i]);
    if (left_ < (header_size_ == 4 ? 126U : 65536U)) throw Failure("a frame's length is not in its shortest form");
  }
  header_size_ = 0;

  switch (opcode_) {
    case Opcode::binary:
    case Opcode::continuation:
      if ((opcode_ == Opcode::continuation) != in_message_) throw Failure("a frame is out of its message");
      in_message_ = !final;
      return;
    case Opcode::close:
    case Opcode::ping:
    case Opcode::pong:
      if (!final || left_ > control_.size()) throw Failure("a control frame is too long or in fragments");
      control_size_ = 0;
      if (left_ == 0) sink.control(opcode_, {});
      return;
    case Opcode::text: break;
  }
  throw Failure("a frame's opcode is " + std::to_string(first & 0x0F) + ", binary was expected");
}

}  // namespace drawbridge::bench
