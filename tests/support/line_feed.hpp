#pragma once

#include "support/raw_client.hpp"

#include <optional>
#include <stdexcept>
#include <string>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

namespace drawbridge::testing {

// An answer that goes on: chunks (RFC 9112 §7.1) of lines, each a JSON object.
class LineFeed {
 public:
  LineFeed(Wire wire, const std::string& target, Head head = Head()) : client_(std::move(wire)) {
    answer_ = client_.request(head.request_line("GET " + target + " HTTP/1.1"));
  }

  const Answer& answer() const { return answer_; }
  unsigned status() const { return answer_.status; }
  Wire& wire() { return client_.wire(); }

  // Absent: that was all.
  std::optional<boost::json::object> next() {
    std::size_t end = 0;
    while ((end = unread_.find('\n')) == std::string::npos) {
      const std::size_t size = std::stoul(wire().read_until("\r\n"), nullptr, 16);
      unread_ += wire().read_exactly(size);
      if (wire().read_exactly(2) != "\r\n") throw std::runtime_error("a chunk does not end");
      if (size == 0) return std::nullopt;
    }
    const boost::json::object line = boost::json::parse(unread_.substr(0, end)).as_object();
    unread_.erase(0, end + 1);
    return line;
  }
  // The next one of that event; others are passed over.
  boost::json::object next(std::string_view event) {
    for (;;) {
      auto line = next();
      if (!line) throw std::runtime_error("the feed ended before " + std::string(event));
      if (line->at("event").as_string() == event) return *line;
    }
  }

 private:
  RawClient client_;
  Answer answer_;
  std::string unread_;
};

}  // namespace drawbridge::testing
