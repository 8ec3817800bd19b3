// The part of Splice that knows when and how a session ends: deadlines, the last bytes, lingering.

#include "net/splice.hpp"

#include <algorithm>

namespace drawbridge::net {
namespace {

// After our last byte the browser may still be sending; closing on unread input would reset the connection and destroy
// what it has not read yet.
constexpr Duration linger_time = std::chrono::seconds(1);
constexpr std::uint32_t linger_bytes = 64 * 1024;
// A backend that has all that was meant for it, and the end of it, may say some last words; one that goes on for ever
// (a feed) must not cost more for every browser that leaves.
constexpr std::uint32_t backend_linger_bytes = 1024 * 1024;

void lower(Instant& deadline, Instant other) {
  deadline = std::min(deadline, other);
}

}  // namespace

void Splice::settle_state() {
  if (acted_on_ == lifecycle_.state()) return;
  acted_on_ = lifecycle_.state();
  end_by_ = now_ + route_.timeouts.close;
}

bool Splice::check_deadlines() {
  const config::RouteTimeouts& timeouts = route_.timeouts;
  const auto passed = [this](Instant since, const std::optional<config::Milliseconds>& timeout) {
    return timeout && now_ >= since + *timeout;
  };
  if (lifecycle_.state() == State::closing && now_ >= end_by_) {
    lifecycle_.close_timed_out();
    settle_state();
    // The browser had its time. The backend gets it only for what it did not take yet.
    if (up_held_.empty()) end_by_ = now_ + linger_time;
    return true;
  }
  if (lifecycle_.state() != State::open) return false;

  if (timeouts.enforce_lifetime && passed(opened_, timeouts.lifetime)) {
    lifecycle_.decide(Reason::lifetime);
  } else if (timeouts.enforce_idle && passed(last_payload_, timeouts.idle) && !shaped()) {
    lifecycle_.decide(Reason::idle);
  } else if ((!up_held_.empty() && passed(backend_stuck_since_, timeouts.stall)) ||
             (downstream_stuck() && passed(browser_stuck_since_, timeouts.stall))) {
    lifecycle_.cut(Reason::stall);
  } else if (liveness_counts() && passed(last_heard_, timeouts.dead)) {
    lifecycle_.decide(Reason::dead);
  } else if (liveness_counts() && passed(std::max(last_heard_, last_ping_), timeouts.ping)) {
    ping_due_ = true;
    last_ping_ = now_;
  } else {
    return false;
  }
  return true;
}

std::optional<Reason> Splice::would_end() {
  const bool open = lifecycle_.state() == State::open;
  const config::RouteTimeouts& timeouts = route_.timeouts;
  if (tries_lifetime_ && open && now_ >= opened_ + *timeouts.lifetime) {
    tries_lifetime_ = false;
    return Reason::lifetime;
  }
  if (tries_idle_ && open && now_ >= last_payload_ + *timeouts.idle && !shaped()) {
    tries_idle_ = false;
    return Reason::idle;
  }
  // Also of one that ended in the same turn: its last bytes would not have crossed.
  if (tries_session_bytes_ && session_bytes() > *route_.limits.session_bytes) {
    tries_session_bytes_ = false;
    return Reason::session_bytes;
  }
  return std::nullopt;
}

Instant Splice::next_deadline() const {
  const config::RouteTimeouts& timeouts = route_.timeouts;
  Instant next = never;
  if (browser_out_ != Out::gone && linger_until_ > now_) lower(next, linger_until_);
  if (lifecycle_.state() != State::open) {
    lower(next, end_by_);
  } else {
    if (timeouts.lifetime && (timeouts.enforce_lifetime || tries_lifetime_)) lower(next, opened_ + *timeouts.lifetime);
    // Who waits only because we hold it back is not idle.
    if (timeouts.idle && (timeouts.enforce_idle || tries_idle_) && !shaped()) {
      lower(next, last_payload_ + *timeouts.idle);
    }
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
  Instant ready = shaping_->held_until;
  if (!upstream) return shaping_->downstream ? std::max(ready, shaping_->downstream->ready_at(now_)) : ready;
  if (shaping_->upstream) ready = std::max(ready, shaping_->upstream->ready_at(now_));
  if (shaping_->messages) ready = std::max(ready, shaping_->messages->ready_at(now_));
  return ready;
}

// Our Close is out, and whatever comes is, or leads to, the browser's: it is to close before the connection ends (RFC
// 6455 §7.1.1), or it may take that for a failure.
bool Splice::awaits_close() const {
  return close_sent_ && browser_out_ == Out::open && down_held_.empty() && linger_until_ != never &&
         now_ < linger_until_ && lingered_ == 0 && !lifecycle_.browser_is_done() && !browser_ended_;
}

bool Splice::pump_finish(Scratch& scratch) {
  bool moved = false;
  const bool all_is_written = browser_out_ == Out::open && browser_writable_ && down_held_.empty() && !close_due();
  if (all_is_written && linger_until_ == never) linger_until_ = now_ + linger_time;
  if (all_is_written && !awaits_close()) {
    const IoStatus status = browser_.shut_write();
    if (status == IoStatus::again_write) {
      browser_writable_ = false;
      linger_until_ = never;
    } else {
      browser_out_ = status == IoStatus::ok ? Out::shut : Out::gone;
      // Who was waited for in vain is not waited for again.
      if (now_ < linger_until_) linger_until_ = now_ + linger_time;
      moved = true;
    }
  }
  if (backend_out_ == Out::open && up_held_.empty()) {
    backend_out_ = backend_->shut_write() == IoStatus::ok ? Out::shut : Out::gone;
    moved = true;
  }
  if ((browser_out_ == Out::shut || awaits_close()) && !browser_ended_ && browser_readable_) {
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
  return moved;
}

bool Splice::discards_from_backend() const {
  if (backend_out_ == Out::gone || backend_ended_) return false;
  // While we close, only if it does not take what is meant for it: it may be writing to us before it reads on.
  return lifecycle_.state() == State::finishing || (lifecycle_.state() == State::closing && !up_held_.empty());
}

bool Splice::discard_from_backend(Scratch& scratch) {
  if (!discards_from_backend() || !backend_readable_) return false;
  const IoResult result = backend_->read(scratch.down);
  switch (result.status) {
    case IoStatus::ok:
      counts_.down_discarded += result.bytes;
      if (result.drained && !backend_has_more_behind_) backend_readable_ = false;
      if (backend_out_ == Out::shut) {
        backend_lingered_ += static_cast<std::uint32_t>(result.bytes);
        if (backend_lingered_ >= backend_linger_bytes) backend_ended_ = true;
      }
      return true;
    case IoStatus::again_read:
    case IoStatus::again_write: backend_readable_ = false; return false;
    default: backend_ended_ = true; return true;
  }
}

Wants Splice::wants(bool moved) {
  Wants wants;
  if (lifecycle_.state() == State::finishing) {
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
  wants.deadline = next_deadline();
  return wants;
}

void Splice::count_leftovers() {
  counts_.up_discarded += up_held_.bytes().size();
  discard_undecoded(up_undecoded_.bytes());
  const std::size_t payload = std::min<std::size_t>(down_held_.bytes().size(), down_held_payload_);
  counts_.down_bytes -= payload;
  counts_.down_discarded += payload + down_tail_size_;
  down_tail_size_ = 0;
  up_held_.clear();
  up_undecoded_.clear();
  down_held_.clear();
}

}  // namespace drawbridge::net
