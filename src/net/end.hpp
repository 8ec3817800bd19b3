#pragma once

#include "net/descriptor.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

namespace drawbridge::net {

enum class IoStatus : std::uint8_t {
  ok,
  again_read,   // nothing now; wait until readable
  again_write,  // nothing now; wait until writable
  end,          // the peer sends nothing more
  failed,       // the connection is gone
  broken,       // the peer broke the TLS protocol; the connection is of no use
};

struct IoResult {
  IoStatus status = IoStatus::failed;
  std::size_t bytes = 0;  // > 0 exactly if ok
  // After a read: less came than might have, so nothing more is there for now, unless Ready::more_behind was said.
  bool drained = false;
};

// What has become possible with an end since it was last said.
struct Ready {
  bool readable = false;
  bool writable = false;
  // For good: a read that returned less than it might have does not mean that nothing is left. Behind it stands the
  // end, an error or urgent data, which the kernel has already told of and will not again.
  bool more_behind = false;
};

// One end of a session: a byte stream that never blocks. TLS and plain sockets implement it, and so does the scripted
// end of the tests.
class End {
 public:
  virtual ~End() = default;
  End(const End&) = delete;
  End& operator=(const End&) = delete;

  virtual IoResult read(std::span<std::uint8_t> into) = 0;
  // May take fewer bytes than given. After again_write the same bytes (at least) must be offered again.
  virtual IoResult write(std::span<const std::uint8_t> bytes) = 0;
  // Says that nothing more will be written: close_notify and FIN. again_write: call again when writable.
  virtual IoStatus shut_write() = 0;
  // Reads and forgets what the peer still sends, below TLS: only so that closing does not reset what was written.
  virtual IoResult discard(std::span<std::uint8_t> scratch) = 0;
  // Whether a write said again_write since this was last asked because the kernel lacked memory, not room: no change of
  // the socket will tell when to try again.
  virtual bool lacked_memory() { return false; }

 protected:
  End() = default;
};

// A TCP or Unix socket.
class PlainEnd : public End {
 public:
  explicit PlainEnd(Descriptor socket) : socket_(std::move(socket)) {}

  IoResult read(std::span<std::uint8_t> into) override;
  IoResult write(std::span<const std::uint8_t> bytes) override;
  IoStatus shut_write() override;
  IoResult discard(std::span<std::uint8_t> scratch) override { return read(scratch); }
  bool lacked_memory() override { return std::exchange(lacked_memory_, false); }

 private:
  Descriptor socket_;
  bool lacked_memory_ = false;
};

}  // namespace drawbridge::net
