#pragma once

#include "net/session.hpp"
#include "recorded_trace.hpp"
#include "session_peers.hpp"
#include "support/scripted_end.hpp"

#include <algorithm>
#include <memory>
#include <string>

namespace drawbridge::testing {

using namespace std::chrono_literals;

// Peers, limits and moments, all of them chosen, around one session, which is advanced as a worker does: only when
// an end changed, which is told once, or its deadline passed. A change that it forgets shows as a session that never
// ends.
class SessionWorld {
 public:
  SessionWorld(Choices& choices, Manners manners, Behind behind, Heard heard = Heard::no)
      : choices_(choices),
        manners_(manners),
        behind_(behind),
        heard_by_trace_(heard == Heard::yes),
        route_(std::make_shared<net::ActiveRoute>(
            net::ActiveRoute{chosen_route(choices, manners), std::make_shared<net::RouteState>(), nullptr})),
        script_(chosen_browser(choices, manners, behind)),
        backend_bytes_(behind == Behind::service ? chosen_backend(choices, manners) : std::string()),
        budget_(manners == Manners::any && choices.one_in(8) ? choices.size(3'000) : 1 << 30),
        limiter_({.sessions = 1}, 16) {
    auto browser = std::make_unique<ScriptedEnd>();
    auto backend = std::make_unique<ScriptedEnd>();
    browser_ = browser.get();
    backend_ = backend.get();
    if (behind_ == Behind::echo) nobody_ = std::move(backend);
    policy::Permit permit = std::move(limiter_.enter(policy::Address{{1}}, now_, 0).permit);
    promise(permit.promote(), "there is room for one session");
    session_ = std::make_unique<net::Session>(net::Identity{}, std::move(permit), net::RoutePlace::take(route_),
                                              std::move(browser), std::move(backend), budget_, now_);
    if (heard_by_trace_) splice().trace(&trace_);

    if (choices_.one_in(2)) browser_->report_drained();
    if (choices_.one_in(2)) backend_->report_drained();
    if (choices_.one_in(2)) browser_->buffer_inside();
    if (choices_.one_in(2)) browser_->shut_takes_room();
    if (choices_.one_in(3)) browser_->take_at_once(1 + choices_.size(20'000));
    if (choices_.one_in(3)) backend_->take_at_once(1 + choices_.size(20'000));
    if (choices_.one_in(3)) browser_->take_nothing();
    if (choices_.one_in(3)) backend_->take_nothing();
    browser_reads_ = manners_ == Manners::good || !choices_.one_in(8);
    backend_reads_ = manners_ == Manners::good || !choices_.one_in(8);
    polite_ = manners_ == Manners::good || !choices_.one_in(3);
    backend_ended_ = behind_ == Behind::echo;
    backend_ends_ = choices_.one_in(2) || (manners_ == Manners::good && !script_.closes);
  }

  void run() {
    if (choices_.one_in(3)) {
      first_ = script_.wire.substr(0, choices_.size(4'000));
      wire_at_ = first_.size();
      splice().take_first({reinterpret_cast<const std::uint8_t*>(first_.data()), first_.size()}, scratch(), now_);
    }
    advance();
    settle();
    for (int step = 0; step < most_steps && !wants_.over && !choices_.exhausted(); ++step) {
      wait_until(now_ + std::chrono::milliseconds(choices_.size(longest_pause)));
      if (wants_.over) break;
      act();
      settle();
    }
    if (!wants_.over) {
      leave();
      settle();
      wait_until(now_ + patience);
    }
    check();
  }

 private:
  // All of them together are shorter than `dead`: good peers may have nothing to say.
  static constexpr int most_steps = 190;
  static constexpr std::size_t longest_pause = 300;  // ms
  // A worker does not act on a deadline that is due before its next round.
  static constexpr Duration soonest = 1ms;
  // Longer than any session takes that its peers left, shaped ones included.
  static constexpr Duration patience = 10h;

  net::Splice& splice() { return session_->splice(); }
  const ws::Lifecycle& life() { return splice().lifecycle(); }
  const config::Route& route() const { return route_->route; }
  bool shaped() const {
    const config::RouteLimits& limits = route().limits;
    return limits.upstream_rate || limits.downstream_rate || limits.messages_per_second;
  }
  static net::Scratch& scratch() {
    static const auto lent = std::make_unique<net::Scratch>();
    return *lent;
  }

  // What the session may hold: one read each way, and one more of frames that the message rate holds back.
  std::size_t most_held() const {
    const std::size_t reads = route().limits.messages_per_second ? 2 : 1;
    return reads * net::upstream_read + ws::longest_server_header + net::largest_downstream_frame;
  }

  std::size_t moves() const { return browser_->moves() + backend_->moves(); }

  void advance() {
    const std::size_t moves_before = moves();
    const std::uint64_t frames_before = splice().counts().up_frames;  // empty ones move nothing
    const auto reason_before = life().reason();
    const auto state_before = life().state();
    wants_ = splice().advance(now_, scratch());
    promise(!reason_before || life().reason() == reason_before, "there is one reason");
    promise(life().state() >= state_before, "no state goes back");
    promise(budget_.used() <= most_held(), "what is held is bounded");
    const bool useful = moves() > moves_before || splice().counts().up_frames > frames_before ||
                        life().state() != state_before || wants_.over;
    useless_in_a_row_ = useful ? 0 : useless_in_a_row_ + 1;
    // Two for what no longer helps when it comes true, and one at each of a few deadlines.
    promise(useless_in_a_row_ < 12, "it does not spin");
  }

  // One round of a worker; false if nothing came true.
  bool wake() {
    bool woken = wants_.again;
    if (const net::Ready ready = browser_->changes(); ready.readable || ready.writable) {
      splice().browser_ready(ready);
      woken = true;
    }
    if (const net::Ready ready = backend_->changes(); !nobody_ && (ready.readable || ready.writable)) {
      splice().backend_ready(ready);
      woken = true;
    }
    if (woken) advance();
    return woken;
  }

  void settle() {
    while (!wants_.over && wake()) {
    }
  }

  void wait_until(Instant then) {
    while (!wants_.over && wants_.deadline <= then) {
      now_ = std::max(wants_.deadline, now_ + soonest);
      advance();
      settle();
    }
    if (!wants_.over) now_ = std::max(now_, then);
  }

  // Out of 24 things 23 are what any peers do.
  void act() {
    useless_in_a_row_ = 0;
    const std::size_t what = choices_.below(manners_ == Manners::good ? 23 : 24);
    if (what < 7) {
      browser_sends(1 + choices_.size(10'000));
    } else if (what < 14) {
      backend_sends(1 + choices_.size(10'000));
    } else if (what < 18) {
      if (browser_reads_) browser_->allow(choices_.size(30'000));
    } else if (what < 21) {
      if (backend_reads_) backend_->allow(choices_.size(30'000));
    } else if (what < 22) {
      if (browser_reads_) browser_->take_all();
      if (backend_reads_) backend_->take_all();
    } else if (what < 23) {
      browser_->cross_reads();
    } else {
      go_wrong();
    }
    answer();
  }

  void go_wrong() {
    switch (choices_.below(9)) {
      case 0: return browser_->cross_writes();
      case 1: return browser_->take_nothing();
      case 2: return backend_->take_nothing();
      case 3: return backend_->refuse_writes();
      case 4: return backend_->finish(choices_.one_of({net::IoStatus::end, net::IoStatus::failed}));
      case 5:
        return browser_->finish(choices_.one_of({net::IoStatus::end, net::IoStatus::failed, net::IoStatus::broken}));
      case 6: return browser_->refuse_writes();
      case 7:
        splice().decide(choices_.one_of({Reason::drain, Reason::killed, Reason::revoked}), now_);
        return advance();
      default: splice().abandon(Reason::drain); wants_.over = true;
    }
  }

  void browser_sends(std::size_t most) {
    if (wire_at_ >= script_.wire.size() || browser_answered_) return;
    const auto piece = std::string_view(script_.wire).substr(wire_at_, most);
    browser_->send(piece);
    wire_at_ += piece.size();
  }

  void backend_sends(std::size_t most) {
    if (backend_at_ < backend_bytes_.size()) {
      const auto piece = std::string_view(backend_bytes_).substr(backend_at_, most);
      backend_->send(piece);
      backend_at_ += piece.size();
    } else if (backend_ends_ && !backend_ended_) {
      backend_ended_ = true;
      backend_->finish();
    }
  }

  // What peers do when they hear of an end.
  void answer() {
    if (!polite_) return;
    if (manners_ == Manners::good && life().state() != ws::Lifecycle::State::open) {
      // It has `timeouts.close`, not for ever.
      browser_->take_all();
      backend_->take_all();
    }
    const bool said_all = wire_at_ >= script_.wire.size();
    // Perhaps it was a ping.
    if (browser_->received().size() > heard_ && said_all && !script_.closes && !browser_answered_) {
      heard_ = browser_->received().size();
      browser_->send(client_frame(ws::Opcode::pong, ""));
    }
    if (life().state() != ws::Lifecycle::State::open && said_all && !browser_answered_) {
      browser_answered_ = true;
      if (!script_.closes) browser_->send(client_close(1000));
      browser_->finish();
    }
    if (backend_->shut() && !backend_ended_) {
      backend_ended_ = true;
      backend_->finish();
    }
  }

  // The end of the story: peers with good manners finish it, others vanish.
  void leave() {
    useless_in_a_row_ = 0;
    if (manners_ == Manners::good) return finish_politely();
    const bool abruptly = choices_.one_in(2);
    browser_->finish(abruptly ? net::IoStatus::failed : net::IoStatus::end);
    backend_->finish(abruptly ? net::IoStatus::failed : net::IoStatus::end);
    if (abruptly) {
      browser_->refuse_writes();
      backend_->refuse_writes();
    } else {
      browser_->take_all();
      backend_->take_all();
    }
  }

  void finish_politely() {
    browser_->take_all();
    backend_->take_all();
    for (int i = 0; i < 20'000 && !wants_.over; ++i) {
      useless_in_a_row_ = 0;
      browser_sends(10'000);
      backend_sends(10'000);
      answer();
      if (browser_answered_ && backend_ended_) all_said_ = std::min(all_said_, now_);
      settle();
      const bool slow = shaped() && life().state() == ws::Lifecycle::State::open;
      wait_until(now_ + (slow ? Duration(1s) : Duration(20ms)));
    }
  }

  // ---- What must be true then ----

  void check() {
    promise(wants_.over, "the session ends");
    promise(life().reason().has_value(), "it has a reason");
    const std::string why = " (" + std::string(word(*life().reason())) + ")";
    const net::Counts& counts = splice().counts();
    const Seen seen = look_at(browser_->received());
    const bool echo = behind_ == Behind::echo;
    if (echo) {
      check_echoes(seen.data, script_.messages);
    } else {
      check_messages(seen.data, route().message_type == config::MessageType::text);
      promise(script_.payload.starts_with(backend_->received()), "the backend got what the browser sent" + why);
      promise(counts.up_bytes == backend_->received().size(), "up_bytes is true" + why);
    }
    promise(sent_down().starts_with(seen.payload), "the browser got what was sent to it" + why);
    promise(counts.up_bytes + counts.up_discarded == payload_in(first_ + browser_->given(), route()),
            "up_discarded is true" + why);
    promise(counts.down_bytes == seen.payload.size(), "down_bytes is true" + why);
    promise(counts.down_bytes + counts.down_discarded == (echo ? counts.up_bytes : backend_->given().size()),
            "down_discarded is true" + why);
    promise(budget_.used() == 0, "memory is given back" + why);
    const auto session_bytes = route().limits.session_bytes;
    promise(!session_bytes || counts.up_bytes + counts.down_bytes <= *session_bytes, "session_bytes holds" + why);
    promise(seen.closes == 0 || seen.close_code == life().close_code(), "the Close is that of the lifecycle" + why);
    if (manners_ == Manners::good) check_nothing_lost(seen, why);
    if (heard_by_trace_) check_trace(why);

    promise(limiter_.full() && route_->state->sessions == 1, "it holds its permit and its place to the end" + why);
    session_.reset();
    promise(!limiter_.full() && limiter_.sessions() == 0 && limiter_.pending() == 0, "the permit comes back" + why);
    promise(route_->state->sessions == 0, "the place on the route comes back" + why);
  }

  void check_trace(const std::string& why) {
    std::string up;
    for (const auto& told : trace_.frames_of(net::Direction::up)) {
      if (told.frame.opcode < ws::Opcode::close) up += told.payload;
    }
    promise(script_.payload.starts_with(up), "what is told of the browser is what it sent" + why);
    promise(up.size() >= splice().counts().up_bytes, "what goes up is told" + why);
    promise(up.size() <= splice().counts().up_bytes + splice().counts().up_discarded, "nothing is told twice" + why);
    auto told = trace_.frames_of(net::Direction::down).begin();
    for (const ServerFrame& frame : server_frames(browser_->received())) {
      if (frame.opcode < 0) break;  // cut
      promise(told != trace_.frames_of(net::Direction::down).end(), "what the browser gets is told" + why);
      promise(frame.opcode == static_cast<int>(told->frame.opcode) && frame.fin == told->frame.fin &&
                  frame.payload == told->payload && frame.payload.size() == told->frame.size,
              "it is told as it is" + why);
      ++told;
    }
  }

  void check_nothing_lost(const Seen& seen, const std::string& why) {
    const Reason reason = *life().reason();
    promise(reason == Reason::client_closed || reason == Reason::backend_closed, "a peer ended it" + why);
    promise(!seen.cut && seen.closes == 1, "the browser sees one Close, after whole frames" + why);
    promise(browser_->shut() && (backend_->shut() || nobody_), "both peers hear of the end" + why);
    // After the backend's end the browser has `timeouts.close`, however slow its route is.
    const bool slow = route().limits.upstream_rate || route().limits.messages_per_second;
    promise(slow || all_said_ == never || now_ <= all_said_ + 100ms, "it does not wait for peers that are done" + why);
    promise((slow && reason != Reason::client_closed) || splice().counts().up_discarded == 0,
            "nothing is discarded" + why);
    if (reason == Reason::client_closed && !nobody_) {
      promise(backend_->received() == script_.payload, "all went up" + why);
    }
    if (reason == Reason::backend_closed || nobody_) promise(seen.payload == sent_down(), "all went down" + why);
  }

  const std::string& sent_down() const { return nobody_ ? script_.payload : backend_bytes_; }

  Choices& choices_;
  const Manners manners_;
  const Behind behind_;
  const bool heard_by_trace_;
  const std::shared_ptr<const net::ActiveRoute> route_;
  const BrowserScript script_;
  const std::string backend_bytes_;
  net::BufferBudget budget_;
  policy::Limiter limiter_;
  Instant now_ = Instant(1h);
  RecordedTrace trace_;   // before who tells it
  ScriptedEnd* browser_;  // the session's
  ScriptedEnd* backend_;
  std::unique_ptr<ScriptedEnd> nobody_;  // an echo's backend, which the session does not know
  std::unique_ptr<net::Session> session_;
  net::Wants wants_;
  std::string first_;         // came behind the request's head
  Instant all_said_ = never;  // when both peers had said their last and took all
  std::size_t wire_at_ = 0;
  std::size_t backend_at_ = 0;
  std::size_t heard_ = 0;  // by the browser, when it last said so
  int useless_in_a_row_ = 0;
  bool browser_reads_ = true;
  bool backend_reads_ = true;
  bool polite_ = true;
  bool backend_ends_ = false;
  bool backend_ended_ = false;
  bool browser_answered_ = false;
};

}  // namespace drawbridge::testing
