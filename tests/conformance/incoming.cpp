#include "conformance/incoming.hpp"

namespace drawbridge::conformance {
namespace {

void require(bool good, const char* what) {
  if (!good) throw Violation(std::string("the server sent ") + what);
}

}  // namespace

void Incoming::take(std::string_view bytes) {
  bytes_ += bytes;
  std::string_view rest = bytes_;
  while (auto frame = testing::take_server_frame(rest)) take(std::move(*frame));
  bytes_.erase(0, bytes_.size() - rest.size());
  require(!close_ || bytes_.empty(), "bytes after its Close");
}

void Incoming::take(testing::ServerFrame frame) {
  require(!close_, "a frame after its Close");
  require(!frame.masked, "a masked frame");
  require(frame.reserved == 0, "a reserved bit");
  const std::size_t shortest = frame.payload.size() <= 125 ? 2 : frame.payload.size() <= 0xFFFF ? 4 : 10;
  require(frame.header == shortest, "a length that is not in its shortest form");
  const auto opcode = static_cast<Op>(frame.opcode);
  if (frame.opcode >= 8) {
    require(frame.fin && frame.header == 2, "a control frame that is fragmented or too long");
    require(opcode == Op::pong || opcode == Op::close, "a control frame that is neither pong nor Close");
    if (opcode == Op::pong)
      events_.push_back({opcode, std::move(frame.payload)});
    else
      close_ = Close{frame.code(), frame.payload.size() < 2 ? "" : frame.payload.substr(2)};
    return;
  }
  require(frame.opcode <= 2, "a reserved opcode");
  require((opcode == Op::continuation) == message_.has_value(), "a fragment where none belongs");
  if (!message_) message_ = Event{opcode, {}};
  message_->payload += frame.payload;
  if (!frame.fin) return;
  events_.push_back(std::move(*message_));
  message_.reset();
}

std::optional<std::string_view> Incoming::begun() const {
  return message_ ? std::optional<std::string_view>(message_->payload) : std::nullopt;
}

}  // namespace drawbridge::conformance
