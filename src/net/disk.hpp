#pragma once

#include "net/descriptor.hpp"

#include <cstddef>
#include <functional>
#include <memory>

namespace drawbridge::net {

// A thread of its own for what may have to wait for a disk, because workers carry sessions. Any thread may ask.
class Disk {
 public:
  static constexpr std::size_t most_waiting = 1'024;

  Disk();
  // What was not done by then never will be told of.
  ~Disk();

  // Does `work` on the thread, in its turn, and calls `done` there. False, and neither will be called, if too many wait
  // already. If memory lacks for it, `done` is not called.
  bool ask(std::function<void()> work, std::function<void()> done);

  // A file that is closed on the thread, wherever the last who has it lets it go: that may take as long as a read.
  std::shared_ptr<const Descriptor> closes(Descriptor file);

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with the thread, which may wait for a disk at the end
};

}  // namespace drawbridge::net
