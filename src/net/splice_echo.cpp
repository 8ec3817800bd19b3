// The part of Splice that sends messages back where there is no backend.

#include "net/splice.hpp"

#include <algorithm>
#include <utility>

namespace drawbridge::net {

// As they come, in pieces: a message is never assembled. Type and boundaries stay, its fragments may be others.
void Splice::echo(const ws::Event& piece, Scratch& scratch) {
  last_payload_ = now_;
  // What crosses twice counts twice.
  const std::size_t size =
      static_cast<std::size_t>(std::min<std::uint64_t>(piece.payload.size(), session_bytes_left() / 2));
  const bool cut = size < piece.payload.size();
  counts_.up_bytes += size;
  counts_.up_discarded += piece.payload.size() - size;
  if (!lifecycle_.takes_from_backend()) {
    // Behind our Close nothing goes out (RFC 6455 §5.5.1).
    counts_.down_discarded += size;
    return;
  }
  if (shaping_ && shaping_->upstream) shaping_->upstream->take(static_cast<double>(size), now_);
  if (shaping_ && shaping_->downstream) shaping_->downstream->take(static_cast<double>(size), now_);
  const bool ends = piece.end_of_message && !cut;
  const ws::Opcode opcode = std::exchange(echo_in_message_, !ends) ? ws::Opcode::continuation : piece.opcode;
  // At most largest_downstream_frame, as no read is longer.
  std::uint8_t* const payload = scratch.down.data() + ws::longest_server_header;
  std::copy_n(piece.payload.begin(), size, payload);
  if (size > 0 || ends) send_down(payload, size, opcode, ends);
  if (cut) lifecycle_.cut(Reason::session_bytes);
}

}  // namespace drawbridge::net
