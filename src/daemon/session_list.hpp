#pragma once

#include "base/time.hpp"
#include "net/session.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

namespace drawbridge::daemon {

// Which sessions an operator means; absent: any.
struct SessionFilter {
  std::optional<std::string> id{};
  std::optional<std::string> route{};
  std::optional<std::string> client{};  // as the log shows it
  std::optional<std::string> identity{};

  bool any() const { return !id && !route && !client && !identity; }
  bool operator()(const net::Session& session) const;
};

// A part of the list, which is in the order of the ids, the oldest first.
struct SessionPage {
  std::string after;        // the last id of the page before; empty: from the beginning
  std::size_t limit = 100;  // most sessions
};

// What one worker has of it.
struct SessionPart {
  struct Row {
    std::string id;
    boost::json::object fields;
  };
  std::vector<Row> rows;     // of the page
  std::size_t matching = 0;  // that the filter names, on any page
};

// A session as operators see it. `worker`: which one carries it.
boost::json::object session_fields(const net::Session& session, unsigned worker, Instant now);

// Looks at sessions one after the other, and keeps those of a page: what it holds does not grow with their number.
class SessionCollector {
 public:
  SessionCollector(const SessionFilter& filter, const SessionPage& page) : filter_(filter), page_(page) {}
  void look(const net::Session& session);
  SessionPart part(unsigned worker, Instant now) const;

 private:
  const SessionFilter& filter_;
  const SessionPage& page_;
  std::vector<const net::Session*> heap_;  // the largest id first
  std::size_t matching_ = 0;
};

// The page of all workers' parts: {"sessions": [...], "matching": N, "next": ID}, `next` only where more follow.
boost::json::object joined(std::vector<SessionPart> parts, const SessionPage& page);

}  // namespace drawbridge::daemon
