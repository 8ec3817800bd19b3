#pragma once

#include "base/log_record.hpp"
#include "config/config.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace drawbridge::net {

// A time on the wall, to the millisecond (RFC 3339).
std::string timestamp(std::chrono::system_clock::time_point time = std::chrono::system_clock::now());

// Where log lines go. Never blocks: what cannot be queued is dropped and counted.
class Log {
 public:
  virtual ~Log() = default;

  // A record with the current time, in the configured format.
  LogRecord record(LogLevel level, std::string_view event) const;
  // Hands the record on, if its level is wanted.
  void write(LogLevel level, LogRecord record);

  // Any thread may read them while a reload changes them.
  virtual config::Log settings() const = 0;

 protected:
  virtual void put(LogLevel level, std::string line) = 0;
};

}  // namespace drawbridge::net
