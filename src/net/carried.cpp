#include "net/carried.hpp"

#include <memory>
#include <new>
#include <utility>

namespace drawbridge::net {
namespace {

// A deadline that is due already waits for the next round of the worker all the same.
constexpr Duration soonest = std::chrono::milliseconds(1);
// Before a session that waits for its identity's rate asks again: a reload may have raised it.
constexpr Duration longest_hold = std::chrono::seconds(10);

// What stands behind the reasons of Splice::would_end.
std::string_view rule_for(Reason reason) {
  switch (reason) {
    case Reason::lifetime: return "timeouts.lifetime";
    case Reason::idle: return "timeouts.idle";
    default: return "limits.session_bytes";
  }
}

}  // namespace

Carried::Carried(Worker& worker, Worker::Load load, std::unique_ptr<Session> session,
                 std::unique_ptr<Readiness> browser, std::unique_ptr<Readiness> backend)
    : worker_(worker),
      load_(std::move(load)),
      session_(std::move(session)),
      browser_(*this, std::move(browser)),
      backend_(*this, std::move(backend)),
      tally_(worker.tally().route(session_->route().name)) {
  ++tally_.opened;
}

Carried::~Carried() {
  worker_.loop().deadlines().forget(*this);
}

void Carried::count() const {
  ++tally_.sessions;
  add(tally_.running, session_->splice().counts());
}

void Carried::begin(std::span<const std::uint8_t> first) {
  browser_->tell(&browser_);
  session_->splice().browser_ready({.more_behind = browser_->more_behind()});
  if (backend_) {
    backend_->tell(&backend_);
    session_->splice().backend_ready({.more_behind = backend_->more_behind()});
  }
  const Instant now = Clock::now();
  // It ended while it was being opened: of what came with the request nothing may count.
  if (now >= ends_at_ && is_enforced(ends_for_)) return on_deadline(now);
  advance(now, first);
}

void Carried::on_ready(const Side& side, Ready ready) {
  if (&side == &browser_) {
    session_->splice().browser_ready(ready);
  } else {
    session_->splice().backend_ready(ready);
  }
  if (in_line()) return;  // its turn will come to it
  if (std::exchange(busy_, false)) {
    worker_.loop().turns().line_up(*this);
  } else {
    advance(Clock::now());
  }
}

void Carried::on_turn() {
  advance(Clock::now());
}

void Carried::on_deadline(Instant now) {
  if (now >= drain_at_) {
    drain_at_ = never;
    session_->splice().decide(Reason::drain, now);
  }
  if (now >= ends_at_) {
    ends_at_ = never;
    if (is_enforced(ends_for_)) {
      session_->splice().cut(ends_for_, now);
    } else {
      log_would_end(ends_for_, "auth", now);
    }
  }
  advance(now);
}

void Carried::drain_at(Instant at) {
  drain_at_ = std::min(drain_at_, at);
  worker_.loop().deadlines().expect_by(*this, drain_at_);
}

void Carried::end_at(Instant at, Reason reason) {
  // What is only told gives way to what ends it.
  const bool gives_way = !is_enforced(ends_for_) && is_enforced(reason);
  if (at >= ends_at_ && !gives_way) return;
  ends_at_ = at;
  ends_for_ = reason;
  worker_.loop().deadlines().expect_by(*this, ends_at_);
}

void Carried::advance(Instant now, std::span<const std::uint8_t> first) {
  Splice& splice = session_->splice();
  const bool metered = session_->meter() != nullptr;
  Wants wants;
  try {
    if (!first.empty()) splice.take_first(first, worker_.scratch(), now);
    if (metered) measure(now);
    const Counts before = splice.counts();
    wants = splice.advance(now, worker_.scratch());
    if (metered && measure(now)) wants.again = true;
    while (const auto reason = splice.would_end()) log_would_end(*reason, rule_for(*reason), now);
    notice(splice.counts().up_bytes - before.up_bytes, splice.counts().down_bytes - before.down_bytes, now);
  } catch (const std::bad_alloc&) {
    // Thrown in the middle of a turn: what was in the worker's buffer is lost, and going on would hide that.
    splice.abandon(Reason::overload);
    return end(now);
  }
  if (wants.over) return end(now);
  if (wants.again) {
    busy_ = true;
    worker_.loop().turns().line_up(*this);
  }
  if (session_->browser().lacked_memory()) browser_->look_again();
  if (backend_ && session_->backend()->lacked_memory()) backend_->look_again();
  if (const Instant at = std::min({wants.deadline, drain_at_, ends_at_}); at != never) {
    worker_.loop().deadlines().expect_by(*this, coarse(std::max(at, now + soonest), now));
  }
}

bool Carried::measure(Instant now) {
  Splice& splice = session_->splice();
  const policy::Spent spent = session_->meter()->read(splice.counts(), now);
  splice.hold_until(std::min(spent.ready, now + longest_hold));
  if (policy::only_told(spent.objection)) log_would_end(spent.objection->reason, policy::bytes_per_day_rule, now);
  if (!policy::refuses(spent.objection) || splice.lifecycle().state() == ws::Lifecycle::State::finishing) return false;
  splice.cut(spent.objection->reason, now);
  return true;
}

bool Carried::is_enforced(Reason end) const {
  return session_->route().enforce_auth || (end != Reason::credential_expired && end != Reason::revoked);
}

void Carried::log_would_end(Reason reason, std::string_view rule, Instant now) {
  tally_.would_refuse.count(reason);
  const Services& services = worker_.services();
  if (!services.refusals.wants_line(reason, now, false)) return;
  services.log.write(LogLevel::warning, session_->would_end_record(services.log, reason, rule));
}

// How the worker should wait: for an answer, or for more of what comes one way.
void Carried::notice(std::uint64_t up, std::uint64_t down, Instant now) {
  if (up == 0 && down == 0) return;
  const bool turned = std::exchange(last_went_up_, up > 0) != (up > 0);
  if (turned) worker_.loop().spin().sent(this);
  if (up > 0) {
    crumbs_.answered();
  } else if (crumbs_.came(down, now)) {
    worker_.loop().nap();
  }
}

void Carried::abandon() {
  session_->splice().abandon(Reason::drain);
  end(Clock::now());
}

void Carried::end(Instant now) {
  if (Meter* meter = session_->meter()) meter->read(session_->splice().counts(), now);
  worker_.traces_.end(*session_, now);
  worker_.carried_->erase(worker_.carried_->iterator_to(*this));
  std::unique_ptr<Carried> self(this);  // also if memory lacks for the line
  Log& log = worker_.services().log;
  const Reason reason = session_->splice().lifecycle().reason().value_or(Reason::drain);
  tally_.ends.count(reason);
  add(tally_.ended, session_->splice().counts());
  worker_.tally().durations.count(std::chrono::duration<double>(now - session_->opened()).count());
  note_failure(worker_.services(), session_->client(), session_->client_text(), reason, now);
  LogRecord record = session_->end_record(log, worker_.index(), now);
  // What follows uses nothing of this object.
  self.reset();
  // Last: who reads that it ended finds its place free.
  log.write(LogLevel::info, std::move(record));
}

}  // namespace drawbridge::net
