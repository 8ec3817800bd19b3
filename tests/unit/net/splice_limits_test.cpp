#include "splice_fixture.hpp"

using namespace drawbridge;
using namespace drawbridge::test;
using testing::client_close;
using testing::client_frame;
using testing::server_frames;
using ws::Opcode;

namespace {

config::Route with(const std::function<void(config::Route&)>& change) {
  config::Route route;
  change(route);
  return route;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(splice_limits)

BOOST_AUTO_TEST_CASE(a_frame_over_the_cap_is_refused_on_its_header) {
  Spliced s(with([](auto& r) { r.limits.frame = 1'000; }));
  s.browser.send(client_frame(Opcode::binary, std::string(1'001, 'x')).substr(0, 8));
  s.run();
  BOOST_TEST(s.close_code_seen() == 1009);
  BOOST_TEST(s.splice.lifecycle().reason().value() == Reason::frame_too_big);
}

BOOST_AUTO_TEST_CASE(session_bytes_are_delivered_up_to_the_last) {
  Spliced s(with([](auto& r) { r.limits.session_bytes = 10; }));
  s.backend.send("1234");
  s.run();
  s.browser.send(client_frame(Opcode::binary, "abcdefgh"));
  BOOST_TEST(s.run_out() == Reason::session_bytes);
  BOOST_TEST(s.backend.received() == "abcdef");
  BOOST_TEST(s.splice.counts().up_discarded == 2U);
  BOOST_TEST(s.close_code_seen() == 1008);
}

BOOST_AUTO_TEST_CASE(session_bytes_hold_downwards_too) {
  Spliced s(with([](auto& r) { r.limits.session_bytes = 10; }));
  s.backend.send(std::string(25, 'x'));
  BOOST_TEST(s.run_out() == Reason::session_bytes);
  BOOST_TEST(s.payload_seen().size() == 10U);
}

BOOST_AUTO_TEST_CASE(an_upstream_rate_delays_and_loses_nothing) {
  Spliced s(with([](auto& r) { r.limits.upstream_rate = 8'000; }));
  const Instant began = s.now;
  s.browser.send(client_frame(Opcode::binary, std::string(80'000, 'x')) + client_close(1000));
  s.run();
  BOOST_TEST(s.backend.received().size() < 4'000U);
  for (int i = 0; i < 1'000 && s.backend.received().size() < 80'000; ++i) s.run_after(100ms);
  BOOST_TEST((s.backend.received() == std::string(80'000, 'x')));
  BOOST_TEST((s.now - began) >= 9s);
  BOOST_TEST((s.now - began) <= 11s);
}

BOOST_AUTO_TEST_CASE(a_downstream_rate_delays_and_loses_nothing) {
  Spliced s(with([](auto& r) { r.limits.downstream_rate = 8'000; }));
  const Instant began = s.now;
  s.backend.send(std::string(80'000, 'x'));
  const net::Wants wants = s.run();
  BOOST_TEST(s.backend.given().size() < 4'000U);
  BOOST_TEST((wants.deadline > s.now));
  for (int i = 0; i < 1'000 && s.payload_seen().size() < 80'000; ++i) s.run_after(100ms);
  BOOST_TEST((s.payload_seen() == std::string(80'000, 'x')));
  BOOST_TEST((s.now - began) >= 9s);
  BOOST_TEST((s.now - began) <= 11s);
}

BOOST_AUTO_TEST_CASE(a_message_rate_holds_for_messages_in_one_read) {
  Spliced s(with([](auto& r) { r.limits.messages_per_second = 10; }));
  std::string frames;
  for (int i = 0; i < 40; ++i) frames += client_frame(Opcode::binary, "m");
  s.browser.send(frames);
  s.run();
  BOOST_TEST(s.backend.received().size() <= 4U);
  const Instant began = s.now;
  for (int i = 0; i < 1'000 && s.backend.received().size() < 40; ++i) s.run_after(50ms);
  BOOST_TEST(s.backend.received().size() == 40U);
  BOOST_TEST((s.now - began) >= 3s);
  BOOST_TEST((s.now - began) <= 5s);
}

BOOST_AUTO_TEST_CASE(what_waits_for_the_message_rate_counts_in_the_budget_and_is_delivered_before_a_close) {
  Spliced s(with([](auto& r) { r.limits.messages_per_second = 100; }));
  std::string frames;
  for (int i = 0; i < 300; ++i) frames += client_frame(Opcode::binary, "m");
  s.browser.send(frames + client_close(1000));
  s.browser.finish();
  s.backend.finish();
  s.run();
  BOOST_TEST(s.budget.used() > 0U);
  for (int i = 0; i < 1'000 && !s.run_after(10ms).over; ++i) {
  }
  BOOST_TEST(s.budget.used() == 0U);
}

BOOST_AUTO_TEST_CASE(when_all_buffers_are_used_up_it_ends_with_overload) {
  Spliced s({}, 100);
  s.backend.take_nothing();
  s.browser.send(client_frame(Opcode::binary, std::string(1'000, 'x')));
  BOOST_TEST(s.run_out() == Reason::overload);
  BOOST_TEST(s.close_code_seen() == 1013);
  BOOST_TEST(s.splice.counts().up_discarded == 1'000U);
}

BOOST_AUTO_TEST_CASE(idle_counts_payload_only) {
  Spliced s(with([](auto& r) { r.timeouts.idle = 30'000ms; }));
  s.run();
  s.browser.send(client_frame(Opcode::binary, "payload"));
  s.run_after(20s);
  for (int i = 0; i < 2; ++i) {
    s.browser.send(client_frame(Opcode::ping, ""));
    s.run_after(14s);
  }
  BOOST_TEST(!s.splice.lifecycle().reason());
  s.run_after(3s);
  BOOST_TEST(s.splice.lifecycle().reason().value() == Reason::idle);
  BOOST_TEST(s.close_code_seen() == 1001);
}

BOOST_AUTO_TEST_CASE(a_lifetime_ends_however_busy) {
  Spliced s(with([](auto& r) { r.timeouts.lifetime = 10'000ms; }));
  for (int i = 0; i < 10; ++i) {
    BOOST_TEST(!s.splice.lifecycle().reason());
    s.browser.send(client_frame(Opcode::binary, "busy"));
    s.run_after(1s);
  }
  BOOST_TEST(s.splice.lifecycle().reason().value() == Reason::lifetime);
}

// Each is said once, and ends nothing.
BOOST_AUTO_TEST_CASE(what_is_not_enforced_is_only_said) {
  Spliced s(with([](auto& r) {
    r.timeouts.idle = 10'000ms;
    r.timeouts.lifetime = 15'000ms;
    r.limits.session_bytes = 10;
    r.timeouts.enforce_idle = r.timeouts.enforce_lifetime = r.limits.enforce_session_bytes = false;
  }));
  s.run_after(9s);
  BOOST_TEST(!s.splice.would_end());
  s.run_after(1s);
  BOOST_TEST((s.splice.would_end() == Reason::idle));
  BOOST_TEST(!s.splice.would_end());
  s.browser.send(client_frame(Opcode::binary, "0123456789"));
  s.run_after(5s);
  BOOST_TEST((s.splice.would_end() == Reason::lifetime));
  BOOST_TEST(!s.splice.would_end());
  s.browser.send(client_frame(Opcode::binary, "0"));
  s.run();
  BOOST_TEST((s.splice.would_end() == Reason::session_bytes));
  s.browser.send(client_frame(Opcode::binary, "1"));
  s.run_after(20s);
  BOOST_TEST(!s.splice.would_end());
  BOOST_TEST(!s.splice.lifecycle().reason());
  BOOST_TEST(s.backend.received() == "012345678901");
}

BOOST_AUTO_TEST_CASE(a_silent_browser_is_pinged_and_then_called_dead) {
  Spliced s;
  const net::Wants wants = s.run();
  BOOST_TEST((wants.deadline == s.now + 20s));
  s.run_after(20s);
  s.run_after(20s);
  auto frames = server_frames(s.browser.received());
  BOOST_REQUIRE(frames.size() == 2);
  BOOST_TEST(frames[0].opcode == 9);
  s.run_after(20s);
  BOOST_TEST(s.splice.lifecycle().reason().value() == Reason::dead);
}

BOOST_AUTO_TEST_CASE(any_byte_is_life) {
  Spliced s;
  const std::string frame = client_frame(Opcode::binary, "slowly");
  for (const char byte : frame) {
    s.browser.send(std::string(1, byte));
    s.run_after(50s);
    BOOST_TEST(!s.splice.lifecycle().reason());
  }
}

BOOST_AUTO_TEST_CASE(a_browser_that_waits_for_back_pressure_is_not_called_dead) {
  Spliced s(with([](auto& r) { r.timeouts.stall.reset(); }));
  s.backend.take_nothing();
  s.browser.send(client_frame(Opcode::binary, "waits"));
  s.run();
  for (int i = 0; i < 10; ++i) s.run_after(30s);
  BOOST_TEST(!s.splice.lifecycle().reason());
  BOOST_TEST(s.browser.received() == "");
  // Its silence counts from when it is read again.
  s.backend.allow(100);
  s.run();
  s.run_after(19s);
  BOOST_TEST(!s.splice.lifecycle().reason());
}

BOOST_AUTO_TEST_CASE(a_backend_that_takes_nothing_for_too_long_is_a_stall) {
  Spliced s;
  s.backend.take_nothing();
  s.browser.send(client_frame(Opcode::binary, "stuck"));
  s.run();
  s.run_after(59s);
  BOOST_TEST(!s.splice.lifecycle().reason());
  s.run_after(1s);
  BOOST_TEST(s.splice.lifecycle().reason().value() == Reason::stall);
  BOOST_TEST(s.close_code_seen() == 1013);
  s.run_out();
  BOOST_TEST(s.splice.counts().up_discarded == 5U);
}

BOOST_AUTO_TEST_CASE(slow_progress_is_no_stall) {
  Spliced s;
  s.browser.take_nothing();
  s.backend.send(std::string(1'000, 'x'));
  for (int i = 0; i < 20; ++i) {
    s.browser.allow(10);
    s.run_after(50s);
    BOOST_TEST(!s.splice.lifecycle().reason());
  }
  s.run_after(61s);
  BOOST_TEST(s.splice.lifecycle().reason().value() == Reason::stall);
}

BOOST_AUTO_TEST_CASE(exactly_session_bytes_are_not_too_many) {
  Spliced s(with([](auto& r) { r.limits.session_bytes = 10; }));
  s.browser.send(client_frame(Opcode::binary, "abcd"));
  s.backend.send("123456");
  s.run();
  BOOST_TEST(!s.splice.lifecycle().reason());
  s.backend.finish();
  s.run();
  s.browser.send(client_close(1000));
  s.browser.finish();
  BOOST_TEST(s.run_out() == Reason::backend_closed);
  BOOST_TEST(s.payload_seen() == "123456");

  Spliced more(with([](auto& r) { r.limits.session_bytes = 10; }));
  more.backend.send("1234567890");
  more.run();
  BOOST_TEST(!more.splice.lifecycle().reason());
  more.backend.send("1");
  more.backend.finish();
  BOOST_TEST(more.run_out() == Reason::session_bytes);
  BOOST_TEST(more.splice.counts().down_discarded == 1U);
}

BOOST_AUTO_TEST_CASE(a_code_point_counts_in_session_bytes_from_its_first_byte) {
  Spliced s(with([](auto& r) {
    r.limits.session_bytes = 4;
    r.message_type = config::MessageType::text;
  }));
  s.backend.send("ab\xE2");
  s.backend.send("\x82\xAC");
  BOOST_TEST(s.run_out() == Reason::session_bytes);
  BOOST_TEST(s.payload_seen() == "ab");
  BOOST_TEST(s.splice.counts().down_bytes == 2U);
  BOOST_TEST(s.splice.counts().down_discarded == 3U);
}

BOOST_AUTO_TEST_CASE(frames_that_were_never_decoded_count_by_their_payload) {
  Spliced s(with([](auto& r) { r.limits.messages_per_second = 1; }));
  std::string frames;
  for (int i = 0; i < 10; ++i) frames += client_frame(Opcode::binary, "mm");
  s.browser.send(frames + client_frame(Opcode::ping, "p"));
  s.run();
  BOOST_TEST(s.backend.received().size() < 20U);
  s.splice.abandon(Reason::drain);
  BOOST_TEST(s.splice.counts().up_bytes + s.splice.counts().up_discarded == 20U);
}

BOOST_AUTO_TEST_CASE(who_waits_for_its_rate_is_not_idle) {
  Spliced s(with([](auto& r) {
    r.limits.messages_per_second = 0.05;
    r.timeouts.idle = 5'000ms;
  }));
  for (int i = 0; i < 3; ++i) s.browser.send(client_frame(Opcode::binary, "m"));
  BOOST_TEST(s.run_out() == Reason::idle);
  BOOST_TEST(s.backend.received() == "mmm");
}

BOOST_AUTO_TEST_CASE(a_byte_that_came_in_time_counts_though_it_was_noticed_late) {
  Spliced dead;
  dead.run();
  dead.browser.send(client_frame(Opcode::pong, ""));
  dead.run_after(60s);
  BOOST_TEST(!dead.splice.lifecycle().reason());

  Spliced stuck;
  stuck.backend.take_nothing();
  stuck.browser.send(client_frame(Opcode::binary, "stuck"));
  stuck.run();
  stuck.backend.allow(1);
  stuck.run_after(60s);
  BOOST_TEST(!stuck.splice.lifecycle().reason());
}

BOOST_AUTO_TEST_CASE(who_is_held_is_not_read_before_then) {
  Spliced s;
  s.run();
  s.splice.hold_until(s.now + 10s);
  s.browser.send(client_frame(Opcode::binary, "up"));
  s.backend.send("down");
  net::Wants wants = s.run_after(1s);
  BOOST_TEST(s.backend.received() == "");
  BOOST_TEST(s.backend.given() == "");
  BOOST_TEST((wants.deadline == s.now + 9s));
  s.run_after(8s);
  BOOST_TEST(s.payload_seen() == "");
  s.run_after(1s);
  BOOST_TEST(s.backend.received() == "up");
  BOOST_TEST(s.payload_seen() == "down");
}

BOOST_AUTO_TEST_CASE(a_hold_is_moved_by_the_next_one_and_no_more_than_the_routes_rates_hold) {
  Spliced s(with([](auto& r) { r.limits.upstream_rate = 8'000; }));
  s.splice.hold_until(s.now + 10s);
  s.browser.send(client_frame(Opcode::binary, std::string(4'000, 'x')));
  s.backend.send("down");
  s.run_after(1s);
  BOOST_TEST(s.payload_seen() == "");
  s.splice.hold_until(Instant::min());
  s.run();
  BOOST_TEST(s.payload_seen() == "down");
  BOOST_TEST(s.backend.received().size() > 0U);
  BOOST_TEST(s.backend.received().size() < 4'000U);
}

BOOST_AUTO_TEST_CASE(what_was_held_back_already_is_delivered_to_whoever_is_held) {
  Spliced s;
  s.backend.take_nothing();
  s.browser.send(client_frame(Opcode::binary, "taken"));
  s.run();
  s.splice.hold_until(s.now + 10s);
  s.backend.take_all();
  s.run();
  BOOST_TEST(s.backend.received() == "taken");
}

BOOST_AUTO_TEST_CASE(who_is_held_is_not_idle_and_not_dead) {
  Spliced s(with([](auto& r) { r.timeouts.idle = 5'000ms; }));
  s.run();
  s.splice.hold_until(s.now + 100s);
  for (int i = 0; i < 9; ++i) s.run_after(11s);
  BOOST_TEST(!s.splice.lifecycle().reason());
  s.run_after(1s);
  BOOST_TEST(s.splice.lifecycle().reason().value() == Reason::idle);
}

BOOST_AUTO_TEST_CASE(a_hold_lets_an_echo_wait) {
  Spliced s(with([](auto& r) { r.timeouts.close = 60'000ms; }));
  net::Splice echo(s.route, s.browser, nullptr, s.budget, s.now);
  echo.hold_until(s.now + 10s);
  s.browser.send(client_frame(Opcode::binary, "again"));
  echo.browser_ready(s.browser.changes());
  BOOST_TEST((echo.advance(s.now, *s.scratch).deadline == s.now + 10s));
  BOOST_TEST(s.payload_seen() == "");
  echo.advance(s.now + 10s, *s.scratch);
  BOOST_TEST(s.payload_seen() == "again");
}

BOOST_AUTO_TEST_CASE(a_turn_takes_no_more_than_a_quarter_of_a_second_of_an_identitys_rate) {
  Spliced s(with([](auto& r) { r.quotas.rate = 80'000; }));
  s.browser.send(client_frame(Opcode::binary, std::string(200'000, 'x')));
  s.backend.send(std::string(200'000, 'y'));
  BOOST_TEST(s.splice.advance(s.now, *s.scratch).again);
  BOOST_TEST(s.backend.received().size() > 0U);
  BOOST_TEST(s.payload_seen().size() > 0U);
  BOOST_TEST(s.backend.received().size() + s.payload_seen().size() <= 20'000U);
}

BOOST_AUTO_TEST_CASE(a_quota_cuts_and_what_was_taken_is_delivered) {
  Spliced s;
  s.backend.take_nothing();
  s.browser.send(client_frame(Opcode::binary, "taken"));
  s.backend.send("said");
  s.run();
  s.splice.cut(Reason::quota, s.now);
  s.browser.send(client_frame(Opcode::binary, "too late"));
  s.run();
  s.backend.take_all();
  BOOST_TEST(s.run_out() == Reason::quota);
  BOOST_TEST(s.close_code_seen() == 1008);
  BOOST_TEST(s.backend.received() == "taken");
  BOOST_TEST(s.payload_seen() == "said");
}

BOOST_AUTO_TEST_SUITE_END()
