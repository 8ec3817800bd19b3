#include "net/splice.hpp"

#include <algorithm>
#include <utility>

namespace drawbridge::net {
namespace {

// Before the other sessions of the worker get their turn: reads or writes in each direction, and bytes read.
constexpr int moves_a_turn = 4;
constexpr std::size_t bytes_a_turn = largest_downstream_frame;

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

Splice::Splice(const config::Route& route, End& browser, End* backend, BufferBudget& budget, Instant now)
    : route_(route),
      browser_(browser),
      backend_(backend),
      decoder_(decoder_limits(route)),
      up_held_(budget),
      up_undecoded_(budget),
      down_held_(budget),
      tries_lifetime_(route.timeouts.lifetime && !route.timeouts.enforce_lifetime),
      tries_idle_(route.timeouts.idle && !route.timeouts.enforce_idle),
      tries_session_bytes_(route.limits.session_bytes && !route.limits.enforce_session_bytes),
      now_(now),
      opened_(now),
      last_heard_(now),
      last_ping_(now),
      last_payload_(now) {
  if (echoes()) {
    backend_out_ = Out::gone;
    backend_ended_ = true;
  }
  const config::RouteLimits& limits = route.limits;
  const config::Quotas& quotas = route.quotas;
  const bool quotas_shape = quotas.rate && quotas.enforce;
  if (!limits.upstream_rate && !limits.downstream_rate && !limits.messages_per_second && !quotas_shape) return;
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
  if (quotas_shape) {
    // They are asked once a turn, which then takes no more than a quarter of a second's worth.
    shaping_->upstream_step = step(*quotas.rate / moves_a_turn, shaping_->upstream_step);
    shaping_->downstream_step = step(*quotas.rate / moves_a_turn, shaping_->downstream_step);
  }
}

void Splice::browser_ready(Ready ready) {
  browser_has_more_behind_ = browser_has_more_behind_ || ready.more_behind;
  if (ready.readable) {
    browser_readable_ = true;
    if (std::exchange(write_waits_for_readable_, false)) browser_writable_ = true;
  }
  if (ready.writable) {
    browser_writable_ = true;
    if (std::exchange(read_waits_for_writable_, false)) browser_readable_ = true;
  }
}

void Splice::backend_ready(Ready ready) {
  backend_has_more_behind_ = backend_has_more_behind_ || ready.more_behind;
  backend_readable_ = backend_readable_ || ready.readable;
  backend_writable_ = backend_writable_ || ready.writable;
}

void Splice::take_first(std::span<const std::uint8_t> bytes, Scratch& scratch, Instant now) {
  now_ = now;
  std::copy(bytes.begin(), bytes.end(), scratch.up.begin());
  const auto taken = std::span(scratch.up).first(bytes.size());
  keep_undecoded(taken.last(take_from_browser(taken, scratch)));
}

void Splice::decide(Reason reason, Instant now) {
  now_ = now;
  lifecycle_.decide(reason);
}

void Splice::cut(Reason reason, Instant now) {
  now_ = now;
  lifecycle_.cut(reason);
}

void Splice::hold_until(Instant time) {
  if (!shaping_) {
    if (time <= now_) return;
    shaping_ = std::make_unique<Shaping>();
  }
  shaping_->held_until = time;
}

void Splice::trace(Trace* trace) {
  trace_ = trace;
  decoder_.tell_frames(trace != nullptr);
}

void Splice::abandon(Reason reason) {
  lifecycle_.cut(reason);
  count_leftovers();
}

Wants Splice::advance(Instant now, Scratch& scratch) {
  now_ = now;
  bytes_read_ = 0;
  bool moved = true;
  for (int move = 0; moved && move < moves_a_turn && bytes_read_ < bytes_a_turn; ++move) {
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

std::uint64_t Splice::session_bytes_left() const {
  const config::RouteLimits& limits = route_.limits;
  if (!limits.session_bytes || !limits.enforce_session_bytes) return std::numeric_limits<std::uint64_t>::max();
  return *limits.session_bytes - std::min(session_bytes(), *limits.session_bytes);
}

}  // namespace drawbridge::net
