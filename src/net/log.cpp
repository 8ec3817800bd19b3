#include "net/log.hpp"

#include <fmt/chrono.h>

namespace drawbridge::net {

std::string timestamp(std::chrono::system_clock::time_point time) {
  const auto now = std::chrono::floor<std::chrono::milliseconds>(time);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)),
                     (now - seconds).count());
}

LogRecord Log::record(LogLevel level, std::string_view event) const {
  return {settings().format, timestamp(), level, event};
}

void Log::write(LogLevel level, LogRecord record) {
  if (level >= settings().level) put(level, std::move(record).line());
}

}  // namespace drawbridge::net
