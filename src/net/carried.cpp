#include "net/carried.hpp"

#include <new>
#include <utility>

namespace drawbridge::net {
namespace {

// A deadline that is due already waits for the next round of the worker all the same.
constexpr Duration soonest = std::chrono::milliseconds(1);

}  // namespace

Carried::Carried(Worker& worker, Worker::Load load, std::unique_ptr<Session> session, int browser_fd, int backend_fd)
    : worker_(worker), load_(std::move(load)), session_(std::move(session)), browser_(worker.context(), browser_fd) {
  if (backend_fd != -1) backend_.emplace(worker.context(), backend_fd);
}

Carried::~Carried() {
  worker_.deadlines().forget(*this);
}

void Carried::begin(std::span<const std::uint8_t> first) {
  const Instant now = Clock::now();
  // What can be done without waiting is done; the rest is left to the deadlines.
  if (!browser_.watches() || (backend_ && !backend_->watches())) session_->splice().decide(Reason::overload, now);
  advance(now, first);
}

void Carried::advance(Instant now, std::span<const std::uint8_t> first) {
  Splice& splice = session_->splice();
  Wants wants;
  try {
    if (!first.empty()) splice.take_first(first, worker_.scratch(), now);
    wants = splice.advance(now, worker_.scratch());
  } catch (const std::bad_alloc&) {
    // Thrown in the middle of a turn: what was in the worker's buffer is lost, and going on would hide that.
    splice.abandon(Reason::overload);
    return end(now);
  }
  if (wants.over) return end(now);
  if (wants.again) {
    busy_ = true;
    wait_in_line();
  } else {
    wait_for(browser_readable, wants.browser_readable);
    wait_for(browser_writable, wants.browser_writable);
    wait_for(backend_readable, wants.backend_readable);
    wait_for(backend_writable, wants.backend_writable);
  }
  if (const Instant at = std::min(wants.deadline, drain_at_); at != never) {
    worker_.deadlines().expect_by(*this, std::max(at, now + soonest));
  }
}

// A wait that is not wanted any more stays: what comes true is only a hint to the splice.
void Carried::wait_for(Wait what, bool wanted) {
  if (!wanted || waiting_[what]) return;
  Readiness& readiness = what == browser_readable || what == browser_writable ? browser_ : *backend_;
  if (!readiness.watches()) return;
  auto handler = [self = Pointer(this), what](boost::system::error_code error) {
    self->waiting_[what] = false;
    if (!error && self->session_) self->came_true(what);
  };
  if (what == browser_readable || what == backend_readable) {
    readiness.when_readable(std::move(handler));
  } else {
    readiness.when_writable(std::move(handler));
  }
  waiting_[what] = true;
}

void Carried::came_true(Wait what) {
  Splice& splice = session_->splice();
  switch (what) {
    case browser_readable: splice.browser_readable(); break;
    case browser_writable: splice.browser_writable(); break;
    case backend_readable: splice.backend_readable(); break;
    case backend_writable: splice.backend_writable(); break;
  }
  if (std::exchange(busy_, false)) {
    wait_in_line();
  } else {
    advance(Clock::now());
  }
}

void Carried::wait_in_line() {
  if (in_line_) return;
  worker_.turns().line_up([self = Pointer(this)] {
    self->in_line_ = false;
    if (self->session_) self->advance(Clock::now());
  });
  in_line_ = true;
}

void Carried::on_deadline(Instant now) {
  if (!session_) return;
  if (now >= drain_at_) {
    drain_at_ = never;
    session_->splice().decide(Reason::drain, now);
  }
  advance(now);
}

void Carried::drain_at(Instant at) {
  drain_at_ = std::min(drain_at_, at);
  worker_.deadlines().expect_by(*this, drain_at_);
}

void Carried::abandon() {
  session_->splice().abandon(Reason::drain);
  end(Clock::now());
}

void Carried::end(Instant now) {
  // The list's share of this object goes last.
  const Pointer self(this, false);
  std::unique_ptr<Session> session = std::move(session_);
  worker_.deadlines().forget(*this);
  worker_.carried_->erase(worker_.carried_->iterator_to(*this));
  browser_.close();
  if (backend_) backend_->close();
  Log& log = worker_.services().log;
  LogRecord record = session->end_record(log, worker_.index(), now);
  session.reset();
  // Last: who reads that it ended finds its place free.
  log.write(LogLevel::info, std::move(record));
}

}  // namespace drawbridge::net
