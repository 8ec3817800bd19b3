// The part of Splice that knows when and how a session ends: deadlines, the last bytes, lingering.

#include "net/splice.hpp"

#include <algorithm>

namespace drawbridge::net {
namespace {

using State = ws::Lifecycle::State;

// After our last byte the browser may still be sending; closing on unread input would reset the connection and destroy
// what it has not read yet.
constexpr Duration linger_time = std::chrono::seconds(1);
constexpr std::uint32_t linger_bytes = 64 * 1024;

void lower(Instant& deadline, Instant other) {
  deadline = std::min(deadline, other);
}

}  // namespace

void Splice::settle_state() {
  if (acted_on_ == lifecycle_.state()) return;
  acted_on_ = lifecycle_.state();
  end_by_ = now_ + route_.timeouts.close;
}

void Splice::check_deadlines() {
  const config::RouteTimeouts& timeouts = route_.timeouts;
  if (lifecycle_.state() == State::closing && now_ >= end_by_) {
    lifecycle_.close_timed_out();
    settle_state();
    end_by_ = now_ + linger_time;
  }
  if (lifecycle_.state() != State::open) return;

  if (timeouts.lifetime && now_ >= opened_ + *timeouts.lifetime) return lifecycle_.decide(Reason::lifetime);
  if (timeouts.idle && now_ >= last_payload_ + *timeouts.idle) return lifecycle_.decide(Reason::idle);
  if (timeouts.stall) {
    const bool backend_stalls = !up_held_.empty() && now_ >= backend_stuck_since_ + *timeouts.stall;
    const bool browser_stalls = downstream_stuck() && now_ >= browser_stuck_since_ + *timeouts.stall;
    if (backend_stalls || browser_stalls) return lifecycle_.cut(Reason::stall);
  }
  if (!was_reading_ || !liveness_counts()) return;
  if (timeouts.dead && now_ >= last_heard_ + *timeouts.dead) return lifecycle_.decide(Reason::dead);
  if (timeouts.ping && now_ >= std::max(last_heard_, last_ping_) + *timeouts.ping) ping_due_ = true;
}

Instant Splice::next_deadline() const {
  const config::RouteTimeouts& timeouts = route_.timeouts;
  Instant next = never;
  if (browser_out_ == Out::shut && linger_until_ > now_) lower(next, linger_until_);
  if (lifecycle_.state() != State::open) {
    lower(next, end_by_);
  } else {
    if (timeouts.lifetime) lower(next, opened_ + *timeouts.lifetime);
    if (timeouts.idle) lower(next, last_payload_ + *timeouts.idle);
    if (timeouts.stall && !up_held_.empty()) lower(next, backend_stuck_since_ + *timeouts.stall);
    if (timeouts.stall && downstream_stuck()) lower(next, browser_stuck_since_ + *timeouts.stall);
    if (liveness_counts()) {
      if (timeouts.dead) lower(next, last_heard_ + *timeouts.dead);
      if (timeouts.ping) lower(next, std::max(last_heard_, last_ping_) + *timeouts.ping);
    }
  }
  for (const bool upstream : {true, false}) {
    if (const Instant ready = shaped_until(upstream); ready > now_) lower(next, ready);
  }
  return next;
}

Instant Splice::shaped_until(bool upstream) const {
  if (!shaping_) return Instant::min();
  if (!upstream) return shaping_->downstream ? shaping_->downstream->ready_at(now_) : Instant::min();
  Instant ready = Instant::min();
  if (shaping_->upstream) ready = shaping_->upstream->ready_at(now_);
  if (shaping_->messages) ready = std::max(ready, shaping_->messages->ready_at(now_));
  return ready;
}

bool Splice::pump_finish(Scratch& scratch) {
  bool moved = false;
  if (browser_out_ == Out::open && browser_writable_ && down_held_.empty() && !close_due()) {
    const IoStatus status = browser_.shut_write();
    if (status == IoStatus::again_write) {
      browser_writable_ = false;
    } else {
      browser_out_ = status == IoStatus::ok ? Out::shut : Out::gone;
      linger_until_ = now_ + linger_time;
      moved = true;
    }
  }
  if (backend_out_ == Out::open && up_held_.empty()) {
    backend_out_ = backend_.shut_write() == IoStatus::ok ? Out::shut : Out::gone;
    moved = true;
  }
  if (browser_out_ == Out::shut && !browser_ended_ && browser_readable_) {
    const IoResult result = browser_.discard(scratch.up);
    if (result.status == IoStatus::ok) {
      lingered_ += static_cast<std::uint32_t>(result.bytes);
      if (lingered_ >= linger_bytes) browser_ended_ = true;
      moved = true;
    } else if (result.status == IoStatus::again_read || result.status == IoStatus::again_write) {
      browser_readable_ = false;
    } else {
      browser_ended_ = true;
    }
  }
  // Read also while something is held for the backend: it may be writing to us before it reads on.
  if (backend_out_ != Out::gone && !backend_ended_ && backend_readable_) {
    const IoResult result = backend_.read(scratch.down);
    if (result.status == IoStatus::ok) {
      counts_.down_discarded += result.bytes;
      if (result.drained) backend_readable_ = false;
      moved = true;
    } else if (result.status == IoStatus::again_read || result.status == IoStatus::again_write) {
      backend_readable_ = false;
    } else {
      backend_ended_ = true;
    }
  }
  return moved;
}

Wants Splice::wants(bool moved) {
  Wants wants;
  const bool finishing = lifecycle_.state() == State::finishing;
  if (finishing) {
    const bool browser_done =
        browser_out_ == Out::gone || (browser_out_ == Out::shut && (browser_ended_ || now_ >= linger_until_));
    const bool backend_done = backend_out_ == Out::gone || (backend_out_ == Out::shut && backend_ended_);
    if ((browser_done && backend_done) || now_ >= end_by_) {
      count_leftovers();
      wants.over = true;
      return wants;
    }
  }
  wants.again = moved;
  const bool lingers = finishing && browser_out_ == Out::shut && !browser_ended_;
  wants.browser_readable = !browser_readable_ && (reads_browser() || lingers);
  wants.browser_writable = !browser_writable_ && browser_out_ == Out::open &&
                           (!down_held_.empty() || pong_ || ping_due_ || finishing || close_due());
  wants.backend_readable = !backend_readable_ && !backend_ended_ && (reads_backend() || finishing);
  wants.backend_writable = !backend_writable_ && backend_out_ == Out::open && !up_held_.empty();
  if (browser_crossed_ && (wants.browser_readable || wants.browser_writable)) {
    wants.browser_readable = wants.browser_writable = true;
  }
  wants.deadline = next_deadline();
  return wants;
}

void Splice::count_leftovers() {
  counts_.up_discarded += up_held_.bytes().size() + up_undecoded_.bytes().size();
  const std::size_t payload = std::min<std::size_t>(down_held_.bytes().size(), down_held_payload_);
  counts_.down_bytes -= payload;
  counts_.down_discarded += payload + down_tail_size_;
  up_held_.clear();
  up_undecoded_.clear();
  down_held_.clear();
}

}  // namespace drawbridge::net
