#include "net/traces.hpp"

#include "net/session.hpp"

#include <new>

namespace drawbridge::net {

bool Traces::Audience::leave(const Tracer& tracer) {
  std::erase_if(members_, [&](const Member& member) { return member.tracer == &tracer; });
  return members_.empty();
}

void Traces::Audience::frame(Direction direction, const Frame& frame, Instant now) {
  for (const Member& member : members_) member.trace->frame(direction, frame, now);
}

void Traces::Audience::payload(Direction direction, std::span<const std::uint8_t> piece, Instant now) {
  for (const Member& member : members_) member.trace->payload(direction, piece, now);
}

void Traces::Audience::held(Direction direction, std::size_t bytes, Instant now) {
  for (const Member& member : members_) member.trace->held(direction, bytes, now);
}

void Traces::Audience::end(const Session& session, Instant now) {
  for (const Member& member : members_) member.trace->end(session, now);
}

void Traces::remove(const Tracer& tracer) {
  for (auto it = heard_.begin(); it != heard_.end();) {
    if (!it->second.leave(tracer)) {
      ++it;
      continue;
    }
    it->first->splice().trace(nullptr);
    it = heard_.erase(it);
  }
  std::erase_if(tracers_, [&](const auto& other) { return other.get() == &tracer; });
}

void Traces::offer(Session& session, Tracer& tracer, Instant now) {
  try {
    auto trace = tracer.trace(session, worker_, now);
    if (!trace) return;
    Audience& audience = heard_[&session];
    session.splice().trace(&audience);
    audience.join(tracer, std::move(trace));
  } catch (const std::bad_alloc&) {
    // The session goes on unheard.
  }
}

void Traces::begin(Session& session) {
  for (const auto& tracer : tracers_) offer(session, *tracer, session.opened());
}

void Traces::end(Session& session, Instant now) {
  const auto found = heard_.find(&session);
  if (found == heard_.end()) return;
  found->second.end(session, now);
  session.splice().trace(nullptr);
  heard_.erase(found);
}

}  // namespace drawbridge::net
