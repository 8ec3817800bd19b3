#include "support/fault_proxy.hpp"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <limits>
#include <optional>
#include <stdexcept>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

namespace drawbridge::testing {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds delay{5};
constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

std::size_t index(Direction direction) {
  return direction == Direction::forth ? 0 : 1;
}

Direction other(Direction direction) {
  return direction == Direction::forth ? Direction::back : Direction::forth;
}

}  // namespace

std::string_view name(Fault fault) {
  switch (fault) {
    case Fault::none: return "none";
    case Fault::chop: return "chop";
    case Fault::delay: return "delay";
    case Fault::stall: return "stall";
    case Fault::vanish: return "vanish";
    case Fault::end: return "end";
    case Fault::reset: return "reset";
    case Fault::overtake: return "overtake";
  }
  return "unknown";
}

struct FaultProxy::Stream {
  std::string pending{};  // read, not passed on yet
  std::size_t passed = 0;
  bool ended = false;       // the sender sends nothing more
  bool end_passed = false;  // and the receiver knows
};

bool FaultProxy::is_over(const Stream& stream) {
  return stream.ended && stream.end_passed;
}

struct FaultProxy::Pair {
  Pair(Wire connecting, Wire listening, const FaultPlan& its_plan)
      : ends{std::move(connecting), std::move(listening)}, plan(its_plan) {}

  Wire& from(Direction direction) { return ends[index(direction)]; }
  Wire& to(Direction direction) { return ends[1 - index(direction)]; }
  Stream& stream(Direction direction) { return streams[index(direction)]; }
  const Stream& stream(Direction direction) const { return streams[index(direction)]; }
  bool swallows(Direction direction) const {
    return struck && direction == plan.direction && (plan.fault == Fault::vanish || plan.fault == Fault::end);
  }
  void reset() {
    for (Wire& end : ends) end.reset();
    over = true;
  }

  Wire ends[2];  // who connected, who was connected to
  FaultPlan plan;
  Stream streams[2];  // by Direction
  bool struck = false;
  bool over = false;
  steady_clock::time_point goes_on;
};

FaultProxy::FaultProxy(std::uint16_t target, std::string source)
    : target_(target),
      source_(std::move(source)),
      listening_(listen_tcp()),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  fcntl(listening_.descriptor, F_SETFL, O_NONBLOCK);
  thread_ = std::thread([this] { run(); });
}

FaultProxy::~FaultProxy() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  eventfd_write(wake_, 1);
  thread_.join();
  ::close(listening_.descriptor);
  ::close(wake_);
}

std::size_t FaultProxy::arm(const FaultPlan& plan) {
  std::unique_lock lock(mutex_);
  next_ = plan;
  eventfd_write(wake_, 1);
  armed_.wait(lock, [this] { return !next_; });
  return std::exchange(last_carried_, 0);
}

// On the proxy's thread, while no connection is carried.
void FaultProxy::take_plan() {
  const std::lock_guard lock(mutex_);
  if (!next_) return;
  // Whoever came too late for the last plan is not meant for this one.
  for (int late = 0; (late = accept4(listening_.descriptor, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) Wire(late).reset();
  plan_ = *std::exchange(next_, std::nullopt);
  for (std::string& bytes : passed_) bytes.clear();
  struck_ = false;
  last_carried_ = std::exchange(carried_, 0);
  armed_.notify_all();
}

std::string FaultProxy::passed(Direction direction) const {
  const std::lock_guard lock(mutex_);
  return passed_[index(direction)];
}

bool FaultProxy::struck() const {
  const std::lock_guard lock(mutex_);
  return struck_;
}

void FaultProxy::run() {
  for (;;) {
    pollfd waits[2] = {{wake_, POLLIN, 0}, {listening_.descriptor, POLLIN, 0}};
    poll(waits, 2, -1);
    if (interrupted()) {
      {
        const std::lock_guard lock(mutex_);
        if (stopped_) return;
      }
      take_plan();
      continue;
    }
    const int accepted = accept4(listening_.descriptor, nullptr, nullptr, SOCK_CLOEXEC);
    if (accepted >= 0) carry(accepted);
  }
}

// True if there is something new to do since the last call.
bool FaultProxy::interrupted() {
  eventfd_t ignored = 0;
  return eventfd_read(wake_, &ignored) == 0;
}

void FaultProxy::carry(int accepted) {
  Wire connecting(accepted);
  FaultPlan plan;
  {
    const std::lock_guard lock(mutex_);
    plan = plan_;
    ++carried_;
  }
  std::optional<Wire> connected;
  try {
    connected = connect_tcp(target_, "127.0.0.1", source_);
  } catch (const std::runtime_error&) {  // nobody there: whoever connected finds a closed connection
    return;
  }
  Pair pair(std::move(connecting), std::move(*connected), plan);
  for (;;) {
    look_for_fault(pair);
    for (const Direction direction : {Direction::forth, Direction::back}) {
      if (!pair.over) pump(pair, direction);
    }
    if (pair.over || std::all_of(std::begin(pair.streams), std::end(pair.streams), is_over)) return;

    pollfd waits[3] = {{wake_, POLLIN, 0}, {-1, 0, 0}, {-1, 0, 0}};
    for (const Direction direction : {Direction::forth, Direction::back}) {
      const Stream& stream = pair.stream(direction);
      const bool passes = allowance(pair, direction) > 0;
      if (!stream.ended && stream.pending.empty() && (passes || pair.swallows(direction))) {
        pollfd& from = waits[1 + index(direction)];
        from.fd = pair.from(direction).descriptor();
        from.events = static_cast<short>(from.events | POLLIN);
      }
      if (!stream.pending.empty() && passes) {
        pollfd& to = waits[1 + index(other(direction))];
        to.fd = pair.to(direction).descriptor();
        to.events = static_cast<short>(to.events | POLLOUT);
      }
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(pair.goes_on - steady_clock::now()).count();
    const bool delayed = pair.struck && pair.plan.fault == Fault::delay && left > 0;
    poll(waits, 3, delayed ? static_cast<int>(left) : -1);
    if (waits[0].revents != 0) return pair.reset();  // `run` looks why
  }
}

// How many bytes may pass now; the end of the stream passes where one more byte would.
std::size_t FaultProxy::allowance(const Pair& pair, Direction direction) const {
  const FaultPlan& plan = pair.plan;
  if (plan.fault == Fault::none || direction != plan.direction) return unlimited;
  if (plan.fault == Fault::chop) return 1;
  if (!pair.struck) return plan.at - pair.stream(direction).passed;
  if (plan.fault == Fault::delay && steady_clock::now() >= pair.goes_on) return unlimited;
  if (plan.fault == Fault::overtake && pair.stream(other(direction)).end_passed) return unlimited;
  return 0;
}

void FaultProxy::look_for_fault(Pair& pair) {
  const FaultPlan& plan = pair.plan;
  Stream& stream = pair.stream(plan.direction);
  if (plan.fault == Fault::none || plan.fault == Fault::chop || pair.struck || stream.passed < plan.at) return;
  pair.struck = true;
  {
    const std::lock_guard lock(mutex_);
    struck_ = true;
  }
  if (plan.fault == Fault::delay) pair.goes_on = steady_clock::now() + delay;
  if (plan.fault == Fault::reset) pair.reset();
  if (plan.fault == Fault::end) {
    ::shutdown(pair.to(plan.direction).descriptor(), SHUT_WR);
    stream.end_passed = true;
  }
}

void FaultProxy::pump(Pair& pair, Direction direction) {
  Stream& stream = pair.stream(direction);
  const int from = pair.from(direction).descriptor();
  const int to = pair.to(direction).descriptor();
  if (!stream.ended && stream.pending.empty() && (allowance(pair, direction) > 0 || pair.swallows(direction))) {
    stream.pending.resize(64 << 10);
    const ssize_t got = recv(from, stream.pending.data(), stream.pending.size(), 0);
    const int error = errno;
    stream.pending.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    if (got == 0) stream.ended = true;
    if (got < 0 && error != EAGAIN && error != EINTR) {
      // A reset is passed on, unless nothing is.
      if (!pair.swallows(direction)) return pair.reset();
      stream.ended = true;
    }
  }
  while (!stream.pending.empty()) {
    if (pair.swallows(direction)) {
      stream.pending.clear();
      break;
    }
    const std::size_t size = std::min(stream.pending.size(), allowance(pair, direction));
    if (size == 0) return;
    const ssize_t put = send(to, stream.pending.data(), size, MSG_NOSIGNAL);
    if (put < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (put < 0) {
      // Whoever should get this is gone; who is half-open never hears of it.
      if (!pair.swallows(other(direction))) return pair.reset();
      stream.pending.clear();
      break;
    }
    {
      const std::lock_guard lock(mutex_);
      passed_[index(direction)].append(stream.pending, 0, static_cast<std::size_t>(put));
    }
    stream.passed += static_cast<std::size_t>(put);
    stream.pending.erase(0, static_cast<std::size_t>(put));
    look_for_fault(pair);
    if (pair.over) return;
  }
  if (stream.ended && stream.pending.empty() && !stream.end_passed && allowance(pair, direction) > 0) {
    ::shutdown(to, SHUT_WR);
    stream.end_passed = true;
  }
}

}  // namespace drawbridge::testing
