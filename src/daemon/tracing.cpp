#include "daemon/tracing.hpp"

#include "admin/feed.hpp"
#include "daemon/bridge.hpp"
#include "daemon/session_trace.hpp"

#include <algorithm>
#include <atomic>
#include <new>
#include <utility>

#include <boost/asio/post.hpp>
#include <fmt/format.h>

namespace drawbridge::daemon {
namespace {

using admin::failure;

constexpr auto patience = std::chrono::seconds(2);

// Its people came while it was so, and it is so now.
bool shows_payload(const net::Session& session, const net::Worker& worker) {
  const net::ActiveRoute* const today = worker.snapshot()->find(session.route().name);
  return session.route().trace_payload && today != nullptr && today->route.trace_payload;
}

}  // namespace

bool TracedSessions::operator()(const net::Session& other) const {
  if (!session.empty()) return other.identity().session == session;
  if (other.client_text() == client) return true;
  return network && other.client() && network->contains(*other.client());
}

// Asked by the workers, on their threads.
class Tracing::SessionTracer : public net::Tracer {
 public:
  SessionTracer(TracedSessions which, bool payload, std::shared_ptr<TraceQueue> queue)
      : which_(std::move(which)), payload_(payload), queue_(std::move(queue)) {}

  bool found() const { return found_; }
  bool withheld() const { return withheld_; }

  std::unique_ptr<net::Trace> trace(const net::Session& session, const net::Worker& worker, Instant now) override {
    if (!which_(session)) return nullptr;
    found_ = true;
    const bool is_one = !which_.session.empty();
    const bool shows = payload_ && shows_payload(session, worker);
    if (is_one && payload_ && !shows) {
      withheld_ = true;
      return nullptr;
    }
    return std::make_unique<SessionTrace>(
        queue_, start_, SessionTrace::Scope{.shows_payload = shows, .ends_queue = is_one}, session, worker, now);
  }

 private:
  const TracedSessions which_;
  const bool payload_;
  const std::shared_ptr<TraceQueue> queue_;
  const TraceStart start_;
  std::atomic<bool> found_ = false;
  std::atomic<bool> withheld_ = false;  // the payload was asked for, and may not be shown
};

class Tracing::LineFeed : public admin::Feed, public std::enable_shared_from_this<LineFeed> {
 public:
  explicit LineFeed(std::weak_ptr<Tracing> tracing) : tracing_(std::move(tracing)) {}
  LineFeed(const LineFeed&) = delete;
  LineFeed& operator=(const LineFeed&) = delete;
  ~LineFeed() override {
    if (const auto tracing = tracing_.lock()) tracing->forget(*this);
  }

  void open(const TracedSessions& which, bool payload, asio::io_context& control) {
    queue_ = std::make_shared<TraceQueue>([feed = weak_from_this(), &control] {
      asio::post(control, [feed] {
        if (const auto open = feed.lock()) open->deliver();
      });
    });
    tracer_ = std::make_shared<SessionTracer>(which, payload, queue_);
  }
  const std::shared_ptr<SessionTracer>& tracer() const { return tracer_; }

  void next(Take take) override {
    take_ = std::move(take);
    deliver();
  }

  void stop() override {
    stopped_ = true;
    deliver();
  }

 private:
  void deliver() {
    if (!take_) return;
    std::string lines = stopped_ ? std::string() : queue_->take();
    if (lines.empty() && !stopped_ && !queue_->over()) return;
    std::exchange(take_, nullptr)(std::move(lines));
  }

  const std::weak_ptr<Tracing> tracing_;
  std::shared_ptr<TraceQueue> queue_;
  std::shared_ptr<SessionTracer> tracer_;
  Take take_;  // waits for the next lines; empty: nobody does
  bool stopped_ = false;
};

Tracing::~Tracing() {
  // Whoever waits for lines is owned by what waits, and would never go.
  for (LineFeed* feed : feeds_) feed->stop();
}

void Tracing::start(const TracedSessions& which, bool payload, const admin::Resources::Answer& answer) {
  if (feeds_.size() >= most) {
    return answer(failure(429, fmt::format("{} traces run already, and there can be no more", most)));
  }
  const auto& routes = bridge_.config().routes;
  const auto shows = [](const config::Route& route) { return route.trace_payload; };
  if (payload && std::none_of(routes.begin(), routes.end(), shows)) {
    return answer(failure(403, "no route shows what its sessions carry; `trace_payload: true` on a route allows it"));
  }
  const auto feed = std::make_shared<LineFeed>(weak_from_this());
  feed->open(which, payload, bridge_.control());
  feeds_.push_back(feed.get());
  bridge_.ask_workers<bool>(
      [tracer = feed->tracer()](net::Worker& worker) {
        worker.trace(tracer);
        return true;
      },
      patience,
      [feed, answer, is_one = !which.session.empty()](const auto& asked) {
        if (!asked) return answer(failure(503, "a worker does not answer"));
        if (feed->tracer()->withheld()) {
          return answer(
              failure(403,
                      "its route does not show what sessions carry, or did not when this one was opened; "
                      "`trace_payload: true` on the route allows it, for sessions that are opened from then on"));
        }
        if (is_one && !feed->tracer()->found()) return answer(failure(404, "there is no such session"));
        answer({.type = "application/x-ndjson", .feed = feed});
      });
}

void Tracing::forget(const LineFeed& feed) {
  std::erase(feeds_, &feed);
  try {
    bridge_.on_workers([tracer = feed.tracer()](net::Worker& worker) { worker.forget(*tracer); });
  } catch (const std::bad_alloc&) {
    // It fills its queue, and is a cost no more.
  }
}

}  // namespace drawbridge::daemon
