#pragma once

#include "daemon/trace_queue.hpp"
#include "net/trace.hpp"
#include "net/worker.hpp"

#include <array>
#include <chrono>
#include <memory>
#include <string>

#include <boost/json/object.hpp>

namespace drawbridge::daemon {

// When a trace began, on both clocks: what the lines' times are counted from.
struct TraceStart {
  Instant instant = Clock::now();
  std::chrono::system_clock::time_point time = std::chrono::system_clock::now();
};

// One traced session, told to one asker: a line of JSON for its beginning, each frame, each time it is held up, and
// its end.
class SessionTrace : public net::Trace {
 public:
  // Bytes of a frame's payload that are shown.
  static constexpr std::size_t longest_payload = 1'024;

  struct Scope {
    bool shows_payload = false;  // for as long as the configuration allows it
    bool ends_queue = false;     // nothing else is traced
  };

  SessionTrace(std::shared_ptr<TraceQueue> queue, const TraceStart& start, Scope scope, const net::Session& session,
               const net::Worker& worker, Instant now);

  void frame(net::Direction direction, const Frame& frame, Instant now) override;
  void payload(net::Direction direction, std::span<const std::uint8_t> piece, Instant now) override;
  void held(net::Direction direction, std::size_t bytes, Instant now) override;
  void end(const net::Session& session, Instant now) override;

 private:
  // A frame whose line waits for what it shows of the payload.
  struct Waiting {
    Frame frame{};
    Instant at{};
    bool untold = false;
    std::size_t wanted = 0;  // bytes of payload
    std::string shown{};
  };

  bool shows_payload() const;
  std::size_t shown_of(const Frame& frame) const;
  void tell(net::Direction direction);
  // {"event":...,"time":...,"seconds":...,"session":...
  std::string opening(std::string_view event, Instant at) const;
  boost::json::object fields(std::string_view event, Instant at) const;

  const std::shared_ptr<TraceQueue> queue_;
  const TraceStart start_;
  const Scope scope_;
  const net::Worker& worker_;
  const std::string session_;  // its id
  const std::string route_;
  std::array<Waiting, 2> waiting_;
};

}  // namespace drawbridge::daemon
