#pragma once

#include "load/backend.hpp"
#include "load/browser.hpp"
#include "load/loop.hpp"
#include "load/target.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include <openssl/ssl.h>

namespace drawbridge::bench {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

struct Options {
  std::uint16_t target_port = 0;  // TLS on 127.0.0.1
  int backend_fd = -1;            // a listening socket: where the target dials
  int pid = 0;                    // the target
  std::string host = "localhost";
  std::string path = "/bench";
  std::string origin = "https://bench.example";
  std::uint32_t sessions = 1;
  std::uint32_t opens_per_second = 1'000;
  std::uint32_t concurrency = 16;  // openings at once
  std::uint64_t count = 0;         // frames or opens, over all sessions
  std::uint64_t bytes = 0;         // of payload each way, over all sessions
  std::size_t size = 0;            // bytes of a frame up and of a write down
  double seconds = 0;
  bool websocket = true;  // false: the target passes TLS to TCP
  bool resume = false;    // TLS sessions, of browsers before
  bool pause = false;     // soak: the receiving sides stop reading for a while
};

struct Session {
  std::uint32_t index = 0;
  std::unique_ptr<Browser> browser;
  std::unique_ptr<Peer> peer;  // present once the browser's first message came out at the backend
};

// What a mode plays on the sessions. The defaults refuse whatever the mode does not expect.
class Play {
 public:
  virtual ~Play() = default;
  virtual void browser_received(Session& session, std::span<const std::byte> bytes);
  virtual void backend_received(Session& session, std::span<const std::byte> bytes);
  // There is room to send; asked again until wants_to_send(false).
  virtual void browser_writable(Session& session);
  virtual void backend_writable(Session& session);
  virtual void browser_ended(Session& session);
  virtual void backend_ended(Session& session);
};

// Both ends of the target in one loop: opens browsers, accepts the connections they cause, and knows which belong
// together.
class Rig {
 public:
  Rig(const Options& options, Play& play);
  ~Rig();
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;

  // Opens `count` sessions within the options' rate and concurrency. Each browser's first message is its session's
  // number, so that the backend knows which connection is whose.
  void open_sessions(std::uint32_t count);
  // Opens and closes `count` browsers, without a first message; each must reach the backend and leave it again.
  void open_and_close(std::uint32_t count);

  // Turns the loop until done() or, which is a failure, until no byte has moved for a while.
  void run_until(const std::function<bool()>& done);
  void run_for(double seconds);

  std::uint64_t resumed() const { return resumed_; }  // of those that were opened
  std::span<const std::unique_ptr<Session>> sessions() const { return sessions_; }
  const Target& target() const { return target_; }

  // For the ends.
  const Options& options() const { return options_; }
  Play& play() { return play_; }
  Loop& loop() { return loop_; }
  SSL_CTX* tls() { return tls_.get(); }
  SSL_SESSION* session_to_resume() { return resumable_.get(); }
  std::span<std::byte> scratch() { return scratch_; }  // for one read or write
  void progress() { last_progress_ = Clock::now(); }
  void upgraded(Session& session);
  void accepted(int descriptor);
  Session& pair(Peer& peer, std::uint32_t index);
  void browser_ended(Session& session);
  void peer_ended(Peer& peer);

 private:
  static int keep_session(SSL* ssl, SSL_SESSION* session);
  void start(std::uint32_t index);
  void turn(int timeout_ms);

  const Options& options_;
  Play& play_;
  Target target_;
  Loop loop_;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> tls_;
  std::unique_ptr<SSL_SESSION, decltype(&SSL_SESSION_free)> resumable_{nullptr, SSL_SESSION_free};
  std::vector<std::byte> scratch_;
  Clock::time_point last_progress_ = Clock::now();
  bool pairing_ = true;
  std::uint64_t opened_ = 0;
  std::uint64_t resumed_ = 0;
  std::uint64_t closed_ = 0;
  std::uint64_t accepted_ = 0;
  BackendListener listener_;
  std::vector<std::unique_ptr<Session>> sessions_;
  std::unordered_map<Peer*, std::unique_ptr<Peer>> unpaired_;
  // What ended in this turn: the loop may still hold an event for it.
  std::vector<std::unique_ptr<Session>> ended_sessions_;
  std::vector<std::unique_ptr<Peer>> ended_peers_;
};

}  // namespace drawbridge::bench
