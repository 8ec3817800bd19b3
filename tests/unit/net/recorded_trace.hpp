#pragma once

#include "net/trace.hpp"

#include <array>
#include <stdexcept>
#include <string>
#include <vector>

namespace drawbridge::testing {

// What a trace was told.
class RecordedTrace : public net::Trace {
 public:
  struct Told {
    Frame frame;
    std::string payload{};
  };

  void frame(net::Direction direction, const Frame& frame, Instant now) override {
    frames_of(direction).push_back({frame});
    note(direction, word(frame));
    at = now;
  }
  void payload(net::Direction direction, std::span<const std::uint8_t> piece, Instant /*now*/) override {
    if (piece.empty()) throw std::logic_error("a piece is empty");
    if (frames_of(direction).empty()) return;  // of a frame that nobody was told
    Told& last = frames_of(direction).back();
    last.payload.append(piece.begin(), piece.end());
    if (last.payload.size() > last.frame.size) throw std::logic_error("more than was announced");
  }
  void held(net::Direction direction, std::size_t bytes, Instant /*now*/) override {
    note(direction, bytes > 0 ? "held" : "taken");
  }
  void end(const net::Session& /*session*/, Instant /*now*/) override { ended = true; }

  std::vector<Told>& frames_of(net::Direction direction) { return frames_[static_cast<std::size_t>(direction)]; }

  std::string words;  // "up:text+3 down:pong2 down:held": a + for a frame without FIN, and its size
  Instant at{};
  bool ended = false;

 private:
  static std::string word(const Frame& frame) {
    constexpr std::array names{"more", "text", "binary", "", "", "", "", "", "close", "ping", "pong"};
    return names.at(static_cast<std::size_t>(frame.opcode)) + std::string(frame.fin ? "" : "+") +
           std::to_string(frame.size);
  }
  void note(net::Direction direction, const std::string& what) {
    words += (words.empty() ? "" : " ") + std::string(direction == net::Direction::up ? "up:" : "down:") + what;
  }

  std::array<std::vector<Told>, 2> frames_;
};

}  // namespace drawbridge::testing
