#pragma once

#include <cstdint>

namespace drawbridge::bench {

class Loop;

// A socket in the loop, which it owns. It may close itself in ready(), but is destroyed only between turns.
class Watched {
 public:
  Watched(Loop& loop, int descriptor) : loop_(loop), descriptor_(descriptor) {}
  virtual ~Watched() { shut(); }
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;

  virtual void ready(std::uint32_t events) = 0;

  int descriptor() const { return descriptor_; }  // -1 once shut

 protected:
  void watch(std::uint32_t events);  // EPOLLIN, EPOLLOUT; level-triggered
  void shut();

 private:
  Loop& loop_;
  int descriptor_;
  std::uint32_t watched_ = 0;
  bool added_ = false;
};

class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void turn(int timeout_ms);

 private:
  friend class Watched;
  int epoll_;
};

}  // namespace drawbridge::bench
