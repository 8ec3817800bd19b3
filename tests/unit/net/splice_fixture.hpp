#pragma once

#include "net/splice.hpp"
#include "support/frames.hpp"
#include "support/scripted_end.hpp"

#include <memory>
#include <string>

#include <boost/test/unit_test.hpp>

namespace drawbridge {

inline std::ostream& operator<<(std::ostream& out, Reason reason) {
  return out << word(reason);
}

namespace test {

using namespace std::chrono_literals;

// A splice between two scripted ends, in virtual time.
struct Spliced {
  // `echoes`: the backend is not there.
  explicit Spliced(const config::Route& its_route = {}, std::uint64_t buffers = 1 << 30, bool echoes = false)
      : route(its_route), budget(buffers), splice(route, browser, echoes ? nullptr : &backend, budget, now) {}

  // Advances until nothing more moves, as a worker would, told of each change once.
  net::Wants run() {
    splice.browser_ready(browser.changes());
    splice.backend_ready(backend.changes());
    for (int turn = 0; turn < 100'000; ++turn) {
      const net::Wants wants = splice.advance(now, *scratch);
      if (wants.over || !wants.again) return wants;
    }
    BOOST_FAIL("the splice never came to rest");
    return {};
  }
  net::Wants run_after(Duration pause) {
    now += pause;
    return run();
  }
  // Until the session is over, however long it wants to wait; the reason it gave.
  Reason run_out() {
    for (int wake_up = 0; wake_up < 1'000; ++wake_up) {
      const net::Wants wants = run();
      if (wants.over) return splice.lifecycle().reason().value();
      BOOST_REQUIRE_MESSAGE(wants.deadline != never, "nothing would ever end this session");
      now = std::max(now, wants.deadline);
    }
    BOOST_FAIL("the session never ended");
    return Reason::overload;
  }

  // The Close frame the browser got: its code, or 0 for none.
  int close_code_seen() const {
    for (const auto& frame : testing::server_frames(browser.received())) {
      if (frame.opcode == 8) return frame.code();
    }
    return 0;
  }
  std::string payload_seen() const {
    std::string payload;
    for (const auto& frame : testing::server_frames(browser.received())) {
      if (frame.opcode == 1 || frame.opcode == 2) payload += frame.payload;
    }
    return payload;
  }

  Instant now = Instant(1h);
  config::Route route;
  testing::ScriptedEnd browser;
  testing::ScriptedEnd backend;
  net::BufferBudget budget;
  std::unique_ptr<net::Scratch> scratch = std::make_unique<net::Scratch>();
  net::Splice splice;
};

}  // namespace test
}  // namespace drawbridge
