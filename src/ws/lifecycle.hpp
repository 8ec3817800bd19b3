#pragma once

#include "base/reason.hpp"

#include <cstdint>
#include <optional>

namespace drawbridge::ws {

// "Why did it close?" The life of a session after 101: which way bytes still flow, what Close frame goes to the browser
// (RFC 6455 §5.5.1, §7), and the one reason it ends for. Events change state; the splice acts on what it reads here.
class Lifecycle {
 public:
  enum class State : std::uint8_t {
    open,       // both ways
    closing,    // our Close is due or sent; what the browser sends until its own Close still goes to the backend
    finishing,  // no frame of the browser counts any more; what was taken is delivered, then both ends are shut
  };

  State state() const { return state_; }
  // Absent while open.
  std::optional<Reason> reason() const { return reason_; }

  // Frames from the browser are decoded and their payload goes up.
  bool takes_from_browser() const { return state_ != State::finishing; }
  // Bytes from the backend become frames.
  bool takes_from_backend() const { return state_ == State::open; }

  // The code of the Close frame that goes, or went, to the browser: 1005 is an empty one. Absent: none goes (yet).
  std::optional<std::uint16_t> close_code() const { return close_code_; }
  // What the log calls the code: that of the Close frame, whether or not it could be delivered; 1006 (§7.4.1) for an
  // end that has none.
  std::uint16_t logged_code() const { return close_code_.value_or(1006); }

  // Nothing more is to be expected from the browser: its Close came, or it is lost.
  bool browser_is_done() const { return browser_is_done_; }

  // The browser's Close frame; 1005 if it had no code.
  void browser_closed(std::uint16_t code);
  // The browser's stream ended without a Close, or broke.
  void browser_lost(Reason reason);
  // The browser broke the rules or a cap: nothing it sends counts any more.
  void browser_refused(Reason reason);
  // The backend sent its last byte.
  void backend_ended();
  // The backend's connection broke.
  void backend_lost();
  // Our own decision: idle, lifetime, dead, drain, killed, backend_text …
  void decide(Reason reason);
  // A decision after which nothing more is taken from either side: stall, overload, session_bytes, revoked,
  // credential_expired.
  void cut(Reason reason);
  // `timeouts.close` passed in `closing`.
  void close_timed_out();

 private:
  void begin(Reason reason, State state);

  State state_ = State::open;
  bool browser_is_done_ = false;
  std::optional<Reason> reason_;
  std::optional<std::uint16_t> close_code_;
};

}  // namespace drawbridge::ws
