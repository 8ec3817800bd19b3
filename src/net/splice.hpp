#pragma once

#include "base/time.hpp"
#include "config/config.hpp"
#include "net/end.hpp"
#include "net/held_bytes.hpp"
#include "net/trace.hpp"
#include "policy/rate.hpp"
#include "ws/decoder.hpp"
#include "ws/lifecycle.hpp"
#include "ws/utf8.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace drawbridge::net {

// 49148 + a 4-byte header = three whole TLS records of 16384. More at once costs more: the peers sleep until it comes,
// and it leaves the first-level cache.
constexpr std::size_t largest_downstream_frame = 49'148;
constexpr std::size_t upstream_read = 49'152;

// The buffers of a worker, lent to one session at a time.
struct Scratch {
  std::array<std::uint8_t, upstream_read> up;
  // The header is written in front of the payload.
  std::array<std::uint8_t, ws::longest_server_header + largest_downstream_frame> down;
};

// What crossed, in payload bytes. Discarded: taken from one side and not delivered to the other.
struct Counts {
  std::uint64_t up_bytes = 0;
  std::uint64_t up_frames = 0;
  std::uint64_t up_messages = 0;
  std::uint64_t up_discarded = 0;
  std::uint64_t down_bytes = 0;
  std::uint64_t down_frames = 0;
  std::uint64_t down_messages = 0;
  std::uint64_t down_discarded = 0;
};

// What a splice waits for, beside its ends.
struct Wants {
  Instant deadline = never;
  bool again = false;  // its turn is used up: advance it again when the others had theirs
  bool over = false;   // both ends can be closed
};

// Carries bytes between a browser's WebSocket and a backend's stream until either ends: frames up, frames down, limits,
// deadlines, and an end at which nothing deliverable is lost. Knows neither sockets nor clocks; `now` may not go
// backwards.
class Splice {
 public:
  // Route, ends and budget must outlive it. Without a backend (null) it sends each message back, with its type.
  Splice(const config::Route& route, End& browser, End* backend, BufferBudget& budget, Instant now);

  // What may be possible again since the last advance.
  void browser_ready(Ready ready);
  void backend_ready(Ready ready);

  // Bytes that came behind the request's head, before anything is read; at most upstream_read of them.
  void take_first(std::span<const std::uint8_t> bytes, Scratch& scratch, Instant now);
  // Ends it for a reason of ours: drain, killed.
  void decide(Reason reason, Instant now);
  // Likewise where nothing more may be taken from either side: quota, revoked, credential_expired.
  void cut(Reason reason, Instant now);
  // Neither side is read before then, besides what the route says; a time that passed holds nothing.
  void hold_until(Instant time);
  // Ends it here and now, as if advance had said `over`: what is held is lost, and counted.
  void abandon(Reason reason);
  // Does everything that can be done now, within one turn.
  Wants advance(Instant now, Scratch& scratch);
  // After a turn: what would have ended it if it were enforced (lifetime, idle, session_bytes). Each is said once, so
  // ask until there is nothing more.
  std::optional<Reason> would_end();
  // Told of what crosses from the next frame on; null: nobody is. It must outlive this, or be taken back.
  void trace(Trace* trace);

  const ws::Lifecycle& lifecycle() const { return lifecycle_; }
  // Final once advance said `over`.
  const Counts& counts() const { return counts_; }

 private:
  using State = ws::Lifecycle::State;

  // How far writing to an end has come.
  enum class Out : std::uint8_t { open, shut, gone };

  struct Shaping {
    std::optional<policy::TokenBucket> upstream;
    std::optional<policy::TokenBucket> downstream;
    std::optional<policy::TokenBucket> messages;
    std::size_t upstream_step = upstream_read;  // bytes a read, so that a slow rate does not come in long bursts
    std::size_t downstream_step = largest_downstream_frame;
    Instant held_until = Instant::min();
  };

  bool pump_up(Scratch& scratch);
  bool pump_down(Scratch& scratch);
  bool pump_finish(Scratch& scratch);
  bool awaits_close() const;
  bool discards_from_backend() const;
  bool discard_from_backend(Scratch& scratch);

  bool reads_browser() const;
  bool reads_backend() const;
  // Returns how many bytes at the end are not decoded yet: frames beyond the message rate, or beyond what may be echoed
  // now.
  std::size_t take_from_browser(std::span<std::uint8_t> bytes, Scratch& scratch);
  void tell_received(const ws::Event& event);
  void keep_pong(std::span<const std::uint8_t> payload);
  void keep_undecoded(std::span<std::uint8_t> frames);
  void discard_undecoded(std::span<std::uint8_t> frames);
  void deliver_up(std::span<const std::uint8_t> payload);
  bool flush_up();
  void backend_refuses();

  void take_from_backend(std::uint8_t* payload, std::size_t fresh);
  void send_down(std::uint8_t* payload, std::size_t size, ws::Opcode opcode, bool fin);
  bool flush_down();
  // Returns how many of the bytes were taken.
  std::size_t write_browser(std::span<const std::uint8_t> bytes);
  bool send_control();
  void tell_sent(std::span<const std::uint8_t> control_frames);
  void browser_unreachable(IoStatus status);

  bool echoes() const { return backend_ == nullptr; }
  bool may_echo() const { return !downstream_stuck() && shaped_until(false) <= now_; }
  void echo(const ws::Event& piece, Scratch& scratch);

  void settle_state();
  // True if one came.
  bool check_deadlines();
  Instant next_deadline() const;
  Wants wants(bool moved);
  void count_leftovers();

  Instant shaped_until(bool upstream) const;
  bool shaped() const { return shaped_until(true) > now_ || shaped_until(false) > now_; }
  std::uint64_t session_bytes() const {
    return counts_.up_bytes + up_held_.bytes().size() + counts_.down_bytes + down_tail_size_;
  }
  std::uint64_t session_bytes_left() const;
  bool downstream_stuck() const { return !down_held_.empty(); }
  bool liveness_counts() const { return was_reading_ && reads_browser() && !downstream_stuck(); }
  bool close_due() const;

  const config::Route& route_;
  End& browser_;
  End* const backend_;  // null: echoes
  ws::Lifecycle lifecycle_;
  State acted_on_ = State::open;
  ws::Decoder decoder_;
  Trace* trace_ = nullptr;
  std::unique_ptr<Shaping> shaping_;  // only where the route shapes, or its identity's quotas do

  HeldBytes up_held_;                    // payload the backend did not take yet
  HeldBytes up_undecoded_;               // frames beyond the message rate, or what may be echoed now
  HeldBytes down_held_;                  // the rest of one frame the browser did not take yet
  std::uint32_t down_held_payload_ = 0;  // of that frame; 0 for control frames
  ws::Utf8 down_text_;
  std::array<std::uint8_t, 3> down_tail_{};  // an unfinished code point
  std::uint8_t down_tail_size_ = 0;
  std::unique_ptr<std::string> pongs_;  // frames: the answers to the newest pings

  // Readiness as last known; cleared by again_*, set by the two calls above. TLS may have to write before it can read,
  // or to read before it can write: then one waits for the other.
  bool browser_readable_ = true;
  bool browser_writable_ = true;
  bool backend_readable_ = true;
  bool backend_writable_ = true;
  bool browser_has_more_behind_ = false;
  bool backend_has_more_behind_ = false;
  bool read_waits_for_writable_ = false;
  bool write_waits_for_readable_ = false;

  Out browser_out_ = Out::open;
  Out backend_out_ = Out::open;
  bool browser_ended_ = false;  // its stream has no more bytes
  bool backend_ended_ = false;
  bool ping_due_ = false;
  bool close_sent_ = false;
  bool echo_in_message_ = false;  // a message's first frame went back, its last did not
  // What is only tried, and was not said yet.
  bool tries_lifetime_;
  bool tries_idle_;
  bool tries_session_bytes_;
  bool was_reading_ = true;
  std::uint32_t lingered_ = 0;          // bytes discarded from the browser after our last one
  std::uint32_t backend_lingered_ = 0;  // and from the backend

  std::size_t bytes_read_ = 0;  // in this turn
  Instant now_;
  Instant opened_;
  Instant last_heard_;  // any byte of the browser, or when reading it resumed
  Instant last_ping_;
  Instant last_payload_;  // either way
  Instant browser_stuck_since_ = never;
  Instant backend_stuck_since_ = never;
  Instant end_by_ = never;  // of the state closing or finishing
  Instant linger_until_ = never;

  Counts counts_;
};

}  // namespace drawbridge::net
