#pragma once

#include "base/time.hpp"
#include "client/address.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace drawbridge::net {

struct PasswordQuestion {
  std::string user;
  std::string password;
  std::string hash;                       // what crypt(5) made of the right one
  std::optional<client::Address> client;  // whose turn it takes
  Instant until = never;                  // nobody waits for the answer after that
};

// Checks passwords on a thread of its own, because that is slow by intent. Whoever guesses waits for himself: each
// client has at most `most_waiting_of_one` questions in the queue. What was right is known for a while. Any thread may
// ask.
class Passwords {
 public:
  static constexpr std::size_t most_waiting = 256;
  static constexpr std::size_t most_waiting_of_one = 4;
  static constexpr std::size_t most_known = 4'096;
  static constexpr auto known_for = std::chrono::seconds(60);

  using Callback = std::function<void(bool right)>;

  Passwords();
  // Callbacks that were not called by then never will be.
  ~Passwords();

  // True if it was asked lately, and was right.
  bool known(const PasswordQuestion& question, Instant now);
  // Calls `done` on the thread, once; not if its time is over before its turn comes, or if memory lacks. False, and it
  // will not be called either, if too many wait already.
  bool ask(PasswordQuestion question, Callback done);

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with the thread, which may be in the middle of a check at the end
};

}  // namespace drawbridge::net
