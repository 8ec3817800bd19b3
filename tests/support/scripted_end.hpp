#pragma once

#include "net/end.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace drawbridge::testing {

// An end of a session whose peer is a script: what it sends, in which pieces; how much it takes; how it ends.
class ScriptedEnd : public net::End {
 public:
  // The peer sends these bytes; one read returns at most one piece.
  void send(std::string_view bytes) { pieces_.push_back({std::string(bytes), net::IoStatus::ok}); }
  // Then its stream ends, or breaks.
  void finish(net::IoStatus how = net::IoStatus::end) { pieces_.push_back({"", how}); }
  // The peer takes that many more bytes; by default it takes all.
  void allow(std::size_t bytes) { room_ += bytes; }
  void take_nothing() { room_ = 0; }
  void refuse_writes() { refuses_ = true; }

  const std::string& received() const { return received_; }
  std::string take_received() { return std::exchange(received_, {}); }
  bool shut() const { return shut_; }
  std::size_t discarded() const { return discarded_; }

  net::IoResult read(std::span<std::uint8_t> into) override {
    if (pieces_.empty()) return {net::IoStatus::again_read};
    Piece& piece = pieces_.front();
    if (piece.how != net::IoStatus::ok) return {piece.how};
    const std::size_t n = std::min(into.size(), piece.bytes.size());
    std::copy_n(piece.bytes.begin(), n, into.begin());
    piece.bytes.erase(0, n);
    if (piece.bytes.empty()) pieces_.pop_front();
    return {net::IoStatus::ok, n};
  }

  net::IoResult write(std::span<const std::uint8_t> bytes) override {
    if (refuses_) return {net::IoStatus::failed};
    const std::size_t n = std::min(bytes.size(), room_);
    if (n == 0) return {net::IoStatus::again_write};
    received_.append(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n));
    if (room_ != unlimited) room_ -= n;
    return {net::IoStatus::ok, n};
  }

  net::IoStatus shut_write() override {
    shut_ = true;
    return net::IoStatus::ok;
  }

  net::IoResult discard(std::span<std::uint8_t> scratch) override {
    const net::IoResult result = read(scratch);
    discarded_ += result.bytes;
    return result;
  }

 private:
  struct Piece {
    std::string bytes;
    net::IoStatus how;
  };

  static constexpr std::size_t unlimited = SIZE_MAX;

  std::deque<Piece> pieces_;
  std::size_t room_ = unlimited;
  bool refuses_ = false;
  bool shut_ = false;
  std::size_t discarded_ = 0;
  std::string received_;
};

}  // namespace drawbridge::testing
