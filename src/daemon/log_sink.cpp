#include "daemon/log_sink.hpp"

#include "base/time.hpp"
#include "net/thread.hpp"

#include <cerrno>
#include <mutex>

#include <poll.h>
#include <spdlog/async.h>
#include <spdlog/sinks/base_sink.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

namespace drawbridge::daemon {
namespace {

constexpr std::size_t queued_lines = 4'096;
constexpr int poll_milliseconds = 100;
constexpr auto last_words = std::chrono::seconds(1);
// A pipe that polls as writable takes this many bytes without blocking (PIPE_BUF, pipe(7)).
constexpr std::size_t piece = 4'096;

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::warning: return spdlog::level::warn;
    case LogLevel::error: break;
  }
  return spdlog::level::err;
}

const char* priority_of(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::debug: return SD_DEBUG;
    case spdlog::level::info: return SD_INFO;
    case spdlog::level::warn: return SD_WARNING;
    default: return SD_ERR;
  }
}

// Writes whole lines without ever blocking for long, so that the thread can always be ended.
class DescriptorSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  DescriptorSink(int fd, bool prioritised) : fd_(fd), prioritised_(prioritised) {}

  // From now on waits no longer than that.
  void end_by(Instant deadline) { deadline_.store(deadline.time_since_epoch().count()); }
  std::uint64_t dropped() const { return dropped_.load(); }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    std::string line(prioritised_ ? priority_of(message.level) : "");
    line.append(message.payload.data(), message.payload.size()).append("\n");
    const std::size_t whole = line.size();
    // The rest of a line that was cut goes first, or two lines would become one.
    if (!write_out(rest_)) {
      dropped_.fetch_add(1);
      return;
    }
    if (!write_out(line)) {
      if (line.size() == whole) {
        dropped_.fetch_add(1);
      } else {
        rest_ = std::move(line);
      }
    }
  }
  void flush_() override {}

 private:
  // Takes what was written off `text`; false if something is left.
  bool write_out(std::string& text) {
    while (!text.empty()) {
      if (!writable()) return false;
      const ssize_t n = ::write(fd_, text.data(), std::min(text.size(), piece));
      if (n > 0) {
        text.erase(0, static_cast<std::size_t>(n));
      } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
        return false;
      }
    }
    return true;
  }

  bool writable() {
    for (;;) {
      const bool ending = Clock::now().time_since_epoch().count() >= deadline_.load();
      pollfd wait{fd_, POLLOUT, 0};
      if (::poll(&wait, 1, ending ? 0 : poll_milliseconds) > 0) return (wait.revents & POLLOUT) != 0;
      if (ending) return false;
    }
  }

  const int fd_;
  const bool prioritised_;
  std::string rest_;
  std::atomic<Instant::rep> deadline_{never.time_since_epoch().count()};
  std::atomic<std::uint64_t> dropped_{0};
};

}  // namespace

struct LogSink::State {
  State(int fd, bool prioritised)
      : sink(std::make_shared<DescriptorSink>(fd, prioritised)),
        queue(std::make_shared<spdlog::details::thread_pool>(queued_lines, 1, [] { net::begin_thread("log"); })),
        logger(
            std::make_shared<spdlog::async_logger>("log", sink, queue, spdlog::async_overflow_policy::overrun_oldest)) {
    logger->set_level(spdlog::level::trace);
  }
  // The thread ends first; its messages hold shares of the logger.
  ~State() { queue.reset(); }

  std::shared_ptr<DescriptorSink> sink;
  std::shared_ptr<spdlog::details::thread_pool> queue;
  std::shared_ptr<spdlog::async_logger> logger;
};

LogSink::LogSink(int fd, const config::Log& settings, bool prioritised)
    : state_(std::make_unique<State>(fd, prioritised)),
      level_(settings.level),
      format_(settings.format),
      client_(settings.client) {}

LogSink::~LogSink() {
  state_->sink->end_by(Clock::now() + last_words);
}

config::Log LogSink::settings() const {
  return {level_.load(), format_.load(), client_.load()};
}

void LogSink::set_settings(const config::Log& settings) {
  level_ = settings.level;
  format_ = settings.format;
  client_ = settings.client;
}

std::uint64_t LogSink::dropped() const {
  return state_->sink->dropped() + state_->queue->overrun_counter();
}

void LogSink::report_dropped() {
  const std::uint64_t dropped = this->dropped();
  if (dropped == reported_) return;
  // The total too: a line about lost lines may be lost itself.
  write(LogLevel::warning,
        record(LogLevel::warning, "log_dropped").add("count", dropped - reported_).add("total", dropped));
  reported_ = dropped;
}

void LogSink::put(LogLevel level, std::string line) {
  // Already a whole line, and its level was judged: spdlog carries it.
  state_->logger->log(level_of(level), spdlog::string_view_t(line));
}

}  // namespace drawbridge::daemon
