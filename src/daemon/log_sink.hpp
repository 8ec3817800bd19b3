#pragma once

#include "net/log.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

namespace drawbridge::daemon {

// The log on a descriptor, standard error as a rule. Lines go through a bounded queue to a thread of their own; when
// the queue is full or the descriptor takes nothing (a full disk, a stuck pipe), lines are dropped and counted.
class LogSink : public net::Log {
 public:
  // `prioritised`: the reader is the journal, and wants each line's priority before it (sd-daemon(3)).
  LogSink(int fd, const config::Log& settings, bool prioritised = false);
  // Gives what is queued a second to get out.
  ~LogSink() override;

  config::Log settings() const override;
  void set_settings(const config::Log& settings);
  // Lines lost so far.
  std::uint64_t dropped() const;
  // Writes a `log_dropped` line if lines were lost since the last call.
  void report_dropped();

 protected:
  void put(LogLevel level, std::string line) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
  std::atomic<LogLevel> level_;
  std::atomic<LogFormat> format_;
  std::atomic<config::LogClient> client_;
  std::uint64_t reported_ = 0;
};

}  // namespace drawbridge::daemon
