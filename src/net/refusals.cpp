#include "net/refusals.hpp"

namespace drawbridge::net {
namespace {

// Of each reason: enough lines to see what is going on, few enough to keep for months.
constexpr double lines_a_second = 5;
constexpr double lines_at_once = 50;

}  // namespace

bool Refusals::wants_line(Reason reason, Instant now, bool enforced) {
  const std::lock_guard lock(mutex_);
  Row& row = (enforced ? refused_ : only_told_)[static_cast<std::size_t>(reason)];
  if (!row.lines) row.lines.emplace(lines_a_second, lines_at_once, now);
  if (row.lines->try_take(1, now)) return true;
  if (row.counted++ == 0) row.counting_since = now;
  return false;
}

void Refusals::summarise(Instant now) {
  const std::lock_guard lock(mutex_);
  summarise(refused_, "refusals", now);
  summarise(only_told_, "would_be_refusals", now);
}

void Refusals::summarise(Rows& rows, std::string_view event, Instant now) {
  for (const ReasonInfo& reason : reasons()) {
    Row& row = rows[static_cast<std::size_t>(reason.reason)];
    if (row.counted == 0) continue;
    const std::chrono::duration<double> seconds = now - row.counting_since;
    log_.write(LogLevel::warning, log_.record(LogLevel::warning, event)
                                      .add("reason", reason.word)
                                      .add("count", row.counted)
                                      .add_seconds("seconds", seconds.count()));
    row.counted = 0;
  }
}

}  // namespace drawbridge::net
