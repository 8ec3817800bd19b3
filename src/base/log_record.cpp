#include "base/log_record.hpp"

#include <iterator>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

namespace drawbridge {

std::string_view name(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return "debug";
    case LogLevel::info: return "info";
    case LogLevel::warning: return "warning";
    case LogLevel::error: return "error";
  }
  return "info";
}

std::string printable(std::string_view value) {
  const bool cut = value.size() > longest_logged_value;
  std::string out;
  for (const char c : value.substr(0, longest_logged_value)) {
    if (c >= 0x20 && c < 0x7F && c != '\\') {
      out += c;
    } else {
      fmt::format_to(std::back_inserter(out), "\\x{:02X}", static_cast<unsigned char>(c));
    }
  }
  if (cut) out += "...";
  return out;
}

LogRecord::LogRecord(LogFormat format, std::string_view timestamp, LogLevel level, std::string_view event)
    : format_(format) {
  if (format_ == LogFormat::json) {
    line_ = "{";
    add("time", timestamp).add("level", name(level)).add("event", event);
  } else {
    line_ = fmt::format("{} {} {}", timestamp, name(level), event);
  }
}

void LogRecord::add_key(std::string_view key) {
  if (format_ == LogFormat::json) {
    if (line_.size() > 1) line_ += ',';
    fmt::format_to(std::back_inserter(line_), "\"{}\":", key);
  } else {
    fmt::format_to(std::back_inserter(line_), " {}=", key);
  }
}

LogRecord& LogRecord::add(std::string_view key, std::string_view value) {
  add_key(key);
  const std::string safe = printable(value);
  // In text, quotes are only for what needs them, so that the line stays easy to read.
  const bool bare = format_ == LogFormat::text && !safe.empty() && safe.find_first_of(" \"=") == std::string::npos;
  line_ += bare ? safe : boost::json::serialize(boost::json::string_view(safe));
  return *this;
}

LogRecord& LogRecord::add(std::string_view key, std::uint64_t value) {
  add_key(key);
  fmt::format_to(std::back_inserter(line_), "{}", value);
  return *this;
}

LogRecord& LogRecord::add_seconds(std::string_view key, double seconds) {
  add_key(key);
  fmt::format_to(std::back_inserter(line_), "{:.3f}", seconds);
  return *this;
}

std::string LogRecord::line() && {
  if (format_ == LogFormat::json) line_ += '}';
  return std::move(line_);
}

}  // namespace drawbridge
