#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace drawbridge::bench {

// RFC 6455 §5.2
enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

// Bytes on their way into one browser's TLS. It holds whole frames, so a pong may be appended at any time. Not a
// vector, which would zero every byte before it is written: the generator must be faster than what it measures.
class Outbox {
 public:
  bool empty() const { return begin_ == end_; }
  std::size_t size() const { return end_ - begin_; }
  const std::byte* data() const { return bytes_.get() + begin_; }
  void consume(std::size_t count);
  std::span<std::byte> append(std::size_t size);  // to be written by the caller

  // Appends one masked frame; fill(payload) writes its payload in the clear.
  template <typename Fill>
  void append_frame(Opcode opcode, std::size_t size, Fill fill) {
    const Masked masked = begin_frame(opcode, size);
    fill(masked.payload);
    mask(masked);
  }

 private:
  struct Masked {
    std::span<std::byte> payload;
    std::uint32_t key;  // its bytes in memory are the key's bytes on the wire
  };
  Masked begin_frame(Opcode opcode, std::size_t size);
  static void mask(const Masked& masked);

  std::unique_ptr<std::byte[]> bytes_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint32_t frames_ = 0;
};

// What a browser does with the frames of a server: hands payload on as it comes, and fails on what RFC 6455 forbids.
class ServerFrames {
 public:
  class Sink {
   public:
    virtual void data(std::span<const std::byte> payload) = 0;
    virtual void control(Opcode opcode, std::span<const std::byte> payload) = 0;

   protected:
    ~Sink() = default;
  };

  void feed(std::span<const std::byte> bytes, Sink& sink);

 private:
  void header_complete(Sink& sink);

  std::array<std::byte, 10> header_{};
  std::uint8_t header_size_ = 0;
  Opcode opcode_ = Opcode::binary;
  bool in_message_ = false;
  std::uint64_t left_ = 0;  // payload bytes still to come
  std::array<std::byte, 125> control_{};
  std::uint8_t control_size_ = 0;
};

}  // namespace drawbridge::bench
