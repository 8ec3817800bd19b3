#pragma once

#include "base/time.hpp"
#include "net/trace.hpp"

#include <map>
#include <memory>
#include <vector>

namespace drawbridge::net {

class Session;
class Worker;

// Who wants to hear of sessions. Asked by each worker on its own thread; must not throw.
class Tracer {
 public:
  virtual ~Tracer() = default;
  // What hears of this session from now on; null: it is none of those that are meant.
  virtual std::unique_ptr<Trace> trace(const Session& session, const Worker& worker, Instant now) = 0;
};

// Which sessions of a worker are heard of, and by whom. Nothing is kept of the others.
class Traces {
 public:
  explicit Traces(const Worker& worker) : worker_(worker) {}

  // From now on it is asked about each session that begins.
  void add(std::shared_ptr<Tracer> tracer) { tracers_.push_back(std::move(tracer)); }
  // It hears of no session any more.
  void remove(const Tracer& tracer);
  // Asks it about a session that runs.
  void offer(Session& session, Tracer& tracer, Instant now);
  // Of every session, before its first byte and after its last.
  void begin(Session& session);
  void end(Session& session, Instant now);

 private:
  // One session, and all who hear of it.
  class Audience : public Trace {
   public:
    void join(const Tracer& tracer, std::unique_ptr<Trace> trace) { members_.push_back({&tracer, std::move(trace)}); }
    // True if nobody is left.
    bool leave(const Tracer& tracer);

    void frame(Direction direction, const Frame& frame, Instant now) override;
    void payload(Direction direction, std::span<const std::uint8_t> piece, Instant now) override;
    void held(Direction direction, std::size_t bytes, Instant now) override;
    void end(const Session& session, Instant now) override;

   private:
    struct Member {
      const Tracer* tracer;
      std::unique_ptr<Trace> trace;
    };
    std::vector<Member> members_;
  };

  const Worker& worker_;
  std::vector<std::shared_ptr<Tracer>> tracers_;
  std::map<Session*, Audience> heard_;
};

}  // namespace drawbridge::net
