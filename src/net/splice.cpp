#include "net/splice.hpp"

#include <algorithm>
#include <utility>

namespace drawbridge::net {
namespace {

using State = ws::Lifecycle::State;

// Reads or writes in each direction before the other sessions of the worker get their turn.
constexpr int moves_a_turn = 4;

ws::DecoderLimits decoder_limits(const config::Route& route) {
  return {route.limits.frame, route.limits.message, route.accepts};
}

// A quarter of a second's worth may come at once, and a read takes half of that.
policy::TokenBucket bucket(double rate, Instant now) {
  return {rate, std::max(1.0, rate / 4), now};
}

std::size_t step(double rate, std::size_t largest) {
  return static_cast<std::size_t>(std::clamp(rate / 8, 16.0, static_cast<double>(largest)));
}

}  // namespace

Splice::Splice(const config::Route& route, End& browser, End& backend, BufferBudget& budget, Instant now)
    : route_(route),
      browser_(browser),
      backend_(backend),
      decoder_(decoder_limits(route)),
      up_held_(budget),
      up_undecoded_(budget),
      down_held_(budget),
      now_(now),
      opened_(now),
      last_heard_(now),
      last_ping_(now),
      last_payload_(now) {
  const config::RouteLimits& limits = route.limits;
  if (limits.upstream_rate || limits.downstream_rate || limits.messages_per_second) {
    shaping_ = std::make_unique<Shaping>();
    if (limits.upstream_rate) {
      shaping_->upstream = bucket(*limits.upstream_rate, now);
      shaping_->upstream_step = step(*limits.upstream_rate, upstream_read);
    }
    if (limits.downstream_rate) {
      shaping_->downstream = bucket(*limits.downstream_rate, now);
      shaping_->downstream_step = step(*limits.downstream_rate, largest_downstream_frame);
    }
    if (limits.messages_per_second) shaping_->messages = bucket(*limits.messages_per_second, now);
  }
}

void Splice::browser_readable() {
  browser_readable_ = true;
  if (std::exchange(write_waits_for_readable_, false)) browser_writable_ = true;
}

void Splice::browser_writable() {
  browser_writable_ = true;
  if (std::exchange(read_waits_for_writable_, false)) browser_readable_ = true;
}

void Splice::backend_readable() {
  backend_readable_ = true;
}

void Splice::backend_writable() {
  backend_writable_ = true;
}

void Splice::take_first(std::span<const std::uint8_t> bytes, Scratch& scratch, Instant now) {
  now_ = now;
  std::copy(bytes.begin(), bytes.end(), scratch.up.begin());
  const auto taken = std::span(scratch.up).first(bytes.size());
  keep_undecoded(taken.last(take_from_browser(taken)));
}

void Splice::decide(Reason reason, Instant now) {
  now_ = now;
  lifecycle_.decide(reason);
}

void Splice::abandon(Reason reason) {
  lifecycle_.cut(reason);
  count_leftovers();
}

Wants Splice::advance(Instant now, Scratch& scratch) {
  now_ = now;
  bool moved = true;
  for (int move = 0; moved && move < moves_a_turn; ++move) {
    moved = pump_up(scratch);
    moved = pump_down(scratch) || moved;
    // After the peers had their chance: what came in time counts, though it was noticed late.
    moved = check_deadlines() || moved;
    settle_state();
    moved = discard_from_backend(scratch) || moved;
    if (lifecycle_.state() == State::finishing) moved = pump_finish(scratch) || moved;
  }
  return wants(moved);
}

// ---- Up: frames from the browser, payload to the backend ----

bool Splice::reads_browser() const {
  if (browser_ended_ || !lifecycle_.takes_from_browser() || !up_held_.empty()) return false;
  // The backend takes nothing more: what it said last goes down before the session ends, and nothing more comes up.
  if (backend_out_ == Out::gone && lifecycle_.state() == State::open) return false;
  return shaped_until(true) <= now_;
}

bool Splice::pump_up(Scratch& scratch) {
  const bool flushed = flush_up();
  if (!reads_browser()) {
    was_reading_ = false;
    return flushed;
  }
  if (!was_reading_) {
    // While it was not read, its silence said nothing.
    was_reading_ = true;
    last_heard_ = now_;
  }
  if (!up_undecoded_.empty()) {
    const auto waiting = up_undecoded_.bytes();
    up_undecoded_.consume(waiting.size() - take_from_browser(waiting));
    return true;
  }
  if (!browser_readable_) return flushed;

  const auto into = std::span(scratch.up).first(shaping_ ? shaping_->upstream_step : upstream_read);
  const IoResult result = browser_.read(into);
  read_waits_for_writable_ = result.status == IoStatus::again_write;
  switch (result.status) {
    case IoStatus::ok:
      last_heard_ = now_;
      if (result.drained) browser_readable_ = false;
      keep_undecoded(into.first(result.bytes).last(take_from_browser(into.first(result.bytes))));
      return true;
    case IoStatus::again_read:
    case IoStatus::again_write: browser_readable_ = false; return flushed;
    case IoStatus::end:
      browser_ended_ = true;
      lifecycle_.browser_lost(Reason::client_gone);
      return true;
    case IoStatus::failed:
    case IoStatus::broken: browser_unreachable(result.status); return true;
  }
  return flushed;
}

std::size_t Splice::take_from_browser(std::span<std::uint8_t> bytes) {
  ws::Input input(bytes);
  const std::uint64_t messages_before = decoder_.messages();
  ws::Event event;
  for (;;) {
    event = decoder_.next(input);
    if (event.kind == ws::Event::Kind::data) {
      if (event.end_of_message && shaping_ && shaping_->messages) {
        shaping_->messages->take(1, now_);
        if (shaping_->messages->ready_at(now_) > now_) break;
      }
    } else if (event.kind == ws::Event::Kind::ping) {
      // Of several that wait for an answer the newest is enough (RFC 6455 §5.5.3).
      pong_ = std::make_unique<std::string>(event.payload.begin(), event.payload.end());
    } else if (event.kind != ws::Event::Kind::pong) {
      break;
    }
  }
  counts_.up_frames = decoder_.frames();
  counts_.up_messages += decoder_.messages() - messages_before;

  // Payload was moved together: everything before `write` is payload.
  deliver_up({bytes.data(), input.write});
  switch (event.kind) {
    case ws::Event::Kind::close: lifecycle_.browser_closed(ws::close_code(event.payload)); return 0;
    case ws::Event::Kind::error: lifecycle_.browser_refused(*decoder_.error()); return 0;
    default: return static_cast<std::size_t>(input.end - input.read);
  }
}

void Splice::keep_undecoded(std::span<std::uint8_t> frames) {
  if (up_undecoded_.append(frames)) return;
  discard_undecoded(frames);
  lifecycle_.cut(Reason::overload);
}

// Decodes them only to count their payload.
void Splice::discard_undecoded(std::span<std::uint8_t> frames) {
  ws::Input input(frames);
  for (ws::Event event = decoder_.next(input); event.kind != ws::Event::Kind::more; event = decoder_.next(input)) {
    if (event.kind == ws::Event::Kind::close || event.kind == ws::Event::Kind::error) break;
    if (event.kind == ws::Event::Kind::data) counts_.up_discarded += event.payload.size();
  }
}

void Splice::deliver_up(std::span<const std::uint8_t> payload) {
  if (payload.empty()) return;
  last_payload_ = now_;
  if (shaping_ && shaping_->upstream) shaping_->upstream->take(static_cast<double>(payload.size()), now_);
  if (const std::uint64_t left = session_bytes_left(); payload.size() > left) {
    counts_.up_discarded += payload.size() - left;
    payload = payload.first(static_cast<std::size_t>(left));
    lifecycle_.cut(Reason::session_bytes);
  }
  while (!payload.empty() && backend_writable_ && backend_out_ == Out::open) {
    const IoResult result = backend_.write(payload);
    if (result.status == IoStatus::ok) {
      counts_.up_bytes += result.bytes;
      payload = payload.subspan(result.bytes);
    } else if (result.status == IoStatus::again_write) {
      backend_writable_ = false;
    } else {
      backend_refuses();
    }
  }
  if (backend_out_ != Out::open) {
    counts_.up_discarded += payload.size();
  } else if (!payload.empty()) {
    backend_stuck_since_ = now_;
    if (!up_held_.append(payload)) {
      counts_.up_discarded += payload.size();
      lifecycle_.cut(Reason::overload);
    }
  }
}

bool Splice::flush_up() {
  bool moved = false;
  while (!up_held_.empty() && backend_writable_) {
    const IoResult result = backend_.write(up_held_.bytes());
    if (result.status == IoStatus::ok) {
      counts_.up_bytes += result.bytes;
      up_held_.consume(result.bytes);
      backend_stuck_since_ = now_;
      if (lifecycle_.state() == State::finishing) end_by_ = now_ + route_.timeouts.close;
      moved = true;
    } else if (result.status == IoStatus::again_write) {
      backend_writable_ = false;
    } else {
      backend_refuses();
    }
  }
  return moved;
}

// A write failed. The backend may have said something before its reset: that is read and delivered first (see
// pump_down).
void Splice::backend_refuses() {
  counts_.up_discarded += up_held_.bytes().size();
  up_held_.clear();
  backend_out_ = Out::gone;
  backend_readable_ = true;
}

// ---- Down: bytes from the backend, frames to the browser ----

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
  const IoResult result = backend_.read({payload + down_tail_size_, room});
  switch (result.status) {
    case IoStatus::ok:
      if (result.drained) backend_readable_ = false;
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
  if (route_.message_type == config::MessageType::text) {
    const std::span<const std::uint8_t> text(payload + down_tail_size_, fresh);
    ws::Utf8 right = down_text_;
    if (const std::size_t good = down_text_.accept(text); !down_text_.valid()) {
      // The whole code points before the first wrong byte still go down.
      right.accept(text.first(good));
      const std::size_t whole = down_tail_size_ + good - right.unfinished();
      counts_.down_discarded += size - whole;
      down_tail_size_ = 0;
      if (whole > 0) send_down(payload, whole);
      return lifecycle_.decide(Reason::backend_text);
    }
    down_tail_size_ = static_cast<std::uint8_t>(down_text_.unfinished());
    size -= down_tail_size_;
    std::copy_n(payload + size, down_tail_size_, down_tail_.begin());
  }
  if (size > 0) send_down(payload, size);
}

void Splice::send_down(std::uint8_t* payload, std::size_t size) {
  const bool text = route_.message_type == config::MessageType::text;
  std::uint8_t* frame = ws::put_server_header(payload, size, text ? ws::Opcode::text : ws::Opcode::binary, true);
  const std::span<const std::uint8_t> bytes(frame, payload + size);
  counts_.down_bytes += size;
  ++counts_.down_frames;
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
    }
  }
  if (!down_held_.empty() || browser_out_ != Out::open) return moved;
  return send_control() || moved;
}

bool Splice::close_due() const {
  return lifecycle_.state() != State::open && lifecycle_.close_code() && !close_sent_ && !browser_ended_;
}

// Between frames: the pong, the ping, and last of all the Close frame.
bool Splice::send_control() {
  if (close_sent_ || (!pong_ && !ping_due_ && !close_due())) return false;
  std::array<std::uint8_t, 3 * (2 + ws::longest_control_payload)> frames;
  std::size_t size = 0;
  if (pong_) {
    size += ws::put_control_frame(frames.data(), ws::Opcode::pong,
                                  {reinterpret_cast<const std::uint8_t*>(pong_->data()), pong_->size()});
    pong_.reset();
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
  const auto rest = std::span<const std::uint8_t>(frames).first(size).subspan(
      write_browser(std::span<const std::uint8_t>(frames).first(size)));
  if (rest.empty() || browser_out_ != Out::open) return true;
  down_held_payload_ = 0;
  browser_stuck_since_ = now_;
  if (!down_held_.append(rest)) {
    browser_out_ = Out::gone;
    lifecycle_.cut(Reason::overload);
  }
  return true;
}

void Splice::browser_unreachable(IoStatus status) {
  browser_ended_ = true;
  browser_out_ = Out::gone;
  lifecycle_.browser_lost(status == IoStatus::broken ? Reason::tls_error : Reason::client_gone);
}

std::uint64_t Splice::session_bytes_left() const {
  if (!route_.limits.session_bytes) return std::numeric_limits<std::uint64_t>::max();
  const std::uint64_t used = counts_.up_bytes + up_held_.bytes().size() + counts_.down_bytes + down_tail_size_;
  return *route_.limits.session_bytes - std::min(used, *route_.limits.session_bytes);
}

}  // namespace drawbridge::net
