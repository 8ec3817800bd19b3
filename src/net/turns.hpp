#pragma once

#include "base/time.hpp"
#include "net/task.hpp"

#include <deque>
#include <functional>
#include <memory>

#include <boost/asio/async_result.hpp>

namespace drawbridge::net {

// Who has long work that can wait, such as a signature or a busy session's next turn, stands in one line: a millisecond
// of it, and then first of all whatever came meanwhile for those who have little to do.
class Turns {
 public:
  explicit Turns(asio::io_context& context, Instant (*now)() = Clock::now) : context_(context), now_(now) {}

  // Calls the piece once, when it is its turn; never at once.
  void line_up(std::function<void()> piece);

  // Completes when it is this task's turn.
  template <class Token>
  auto next(Token&& token) {
    return asio::async_initiate<Token, void(boost::system::error_code)>(
        [this](auto handler) {
          auto waiting = std::make_shared<decltype(handler)>(std::move(handler));
          line_up([waiting] { std::move (*waiting)(boost::system::error_code{}); });
        },
        token);
  }

 private:
  void post();
  void run();

  asio::io_context& context_;
  Instant (*const now_)();
  std::deque<std::function<void()>> line_;
  bool posted_ = false;  // a run is on its way
};

}  // namespace drawbridge::net
