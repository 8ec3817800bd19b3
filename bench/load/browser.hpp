#pragma once

#include "load/frames.hpp"
#include "load/loop.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include <openssl/ssl.h>

namespace drawbridge::bench {

class Rig;
struct Session;

// One browser: TCP, TLS, the upgrade and frames, on OpenSSL's own socket BIO. Or, for a target that passes TLS to TCP,
// without upgrade and frames.
class Browser final : public Watched, private ServerFrames::Sink {
 public:
  Browser(Rig& rig, Session& session);

  // Appends one binary frame, or the bare bytes; flush() or the loop sends them.
  template <typename Fill>
  void append(std::size_t size, Fill fill) {
    if (websocket_) {
      outbox_.append_frame(Opcode::binary, size, fill);
    } else {
      fill(outbox_.append(size));
    }
  }
  std::size_t queued() const { return outbox_.size(); }
  void flush();
  // With 1000, or with close_notify; browser_ended follows when the target has answered and closed.
  void close();
  bool resumed() const { return SSL_session_reused(ssl_.get()) == 1; }
  void wants_to_send(bool yes);
  void pause_reading(bool yes);

  bool is_open() const { return state_ == State::open; }
  std::uint64_t pings() const { return pings_; }
  const std::string& end() const { return end_; }  // why it ended

  void ready(std::uint32_t events) override;

 private:
  enum class State : std::uint8_t { connecting, handshaking, upgrading, open, closing, ended };

  void connected();
  void handshake();
  void ask_for_upgrade();
  void read();
  void read_head(std::span<const std::byte> bytes);
  void write();
  void ended(std::string why);
  void update_interest();
  void data(std::span<const std::byte> payload) override;
  void control(Opcode opcode, std::span<const std::byte> payload) override;

  Rig& rig_;
  Session& session_;
  const bool websocket_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  State state_ = State::connecting;
  bool sending_ = false;
  bool paused_ = false;
  std::uint64_t pings_ = 0;
  Outbox outbox_;
  ServerFrames frames_;
  std::string head_;
  std::string end_;
};

}  // namespace drawbridge::bench
