#include "support/crossing.hpp"

#include "support/pattern.hpp"
#include "support/raw_client.hpp"

#include <future>
#include <utility>
#include <vector>

namespace drawbridge::testing {
namespace {

const std::string& sent_up() {
  static const std::string bytes = pattern(700, 1);
  return bytes;
}

const std::string& sent_down() {
  static const std::string bytes = pattern(500, 2);
  return bytes;
}

// Every form of a frame: short and long lengths, empty, fragments with a ping between them.
std::vector<std::string> frames_up() {
  const std::string_view bytes = sent_up();
  return {frame(Op::binary, bytes.substr(0, 1)), frame(Op::binary, ""),
          frame(Op::binary, bytes.substr(1, 124), {.fin = false}) + frame(Op::ping, "between"),
          frame(Op::continuation, bytes.substr(125, 5)),
          frame(Op::pong, "unasked") + frame(Op::binary, bytes.substr(130))};
}

bool hangs(Fault fault) {
  return fault == Fault::stall || fault == Fault::vanish || fault == Fault::overtake;
}

}  // namespace

std::string_view name(Ending ending) {
  switch (ending) {
    case Ending::browser: return "browser";
    case Ending::browser_at_once: return "browser_at_once";
    case Ending::backend: return "backend";
  }
  return "unknown";
}

Crossing::Crossing(std::string address)
    : address_(std::move(address)), backend_([this](Wire& wire) { serve(wire); }), towards_backend_(backend_.port()) {}

void Crossing::use(Daemon& daemon) {
  daemon_ = &daemon;
  towards_bridge_.emplace(daemon.port(), address_);
}

void Crossing::serve(Wire& wire) {
  std::string received;
  try {
    const bool ends = ending_ == Ending::backend;
    if (!ends) wire.write(sent_down());
    while (!ends || received.size() < sent_up().size()) {
      const std::string piece = wire.read_some();
      if (piece.empty()) break;
      received += piece;
    }
    if (ends) wire.write(sent_down());
    wire.shutdown_write();
    received += wire.read_to_end();
  } catch (const std::runtime_error&) {  // reset
  }
  received_.push(std::move(received));
}

void Crossing::browse(const std::string& target, Crossed& crossed) {
  RawClient client(towards_bridge_->port());
  const Answer answer = client.request(Head(target));
  crossed.status = answer.status;
  crossed.refusal = answer.reason();
  if (answer.status == 101) {
    for (const std::string& each : frames_up()) client.send(each);
    bool closed = false;
    const auto take_frame = [&] {
      const Frame next = client.read_frame();
      if (next.opcode == Op::ping) client.send_frame(Op::pong, next.payload);
      if (next.opcode <= Op::binary) crossed.by_browser += next.payload;
      closed = next.opcode == Op::close;
    };
    if (crossed.ending == Ending::browser) {
      while (!closed && crossed.by_browser.size() < sent_down().size()) take_frame();
    }
    const bool closes_first = crossed.ending != Ending::backend && !closed;
    if (closes_first) client.send_frame(Op::close, close_payload(1000));
    while (!closed) take_frame();
    if (!closes_first) client.send_frame(Op::close, close_payload(1000));
  }
  client.wire().read_to_end_or_reset();
}

Crossed Crossing::cross(const std::string& target, Ending ending, const FaultPlan& browser, const FaultPlan& backend) {
  Crossed crossed;
  crossed.ending = ending_ = ending;
  towards_bridge_->arm(browser);
  towards_backend_.arm(backend);
  std::future<void> browsing = std::async(std::launch::async, [&] {
    try {
      browse(target, crossed);
    } catch (const Timeout&) {
      throw;
    } catch (const std::runtime_error&) {  // the connection broke, as planned
    }
  });
  crossed.record = daemon_->wait_for_end({{"client", address_}});
  crossed.struck = towards_bridge_->struck() || towards_backend_.struck();
  for (const Direction direction : {Direction::forth, Direction::back}) {
    const std::size_t index = direction == Direction::back ? 1 : 0;
    crossed.passed_browser[index] = towards_bridge_->passed(direction);
    crossed.passed_backend[index] = towards_backend_.passed(direction);
  }
  // Where even the end of the connection does not pass, the browser would wait for ever.
  if (!hangs(browser.fault)) browsing.get();
  towards_bridge_->arm({});
  if (hangs(browser.fault)) browsing.get();
  for (std::size_t dials = towards_backend_.arm({}); dials > 0; --dials) crossed.by_backend += received_.pop();
  return crossed;
}

std::string wrongs(const Crossed& crossed, const std::set<std::string>& fitting, bool browser_side_whole,
                   bool backend_side_whole) {
  std::string result;
  const auto demand = [&](bool fulfilled, const std::string& what) {
    if (!fulfilled) result += what + "; " + crossed.record.line + '\n';
  };
  const std::string reason = crossed.reason();
  demand(fitting.contains(reason), "the reason " + reason);
  demand(sent_down().starts_with(crossed.by_browser), "the browser got what nobody sent");
  demand(sent_up().starts_with(crossed.by_backend), "the backend got what nobody sent");
  if (crossed.record["event"] == "refused") {
    demand(crossed.by_browser.empty() && crossed.by_backend.empty(), "bytes crossed without a session");
    demand(crossed.refusal.empty() || crossed.refusal == reason, "the answer said " + crossed.refusal);
    return result;
  }
  const std::uint64_t up = crossed.record.number("up_bytes");
  const std::uint64_t up_discarded = crossed.record.number("up_discarded");
  const std::uint64_t down = crossed.record.number("down_bytes");
  const std::uint64_t down_discarded = crossed.record.number("down_discarded");
  const bool natural = reason == crossed.natural();
  const auto counted = [](std::uint64_t bytes, std::size_t arrived) {
    return std::to_string(bytes) + " counted, " + std::to_string(arrived) + " arrived";
  };
  demand(backend_side_whole ? crossed.by_backend.size() == up : crossed.by_backend.size() <= up,
         "up: " + counted(up, crossed.by_backend.size()));
  demand(browser_side_whole ? crossed.by_browser.size() == down : crossed.by_browser.size() <= down,
         "down: " + counted(down, crossed.by_browser.size()));
  // Delivered and discarded together are what was taken, and all of it after an end in good order.
  demand(natural && browser_side_whole ? up + up_discarded == sent_up().size() : up + up_discarded <= sent_up().size(),
         "up: " + std::to_string(up_discarded) + " discarded beside " + std::to_string(up));
  demand(natural && backend_side_whole ? down + down_discarded == sent_down().size()
                                       : down + down_discarded <= sent_down().size(),
         "down: " + std::to_string(down_discarded) + " discarded beside " + std::to_string(down));
  return result;
}

std::string wrongs(const Crossed& undisturbed) {
  std::string result = wrongs(undisturbed, {undisturbed.natural()}, true, true);
  if (undisturbed.by_backend != sent_up()) {
    result += "the backend got " + std::to_string(undisturbed.by_backend.size()) + " bytes only\n";
  }
  // A browser that closes at once does not want the rest (it is counted as discarded).
  if (undisturbed.ending != Ending::browser_at_once && undisturbed.by_browser != sent_down()) {
    result += "the browser got " + std::to_string(undisturbed.by_browser.size()) + " bytes only\n";
  }
  return result;
}

}  // namespace drawbridge::testing
