// Any events in the life of a session, in any order: what it then says is what their whole list says, read from the
// start by the contract: the first reason and its code stay, and no state goes back.
//
// Input: an event (1 byte) and its argument (2 bytes), over and over.

#include "finding.hpp"
#include "ws/lifecycle.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

namespace {

using drawbridge::info;
using drawbridge::Reason;
using drawbridge::fuzz::require;
using drawbridge::ws::Lifecycle;
using State = Lifecycle::State;

struct Happening {
  enum class What : std::uint8_t {
    browser_closed,
    browser_lost,
    browser_refused,
    backend_ended,
    backend_lost,
    decide,
    cut,
    close_timed_out,
  };
  static constexpr std::size_t kinds = 8;

  What what;
  Reason reason;       // of browser_lost, browser_refused, decide, cut
  std::uint16_t code;  // of browser_closed
};
using What = Happening::What;

void apply(const Happening& happening, Lifecycle& life) {
  switch (happening.what) {
    case What::browser_closed: return life.browser_closed(happening.code);
    case What::browser_lost: return life.browser_lost(happening.reason);
    case What::browser_refused: return life.browser_refused(happening.reason);
    case What::backend_ended: return life.backend_ended();
    case What::backend_lost: return life.backend_lost();
    case What::decide: return life.decide(happening.reason);
    case What::cut: return life.cut(happening.reason);
    case What::close_timed_out: return life.close_timed_out();
  }
}

// How far an event alone takes a session.
State reach(What what) {
  switch (what) {
    case What::backend_ended:
    case What::decide: return State::closing;
    case What::close_timed_out: return State::open;
    default: return State::finishing;
  }
}

Reason reason_of(const Happening& happening) {
  switch (happening.what) {
    case What::browser_closed: return Reason::client_closed;
    case What::backend_ended: return Reason::backend_closed;
    case What::backend_lost: return Reason::backend_reset;
    default: return happening.reason;
  }
}

struct Expected {
  State state = State::open;
  std::optional<Reason> reason;
  std::optional<std::uint16_t> code;
};

Expected read_from_the_start(std::span<const Happening> story) {
  const auto first =
      std::find_if(story.begin(), story.end(), [](const Happening& h) { return h.what != What::close_timed_out; });
  Expected expected;
  if (first == story.end()) return expected;
  expected.reason = reason_of(*first);
  const std::uint16_t table = info(*expected.reason).close_code;
  if (table != 0) expected.code = table;
  if (first->what == What::browser_closed) expected.code = first->code;  // the browser's own is echoed
  for (auto at = first; at != story.end(); ++at) {
    // Waiting for the browser's Close is over: only after something began to end.
    const State reached = at->what == What::close_timed_out ? State::finishing : reach(at->what);
    expected.state = std::max(expected.state, reached);
  }
  return expected;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t most = 32;
  std::vector<Happening> story;
  Lifecycle life;
  for (std::span input(data, std::min(size, 3 * most)); input.size() >= 3; input = input.subspan(3)) {
    const auto argument = static_cast<std::uint16_t>(input[1] << 8U | input[2]);
    const auto& row = drawbridge::reasons()[argument % drawbridge::reasons().size()];
    story.push_back({static_cast<What>(input[0] % Happening::kinds), row.reason, argument});
    apply(story.back(), life);

    const Expected expected = read_from_the_start(story);
    require(life.state() == expected.state, "state ", static_cast<int>(life.state()));
    require(life.reason() == expected.reason, "reason ", life.reason() ? word(*life.reason()) : "none");
    require(life.close_code() == expected.code, "code ", life.close_code().value_or(0));
    require(life.logged_code() == expected.code.value_or(1006), "logged code ", life.logged_code());
    require(life.takes_from_browser() == (expected.state != State::finishing), "takes from the browser");
    require(life.takes_from_backend() == (expected.state == State::open), "takes from the backend");
  }
  return 0;
}
