#pragma once

#include "net/parked.hpp"
#include "net/readiness.hpp"
#include "net/task.hpp"

#include <memory>

namespace drawbridge::net {

// How one task waits for one socket, with a limit to the time.
class SocketWait : Readiness::Client {
 public:
  // The socket must stay open until this is destroyed, or whoever took its readiness.
  SocketWait(Loop& loop, int fd, Instant limit);

  // False if the kernel had no room for another watch. Then nothing may be waited for.
  bool watches() const { return readiness_->watches(); }
  void set_limit(Instant limit) { parked_.set_limit(limit); }
  bool expired() const { return parked_.expired(); }

  // True when it can be read (or written), perhaps; false when the limit came first.
  Task<bool> readable();
  Task<bool> writable();

  // See Readiness.
  void look_again() { readiness_->look_again(); }
  std::unique_ptr<Readiness> release();

 private:
  void on_ready(Ready ready) override;

  Parked parked_;
  std::unique_ptr<Readiness> readiness_;
  // Said, and not waited for since.
  bool readable_ = false;
  bool writable_ = false;
};

}  // namespace drawbridge::net
