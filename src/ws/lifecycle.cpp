#include "ws/lifecycle.hpp"

namespace drawbridge::ws {

// The first reason stays: what follows from it (a reset after our Close, say) is not why the session ended.
void Lifecycle::begin(Reason reason, State state) {
  if (state > state_) state_ = state;
  if (reason_) return;
  reason_ = reason;
  if (const std::uint16_t code = info(reason).close_code; code != 0) close_code_ = code;
}

void Lifecycle::browser_closed(std::uint16_t code) {
  const bool ours_came_first = reason_.has_value();
  begin(Reason::client_closed, State::finishing);
  browser_is_done_ = true;
  if (!ours_came_first) close_code_ = code;
}

void Lifecycle::browser_lost(Reason reason) {
  begin(reason, State::finishing);
  browser_is_done_ = true;
}

void Lifecycle::browser_refused(Reason reason) {
  begin(reason, State::finishing);
  // Who breaks the protocol is not waited for to keep it (RFC 6455 §7.1.7). Other refusals concern browsers too.
  if (reason == Reason::protocol_error || reason == Reason::utf8) browser_is_done_ = true;
}

void Lifecycle::backend_ended() {
  begin(Reason::backend_closed, State::closing);
}

void Lifecycle::backend_lost() {
  begin(Reason::backend_reset, State::finishing);
}

void Lifecycle::decide(Reason reason) {
  begin(reason, State::closing);
}

void Lifecycle::cut(Reason reason) {
  begin(reason, State::finishing);
}

void Lifecycle::close_timed_out() {
  if (state_ == State::closing) state_ = State::finishing;
}

}  // namespace drawbridge::ws
