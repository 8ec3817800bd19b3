#include "net/turns.hpp"

#include <utility>

#include <boost/asio/post.hpp>

namespace drawbridge::net {
namespace {

// Between two looks at who else has something. A look may serve a hundred sessions, which takes about as long.
constexpr auto share = std::chrono::milliseconds(1);

}  // namespace

void Turns::line_up(std::function<void()> piece) {
  line_.push_back(std::move(piece));
  post();
}

void Turns::post() {
  if (posted_) return;
  asio::post(context_, [this] { run(); });
  posted_ = true;
}

// At least one piece, however late it is: the time may be over before the first one begins.
void Turns::run() {
  posted_ = false;
  const Instant until = now_() + share;
  while (!line_.empty()) {
    // Before the piece, which may throw: the line goes on.
    if (line_.size() > 1) post();
    const auto piece = std::move(line_.front());
    line_.pop_front();
    piece();
    if (now_() >= until) return;
  }
}

}  // namespace drawbridge::net
