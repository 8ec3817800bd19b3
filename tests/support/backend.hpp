#pragma once

#include "support/wire.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace drawbridge::testing {

// A TCP service on a free loopback port; every connection runs `behaviour` in a thread of its own. What it throws ends
// the connection.
class Backend {
 public:
  using Behaviour = std::function<void(Wire&)>;

  explicit Backend(Behaviour behaviour, const std::string& address = "127.0.0.1");
  ~Backend();
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;

  std::uint16_t port() const { return listening_.port; }
  std::size_t accepted() const { return accepted_; }

 private:
  struct Connection {
    std::atomic<bool> over = false;
    std::thread thread;
  };
  void accept_all();

  Behaviour behaviour_;
  Listening listening_;
  int stop_;
  std::atomic<std::size_t> accepted_ = 0;
  std::list<Connection> connections_;  // those that go on, and those that ended since the last one came
  std::thread acceptor_;
};

Backend::Behaviour echo();
// Reads everything, answers nothing, and closes at the end.
Backend::Behaviour sink();
// Writes `greeting` at once, then echoes.
Backend::Behaviour greet(std::string greeting);
// Writes all of `bytes` and closes.
Backend::Behaviour serve(std::string bytes);
// Reads to the end and keeps silent until then.
void read_until_stopped(Wire& wire);

// A port on which nobody listens: bound, so that nobody else takes it.
class ClosedPort {
 public:
  ClosedPort();
  ~ClosedPort();
  ClosedPort(const ClosedPort&) = delete;
  ClosedPort& operator=(const ClosedPort&) = delete;
  std::uint16_t port() const { return port_; }

 private:
  int descriptor_;
  std::uint16_t port_;
};

// A port whose queue of connections is full: a SYN gets no answer, so that connecting takes for ever.
class FullPort {
 public:
  FullPort();
  ~FullPort();
  FullPort(const FullPort&) = delete;
  FullPort& operator=(const FullPort&) = delete;
  std::uint16_t port() const { return listening_.port; }

 private:
  Listening listening_;
  std::vector<int> queued_;
};

}  // namespace drawbridge::testing
