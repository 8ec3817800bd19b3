#pragma once

#include "net/end.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

namespace drawbridge::testing {

// An end of a session whose peer is a script: what it sends, in which pieces; how much it takes; how it ends.
class ScriptedEnd : public net::End {
 public:
  // The peer sends these bytes; one read returns at most one piece.
  void send(std::string_view bytes) { add({std::string(bytes), net::IoStatus::ok}); }
  // Then its stream ends, or breaks.
  void finish(net::IoStatus how = net::IoStatus::end) { add({"", how}); }
  // The peer takes that many more bytes; by default it takes all.
  void allow(std::size_t bytes) {
    room_ = room_ > unlimited - bytes ? unlimited : room_ + bytes;
    if (room_ > 0 && std::exchange(lacked_room_, false)) changes_.writable = true;
  }
  void take_nothing() { room_ = 0; }
  void take_all() { allow(unlimited); }
  void refuse_writes() {
    refuses_ = true;
    changes_ = {.readable = true, .writable = true, .more_behind = true};
  }
  // One write takes at most that much.
  void take_at_once(std::size_t bytes) { at_once_ = bytes; }
  // A read that empties the script says so.
  void report_drained() { reports_drained_ = true; }
  // Shutting has something to say first, as TLS does.
  void shut_takes_room() { shut_takes_room_ = true; }
  // As TLS after a KeyUpdate: reading has to write first, and waits for room.
  void cross_reads() { reads_crossed_ = true; }
  // Writing has to read first, and waits for something new of the peer.
  void cross_writes() { writes_crossed_ = !readable(); }

  // A read takes all that is there out of the kernel, as TLS does, and returns it piece by piece.
  void buffer_inside() { buffers_ = true; }

  // What the kernel tells of the socket, each change once: something came, or there is room again where there was none.
  net::Ready changes() { return std::exchange(changes_, {.more_behind = changes_.more_behind}); }

  bool readable() const { return pieces_.size() > inside_; }
  bool writable() const { return refuses_ || room_ > 0; }

  const std::string& received() const { return received_; }
  std::string take_received() { return std::exchange(received_, {}); }
  bool shut() const { return shut_; }
  // What reads returned, all of it; and what was discarded.
  const std::string& given() const { return given_; }
  std::size_t discarded() const { return discarded_; }
  // Calls, and those that moved something or told an end for the first time.
  std::size_t calls() const { return calls_; }
  std::size_t moves() const { return moves_; }

  net::IoResult read(std::span<std::uint8_t> into) override {
    ++calls_;
    if (reads_crossed_ && !writable()) {
      lacked_room_ = true;
      return {net::IoStatus::again_write};
    }
    reads_crossed_ = false;
    if (buffers_) inside_ = pieces_.size();
    const net::IoResult result = take_piece(into);
    given_.append(reinterpret_cast<const char*>(into.data()), result.bytes);
    return result;
  }

  net::IoResult write(std::span<const std::uint8_t> bytes) override {
    ++calls_;
    if (writes_crossed_ && !refuses_) return {net::IoStatus::again_read};
    if (refuses_) {
      moves_ += !std::exchange(refused_, true);
      return {net::IoStatus::failed};
    }
    const std::size_t n = std::min({bytes.size(), room_, at_once_});
    lacked_room_ = n < bytes.size() && n == room_;
    if (n == 0) return {net::IoStatus::again_write};
    received_.append(reinterpret_cast<const char*>(bytes.data()), n);
    if (room_ != unlimited) room_ -= n;
    ++moves_;
    return {net::IoStatus::ok, n};
  }

  net::IoStatus shut_write() override {
    ++calls_;
    inside_ = 0;  // from now on only what the kernel has counts
    if (shut_takes_room_ && !writable()) {
      lacked_room_ = true;
      return net::IoStatus::again_write;
    }
    shut_ = true;
    ++moves_;
    return net::IoStatus::ok;
  }

  net::IoResult discard(std::span<std::uint8_t> scratch) override {
    ++calls_;
    const net::IoResult result = take_piece(scratch);
    discarded_ += result.bytes;
    return result;
  }

 private:
  struct Piece {
    std::string bytes;
    net::IoStatus how;
  };

  void pop() {
    pieces_.pop_front();
    if (inside_ > 0) --inside_;
  }

  void add(Piece piece) {
    changes_.readable = true;
    if (piece.how != net::IoStatus::ok) changes_.more_behind = true;
    pieces_.push_back(std::move(piece));
    writes_crossed_ = false;
  }

  net::IoResult take_piece(std::span<std::uint8_t> into) {
    if (pieces_.empty()) return {net::IoStatus::again_read};
    Piece& piece = pieces_.front();
    if (piece.how != net::IoStatus::ok) {
      moves_ += !std::exchange(ended_, true);
      return {piece.how};
    }
    const std::size_t n = std::min(into.size(), piece.bytes.size());
    std::copy_n(piece.bytes.begin(), n, into.begin());
    piece.bytes.erase(0, n);
    if (piece.bytes.empty()) pop();
    ++moves_;
    // Less came than might have: that is all that this says, also of a stream that has ended.
    return {net::IoStatus::ok, n, reports_drained_ && (pieces_.empty() || pieces_.front().how != net::IoStatus::ok)};
  }

  static constexpr std::size_t unlimited = SIZE_MAX;

  std::deque<Piece> pieces_;
  net::Ready changes_;
  bool lacked_room_ = false;
  std::size_t room_ = unlimited;
  std::size_t at_once_ = unlimited;
  bool refuses_ = false;
  bool reports_drained_ = false;
  bool buffers_ = false;
  std::size_t inside_ = 0;  // pieces that the kernel does not have any more
  bool shut_takes_room_ = false;
  bool reads_crossed_ = false;
  bool writes_crossed_ = false;
  bool refused_ = false;
  bool ended_ = false;
  bool shut_ = false;
  std::size_t discarded_ = 0;
  std::size_t calls_ = 0;
  std::size_t moves_ = 0;
  std::string received_;
  std::string given_;
};

}  // namespace drawbridge::testing
