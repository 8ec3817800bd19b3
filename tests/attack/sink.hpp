#pragma once

#include "support/wire.hpp"

#include <cstdint>
#include <thread>

namespace drawbridge::testing {

// A TCP service for thousands of connections: one thread that reads all and answers nothing.
class Sink {
 public:
  Sink();
  ~Sink();
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  std::uint16_t port() const { return listening_.port; }

 private:
  void run();

  Listening listening_;
  int stop_;
  std::thread thread_;
};

}  // namespace drawbridge::testing
