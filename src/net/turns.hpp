#pragma once

#include "base/time.hpp"

#include <coroutine>

#include <boost/intrusive/list.hpp>

namespace drawbridge::net {

// Who has long work that can wait, such as a signature or a busy session's next turn, stands in one line: a millisecond
// of it, and then first of all whatever came meanwhile for those who have little to do.
class Turns {
 public:
  explicit Turns(Instant (*now)() = Clock::now) : now_(now) {}

  using Place = boost::intrusive::list_base_hook<boost::intrusive::tag<Turns>,
                                                 boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

  // Somebody who can stand in the line; leaves it when destroyed.
  class Piece : public Place {
   public:
    Piece(const Piece&) = delete;
    Piece& operator=(const Piece&) = delete;
    bool in_line() const { return Place::is_linked(); }

   protected:
    Piece() = default;
    virtual ~Piece() = default;

   private:
    friend class Turns;
    // Out of the line already; may line up again, or destroy itself.
    virtual void on_turn() = 0;
  };

  // At its end; who stands there already stays where he is.
  void line_up(Piece& piece) {
    if (!piece.in_line()) line_.push_back(piece);
  }
  bool empty() const { return line_.empty(); }

  // Calls the first ones for a millisecond; at least one, however late it is. What one throws goes to the caller, and
  // the others keep their places.
  void run();

  class Wait : Piece {
   public:
    explicit Wait(Turns& turns) : turns_(turns) {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> task) {
      task_ = task;
      turns_.line_up(*this);
    }
    void await_resume() const noexcept {}

   private:
    void on_turn() override { task_.resume(); }

    Turns& turns_;
    std::coroutine_handle<> task_;
  };
  // For a task to await its turn.
  Wait next() { return Wait(*this); }

 private:
  Instant (*const now_)();
  boost::intrusive::list<Piece, boost::intrusive::base_hook<Place>, boost::intrusive::constant_time_size<false>> line_;
};

}  // namespace drawbridge::net
