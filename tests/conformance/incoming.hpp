#pragma once

#include "conformance/case.hpp"

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace drawbridge::conformance {

struct Close {
  int code = 0;
  std::string text;

  bool operator==(const Close&) const = default;
};

// The server broke RFC 6455.
struct Violation : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// What a server's bytes mean. Its own framing is judged on the way.
class Incoming {
 public:
  // Throws Violation.
  void take(std::string_view bytes);

  const std::vector<Event>& events() const { return events_; }
  const std::optional<Close>& close() const { return close_; }
  // The payload so far of a message that has not ended.
  std::optional<std::string_view> begun() const;

 private:
  void take(testing::ServerFrame frame);

  std::string bytes_;
  std::vector<Event> events_;
  std::optional<Event> message_;
  std::optional<Close> close_;
};

}  // namespace drawbridge::conformance
