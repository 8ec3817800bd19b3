// The part of Splice that carries bytes from the backend, and frames to the browser.

#include "net/splice.hpp"

#include <algorithm>

namespace drawbridge::net {
namespace {

// Pongs that go out together, or wait until the browser takes something.
constexpr std::size_t longest_pongs = 12 * ws::longest_control_frame;

}  // namespace

bool Splice::reads_backend() const {
  return lifecycle_.takes_from_backend() && !backend_ended_ && down_held_.empty() && browser_out_ == Out::open &&
         shaped_until(false) <= now_;
}

bool Splice::pump_down(Scratch& scratch) {
  const bool flushed = flush_down();
  if (!reads_backend() || !backend_readable_) return flushed;

  std::uint8_t* payload = scratch.down.data() + ws::longest_server_header;
  std::copy_n(down_tail_.begin(), down_tail_size_, payload);
  std::size_t room = (shaping_ ? shaping_->downstream_step : largest_downstream_frame) - down_tail_size_;
  const std::uint64_t left = session_bytes_left();
  // Also with none left: only one byte more is too many, and the backend may have ended.
  if (left < room) room = std::max<std::size_t>(left, 1);
  const IoResult result = backend_->read({payload + down_tail_size_, room});
  switch (result.status) {
    case IoStatus::ok:
      bytes_read_ += result.bytes;
      if (result.drained && !backend_has_more_behind_) backend_readable_ = false;
      if (left == 0) {
        counts_.down_discarded += result.bytes;
        lifecycle_.cut(Reason::session_bytes);
      } else {
        take_from_backend(payload, result.bytes);
      }
      return true;
    case IoStatus::again_read:
    case IoStatus::again_write:
      backend_readable_ = false;
      if (backend_out_ != Out::gone) return flushed;
      lifecycle_.backend_lost();
      return true;
    case IoStatus::end:
      backend_ended_ = true;
      if (backend_out_ == Out::gone) {
        lifecycle_.backend_lost();
      } else if (down_tail_size_ > 0) {
        lifecycle_.decide(Reason::backend_text);
      } else {
        lifecycle_.backend_ended();
      }
      return true;
    case IoStatus::failed:
    case IoStatus::broken:
      backend_ended_ = true;
      backend_refuses();
      lifecycle_.backend_lost();
      return true;
  }
  return flushed;
}

// `payload` holds the unfinished code point of the last read, if any, and then `fresh` new bytes.
void Splice::take_from_backend(std::uint8_t* payload, std::size_t fresh) {
  last_payload_ = now_;
  if (shaping_ && shaping_->downstream) shaping_->downstream->take(static_cast<double>(fresh), now_);
  std::size_t size = down_tail_size_ + fresh;
  const bool as_text = route_.message_type == config::MessageType::text;
  if (as_text) {
    const std::span<const std::uint8_t> text(payload + down_tail_size_, fresh);
    ws::Utf8 right = down_text_;
    if (const std::size_t good = down_text_.accept(text); !down_text_.valid()) {
      // The whole code points before the first wrong byte still go down.
      right.accept(text.first(good));
      const std::size_t whole = down_tail_size_ + good - right.unfinished();
      counts_.down_discarded += size - whole;
      down_tail_size_ = 0;
      if (whole > 0) send_down(payload, whole, ws::Opcode::text, true);
      return lifecycle_.decide(Reason::backend_text);
    }
    down_tail_size_ = static_cast<std::uint8_t>(down_text_.unfinished());
    size -= down_tail_size_;
    std::copy_n(payload + size, down_tail_size_, down_tail_.begin());
  }
  if (size > 0) send_down(payload, size, as_text ? ws::Opcode::text : ws::Opcode::binary, true);
}

void Splice::send_down(std::uint8_t* payload, std::size_t size, ws::Opcode opcode, bool fin) {
  std::uint8_t* frame = ws::put_server_header(payload, size, opcode, fin);
  const std::span<const std::uint8_t> bytes(frame, payload + size);
  counts_.down_bytes += size;
  ++counts_.down_frames;
  counts_.down_messages += fin;
  if (trace_ != nullptr) {
    trace_->frame(Direction::down, {opcode, fin, size}, now_);
    if (size > 0) trace_->payload(Direction::down, {payload, size}, now_);
  }
  const auto rest = bytes.subspan(write_browser(bytes));
  if (rest.empty()) return;
  down_held_payload_ = static_cast<std::uint32_t>(size);
  if (browser_out_ != Out::open || !down_held_.append(rest)) {
    const std::size_t lost = std::min(size, rest.size());
    counts_.down_bytes -= lost;
    counts_.down_discarded += lost;
    // A frame cut in the middle: no Close frame can follow it.
    browser_out_ = Out::gone;
    lifecycle_.cut(Reason::overload);
    return;
  }
  browser_stuck_since_ = now_;
  if (trace_ != nullptr) trace_->held(Direction::down, rest.size(), now_);
}

std::size_t Splice::write_browser(std::span<const std::uint8_t> bytes) {
  std::size_t taken = 0;
  while (taken < bytes.size() && browser_writable_ && browser_out_ == Out::open) {
    const IoResult result = browser_.write(bytes.subspan(taken));
    write_waits_for_readable_ = result.status == IoStatus::again_read;
    switch (result.status) {
      case IoStatus::ok: taken += result.bytes; break;
      case IoStatus::again_read:
      case IoStatus::again_write: browser_writable_ = false; break;
      case IoStatus::end:
      case IoStatus::failed:
      case IoStatus::broken: browser_unreachable(result.status); break;
    }
  }
  return taken;
}

bool Splice::flush_down() {
  bool moved = false;
  if (!down_held_.empty() && browser_writable_) {
    const std::size_t taken = write_browser(down_held_.bytes());
    if (taken > 0) {
      down_held_.consume(taken);
      // The browser's kernel made room: a sign of life.
      browser_stuck_since_ = last_heard_ = now_;
      if (lifecycle_.state() != State::open) end_by_ = now_ + route_.timeouts.close;
      moved = true;
      if (down_held_.empty() && trace_ != nullptr) trace_->held(Direction::down, 0, now_);
    }
  }
  if (!down_held_.empty() || browser_out_ != Out::open) return moved;
  return send_control() || moved;
}

// Of pings that wait for their answers the newest are enough (RFC 6455 §5.5.3).
void Splice::keep_pong(std::span<const std::uint8_t> payload) {
  std::array<std::uint8_t, ws::longest_control_frame> frame;
  const std::size_t size = ws::put_control_frame(frame.data(), ws::Opcode::pong, payload);
  if (!pongs_) pongs_ = std::make_unique<std::string>();
  if (pongs_->size() + size > longest_pongs) pongs_->clear();
  pongs_->append(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size));
}

bool Splice::close_due() const {
  return lifecycle_.state() != State::open && lifecycle_.close_code() && !close_sent_ && !browser_ended_;
}

// Between frames: the pongs, the ping, and last of all the Close frame.
bool Splice::send_control() {
  if (close_sent_ || (!pongs_ && !ping_due_ && !close_due())) return false;
  std::array<std::uint8_t, longest_pongs + 2 * ws::longest_control_frame> frames;
  std::size_t size = 0;
  if (pongs_) {
    size = pongs_->copy(reinterpret_cast<char*>(frames.data()), pongs_->size());
    pongs_.reset();
  }
  if (ping_due_) {
    size += ws::put_control_frame(frames.data() + size, ws::Opcode::ping, {});
    ping_due_ = false;
  }
  if (close_due()) {
    // An empty Close is answered by an empty one (§5.5.1); the reason is for whoever did not send one.
    const std::uint16_t code = *lifecycle_.close_code();
    const bool answer = lifecycle_.reason() == Reason::client_closed;
    size += ws::put_close_frame(frames.data() + size, code == 1005 ? 0 : code,
                                answer ? std::string_view{} : word(*lifecycle_.reason()));
    close_sent_ = true;
  }
  const auto sent = std::span<const std::uint8_t>(frames).first(size);
  if (trace_ != nullptr) tell_sent(sent);
  const auto rest = sent.subspan(write_browser(sent));
  if (rest.empty() || browser_out_ != Out::open) return true;
  down_held_payload_ = 0;
  browser_stuck_since_ = now_;
  if (!down_held_.append(rest)) {
    browser_out_ = Out::gone;
    lifecycle_.cut(Reason::overload);
  } else if (trace_ != nullptr) {
    trace_->held(Direction::down, rest.size(), now_);
  }
  return true;
}

void Splice::tell_sent(std::span<const std::uint8_t> control_frames) {
  while (!control_frames.empty()) {
    const auto opcode = static_cast<ws::Opcode>(control_frames[0] & 0x0FU);
    const std::size_t size = control_frames[1];
    trace_->frame(Direction::down, {opcode, true, size}, now_);
    if (size > 0) trace_->payload(Direction::down, control_frames.subspan(2, size), now_);
    control_frames = control_frames.subspan(2 + size);
  }
}

void Splice::browser_unreachable(IoStatus status) {
  browser_ended_ = true;
  browser_out_ = Out::gone;
  lifecycle_.browser_lost(status == IoStatus::broken ? Reason::tls_error : Reason::client_gone);
}

}  // namespace drawbridge::net
