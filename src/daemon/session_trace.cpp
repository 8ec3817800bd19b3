#include "daemon/session_trace.hpp"

#include "base/reason.hpp"
#include "daemon/session_list.hpp"
#include "net/log.hpp"

#include <algorithm>
#include <new>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <openssl/evp.h>

namespace drawbridge::daemon {
namespace {

namespace json = boost::json;
using net::Direction;

std::string_view name(Direction direction) {
  return direction == Direction::up ? "up" : "down";
}

std::string_view name(ws::Opcode opcode) {
  switch (opcode) {
    case ws::Opcode::continuation: return "continuation";
    case ws::Opcode::text: return "text";
    case ws::Opcode::binary: return "binary";
    case ws::Opcode::close: return "close";
    case ws::Opcode::ping: return "ping";
    case ws::Opcode::pong: return "pong";
  }
  return "";
}

// RFC 4648 §4.
std::string base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), reinterpret_cast<const unsigned char*>(bytes.data()),
                  static_cast<int>(bytes.size()));
  text.pop_back();
  return text;
}

double seconds(Duration time) {
  return std::chrono::duration<double>(time).count();
}

std::span<const std::uint8_t> bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

SessionTrace::SessionTrace(std::shared_ptr<TraceQueue> queue, const TraceStart& start, Scope scope,
                           const net::Session& session, const net::Worker& worker, Instant now)
    : queue_(std::move(queue)),
      start_(start),
      scope_(scope),
      worker_(worker),
      session_(session.identity().session),
      route_(session.route().name) {
  if (!queue_->admits()) return;
  json::object line = fields("session", now);
  line["age"] = seconds(now - session.opened());
  for (const auto& field : session_fields(session, worker.index(), now)) line.insert(field);
  line["shows_payload"] = scope_.shows_payload;
  queue_->add(json::serialize(line) + "\n");
}

// A reload may have taken it back.
bool SessionTrace::shows_payload() const {
  if (!scope_.shows_payload) return false;
  const net::ActiveRoute* const today = worker_.snapshot()->find(route_);
  return today != nullptr && today->route.trace_payload;
}

// All of a Close: its code and reason are no payload.
std::size_t SessionTrace::shown_of(const Frame& frame) const {
  if (frame.opcode == ws::Opcode::close) return static_cast<std::size_t>(frame.size);
  return shows_payload() ? static_cast<std::size_t>(std::min<std::uint64_t>(frame.size, longest_payload)) : 0;
}

void SessionTrace::frame(Direction direction, const Frame& frame, Instant now) {
  if (!queue_->admits()) {
    waiting_[static_cast<std::size_t>(direction)].untold = false;
    return;
  }
  Waiting& waiting = waiting_[static_cast<std::size_t>(direction)];
  waiting.frame = frame;
  waiting.at = now;
  waiting.untold = true;
  waiting.wanted = shown_of(frame);
  waiting.shown.clear();
  if (waiting.wanted == 0) tell(direction);
}

void SessionTrace::payload(Direction direction, std::span<const std::uint8_t> piece, Instant /*now*/) {
  Waiting& waiting = waiting_[static_cast<std::size_t>(direction)];
  if (!waiting.untold) return;
  const std::size_t more = std::min(piece.size(), waiting.wanted - waiting.shown.size());
  try {
    waiting.shown.append(reinterpret_cast<const char*>(piece.data()), more);
  } catch (const std::bad_alloc&) {
    return tell(direction);
  }
  if (waiting.shown.size() == waiting.wanted) tell(direction);
}

void SessionTrace::tell(Direction direction) {
  Waiting& waiting = waiting_[static_cast<std::size_t>(direction)];
  const Frame& frame = waiting.frame;
  waiting.untold = false;
  try {
    std::string line = opening("frame", waiting.at);
    line += fmt::format(R"(,"direction":"{}","opcode":"{}","fin":{},"size":{})", name(direction), name(frame.opcode),
                        frame.fin, frame.size);
    const bool whole = waiting.shown.size() == frame.size;
    if (frame.opcode == ws::Opcode::close) {
      if (whole && frame.size >= 2) {
        line += fmt::format(R"(,"code":{},"reason":{})", ws::close_code(bytes_of(waiting.shown)),
                            json::serialize(json::string(waiting.shown.substr(2))));
      }
    } else if (scope_.shows_payload) {
      line += fmt::format(R"(,"payload":"{}")", base64(waiting.shown));
      if (!whole) line += fmt::format(R"(,"cut":{})", frame.size - waiting.shown.size());
    }
    line += "}\n";
    queue_->add(line);
  } catch (const std::bad_alloc&) {
    queue_->add("");
  }
}

void SessionTrace::held(Direction direction, std::size_t bytes, Instant now) {
  if (!queue_->admits()) return;
  try {
    queue_->add(opening("held", now) + fmt::format(R"(,"direction":"{}","bytes":{}}})", name(direction), bytes) + "\n");
  } catch (const std::bad_alloc&) {
    queue_->add("");
  }
}

void SessionTrace::end(const net::Session& session, Instant now) {
  // A frame that was announced and did not come.
  for (const Direction direction : {Direction::up, Direction::down}) {
    if (waiting_[static_cast<std::size_t>(direction)].untold) tell(direction);
  }
  if (!scope_.ends_queue && !queue_->admits()) return;
  std::string text;
  try {
    const net::Counts& counts = session.splice().counts();
    const ws::Lifecycle& life = session.splice().lifecycle();
    json::object line = fields("end", now);
    line["reason"] = word(life.reason().value_or(Reason::drain));
    line["code"] = life.logged_code();
    line["up_bytes"] = counts.up_bytes;
    line["up_discarded"] = counts.up_discarded;
    line["down_bytes"] = counts.down_bytes;
    line["down_discarded"] = counts.down_discarded;
    text = json::serialize(line) + "\n";
  } catch (const std::bad_alloc&) {
    // The end without its line.
  }
  if (scope_.ends_queue) {
    queue_->end(text);
  } else {
    queue_->add(text);
  }
}

json::object SessionTrace::fields(std::string_view event, Instant at) const {
  const Duration since = at - start_.instant;
  return {{"event", event},
          {"time", net::timestamp(start_.time + since)},
          {"seconds", seconds(since)},
          {"session", session_}};
}

std::string SessionTrace::opening(std::string_view event, Instant at) const {
  const Duration since = at - start_.instant;
  return fmt::format(R"({{"event":"{}","time":"{}","seconds":{:.6f},"session":"{}")", event,
                     net::timestamp(start_.time + since), seconds(since), session_);
}

}  // namespace drawbridge::daemon
