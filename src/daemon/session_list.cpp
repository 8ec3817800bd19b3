#include "daemon/session_list.hpp"

#include <algorithm>

#include <boost/json/array.hpp>

namespace drawbridge::daemon {
namespace {

bool by_id(const net::Session* a, const net::Session* b) {
  return a->identity().session < b->identity().session;
}

bool is(const std::optional<std::string>& wanted, const std::string& value) {
  return !wanted || *wanted == value;
}

}  // namespace

bool SessionFilter::operator()(const net::Session& session) const {
  const net::Identity& its = session.identity();
  return is(id, its.session) && is(route, session.route().name) && is(client, its.client) && is(identity, its.name);
}

boost::json::object session_fields(const net::Session& session, unsigned worker, Instant now) {
  const net::Identity& its = session.identity();
  const net::Counts& counts = session.splice().counts();
  const std::chrono::duration<double> seconds = now - session.opened();
  return {
      {"session", its.session},
      {"client", its.client},
      {"via", its.via},
      {"route", session.route().name},
      {"identity", its.name},
      {"origin", its.origin},
      {"tls", its.tls},
      {"subprotocol", its.subprotocol},
      {"backend", its.backend},
      {"worker", worker},
      {"seconds", seconds.count()},
      {"up_bytes", counts.up_bytes},
      {"up_frames", counts.up_frames},
      {"up_messages", counts.up_messages},
      {"down_bytes", counts.down_bytes},
      {"down_frames", counts.down_frames},
      {"down_messages", counts.down_messages},
  };
}

void SessionCollector::look(const net::Session& session) {
  if (!filter_(session)) return;
  ++matching_;
  if (session.identity().session <= page_.after) return;
  heap_.push_back(&session);
  std::push_heap(heap_.begin(), heap_.end(), by_id);
  // One more than the page holds tells that there is a next one.
  if (heap_.size() <= page_.limit + 1) return;
  std::pop_heap(heap_.begin(), heap_.end(), by_id);
  heap_.pop_back();
}

SessionPart SessionCollector::part(unsigned worker, Instant now) const {
  SessionPart part;
  part.matching = matching_;
  for (const net::Session* session : heap_) {
    part.rows.push_back({session->identity().session, session_fields(*session, worker, now)});
  }
  return part;
}

boost::json::object joined(std::vector<SessionPart> parts, const SessionPage& page) {
  std::vector<SessionPart::Row> rows;
  std::size_t matching = 0;
  for (SessionPart& part : parts) {
    matching += part.matching;
    std::move(part.rows.begin(), part.rows.end(), std::back_inserter(rows));
  }
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  const bool more = rows.size() > page.limit;
  if (more) rows.resize(page.limit);
  boost::json::object list{{"matching", matching}};
  if (more) list["next"] = rows.back().id;
  boost::json::array& sessions = list["sessions"].emplace_array();
  for (SessionPart::Row& row : rows) sessions.push_back(std::move(row.fields));
  return list;
}

}  // namespace drawbridge::daemon
