#pragma once

#include "net/end.hpp"
#include "net/loop.hpp"

namespace drawbridge::net {

// Watches a socket from its registration to its end, for one client after the other. Each change is told once, so who
// uses it tries first, and waits only after the socket said "again". Must be destroyed before the socket is closed.
class Readiness {
 public:
  class Client {
   public:
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

   protected:
    Client() = default;
    virtual ~Client() = default;

   private:
    friend class Readiness;
    // May destroy the readiness.
    virtual void on_ready(Ready ready) = 0;
  };

  Readiness(Loop& loop, int fd) : loop_(loop), fd_(fd), watches_(loop.watch(fd, *this)) {}
  Readiness(const Readiness&) = delete;
  Readiness& operator=(const Readiness&) = delete;
  ~Readiness() {
    if (watches_) loop_.forget(fd_, *this);
  }

  // False if the kernel had no room for another watch: then nothing will ever be told.
  bool watches() const { return watches_; }
  bool more_behind() const { return more_behind_; }
  // From now on this one is told; null: nobody.
  void tell(Client* client) { client_ = client; }
  // Tells once more what is possible: where a call failed for want of memory, no change of the socket's will come.
  void look_again() { loop_.watch_again(fd_, *this); }

 private:
  friend class Loop;
  void on_event(std::uint32_t events);

  Loop& loop_;
  Client* client_ = nullptr;
  const int fd_;
  const bool watches_;
  bool more_behind_ = false;
};

}  // namespace drawbridge::net
