// The part of Splice that carries frames from the browser, and their payload to the backend.

#include "net/splice.hpp"

#include <algorithm>

namespace drawbridge::net {
namespace {

// Each is a write of its own, so that a read full of tiny frames would keep the worker's other sessions waiting.
constexpr int echoes_a_move = 64;

}  // namespace

bool Splice::reads_browser() const {
  if (browser_ended_ || !lifecycle_.takes_from_browser() || !up_held_.empty()) return false;
  if (echoes()) {
    if (!may_echo()) return false;
  } else if (backend_out_ == Out::gone && lifecycle_.state() == State::open) {
    // The backend takes nothing more: what it said last goes down before the session ends, and nothing more comes up.
    return false;
  }
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
    up_undecoded_.consume(waiting.size() - take_from_browser(waiting, scratch));
    return true;
  }
  if (!browser_readable_) return flushed;

  std::size_t room = shaping_ ? shaping_->upstream_step : upstream_read;
  if (echoes()) room = std::min(room, largest_downstream_frame);
  const auto into = std::span(scratch.up).first(room);
  const IoResult result = browser_.read(into);
  read_waits_for_writable_ = result.status == IoStatus::again_write;
  switch (result.status) {
    case IoStatus::ok:
      last_heard_ = now_;
      bytes_read_ += result.bytes;
      if (result.drained && !browser_has_more_behind_) browser_readable_ = false;
      keep_undecoded(into.first(result.bytes).last(take_from_browser(into.first(result.bytes), scratch)));
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

std::size_t Splice::take_from_browser(std::span<std::uint8_t> bytes, Scratch& scratch) {
  ws::Input input(bytes);
  const std::uint64_t messages_before = decoder_.messages();
  ws::Event event;
  int echoed = 0;
  for (;;) {
    event = decoder_.next(input);
    if (trace_ != nullptr) tell_received(event);
    if (event.kind == ws::Event::Kind::data) {
      if (echoes()) echo(event, scratch);
      if (event.end_of_message && shaping_ && shaping_->messages) {
        shaping_->messages->take(1, now_);
        if (shaping_->messages->ready_at(now_) > now_) break;
      }
    } else if (event.kind == ws::Event::Kind::ping) {
      keep_pong(event.payload);
      // Echoes and pongs keep their order.
      if (echoes()) flush_down();
    } else if (event.kind == ws::Event::Kind::frame) {
      continue;
    } else if (event.kind != ws::Event::Kind::pong) {
      break;
    }
    if (echoes() && (!may_echo() || ++echoed == echoes_a_move)) break;
  }
  counts_.up_frames = decoder_.frames();
  counts_.up_messages += decoder_.messages() - messages_before;

  // Payload was moved together: everything before `write` is payload.
  if (!echoes()) deliver_up({bytes.data(), input.write});
  switch (event.kind) {
    case ws::Event::Kind::close: lifecycle_.browser_closed(ws::close_code(event.payload)); return 0;
    case ws::Event::Kind::error: lifecycle_.browser_refused(*decoder_.error()); return 0;
    default: return static_cast<std::size_t>(input.end - input.read);
  }
}

void Splice::tell_received(const ws::Event& event) {
  if (event.kind == ws::Event::Kind::frame) {
    trace_->frame(Direction::up, {event.opcode, event.end_of_message, decoder_.remaining()}, now_);
  } else if (!event.payload.empty()) {
    trace_->payload(Direction::up, event.payload, now_);
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
    const IoResult result = backend_->write(payload);
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
    } else if (trace_ != nullptr) {
      trace_->held(Direction::up, payload.size(), now_);
    }
  }
}

bool Splice::flush_up() {
  bool moved = false;
  while (!up_held_.empty() && backend_writable_) {
    const IoResult result = backend_->write(up_held_.bytes());
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
  if (moved && up_held_.empty() && trace_ != nullptr) trace_->held(Direction::up, 0, now_);
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

}  // namespace drawbridge::net
