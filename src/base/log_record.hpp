#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace drawbridge {

enum class LogFormat : std::uint8_t { json, text };
enum class LogLevel : std::uint8_t { debug, info, warning, error };

std::string_view name(LogLevel level);

// Longest value of a field, in bytes, that came from the network; longer ones are cut and end in "...".
constexpr std::size_t longest_logged_value = 256;

// One log line under construction: a JSON object, or key=value text. Every value is escaped, so that nothing from the
// network can forge a line, a field or a terminal sequence: bytes that are no printable ASCII stand as \xNN in the
// value.
class LogRecord {
 public:
  // `timestamp` is RFC 3339, as the caller read it from the clock.
  LogRecord(LogFormat format, std::string_view timestamp, LogLevel level, std::string_view event);

  LogRecord& add(std::string_view key, std::string_view value);
  LogRecord& add(std::string_view key, std::uint64_t value);
  LogRecord& add_seconds(std::string_view key, double seconds);

  // The finished line, without a line end.
  std::string line() &&;

 private:
  void add_key(std::string_view key);

  LogFormat format_;
  std::string line_;
};

// `value` as printable ASCII, cut to longest_logged_value; other bytes and backslashes as \xNN.
std::string printable(std::string_view value);

}  // namespace drawbridge
