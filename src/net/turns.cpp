#include "net/turns.hpp"

namespace drawbridge::net {
namespace {

// Between two looks at who else has something. A look may serve a hundred sessions, which takes about as long.
constexpr auto share = std::chrono::milliseconds(1);

}  // namespace

void Turns::run() {
  if (line_.empty()) return;
  const Instant until = now_() + share;
  do {
    Piece& piece = line_.front();
    line_.pop_front();
    piece.on_turn();
  } while (!line_.empty() && now_() < until);
}

}  // namespace drawbridge::net
