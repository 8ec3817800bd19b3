#include "splice_fixture.hpp"

using namespace drawbridge;
using namespace drawbridge::test;
using net::IoStatus;
using testing::client_close;
using testing::client_frame;
using testing::server_frames;
using ws::Opcode;

BOOST_AUTO_TEST_SUITE(splice_end)

BOOST_AUTO_TEST_CASE(the_browsers_close_is_echoed_after_its_bytes_went_up) {
  Spliced s;
  s.backend.take_nothing();
  s.browser.send(client_frame(Opcode::binary, "last words") + client_close(3001, "done"));
  s.run();
  BOOST_TEST(s.close_code_seen() == 3001);
  BOOST_TEST(!s.backend.shut());
  s.backend.allow(100);
  s.run();
  BOOST_TEST(s.backend.received() == "last words");
  BOOST_TEST(s.backend.shut());
  s.backend.finish();
  BOOST_TEST(s.run_out() == Reason::client_closed);
  BOOST_TEST(s.splice.lifecycle().logged_code() == 3001);
}

BOOST_AUTO_TEST_CASE(an_empty_close_is_answered_by_an_empty_one) {
  Spliced s;
  s.browser.send(client_frame(Opcode::close, ""));
  s.run();
  const auto frames = server_frames(s.browser.received());
  BOOST_REQUIRE(frames.size() == 1);
  BOOST_TEST(frames[0].opcode == 8);
  BOOST_TEST(frames[0].payload.empty());
}

BOOST_AUTO_TEST_CASE(what_the_backend_sends_after_the_browsers_close_is_counted) {
  Spliced s;
  s.browser.send(client_close(1000));
  s.run();
  s.backend.send("too late");
  s.backend.finish();
  s.browser.finish();
  BOOST_TEST(s.run_out() == Reason::client_closed);
  BOOST_TEST(s.splice.counts().down_discarded == 8U);
}

BOOST_AUTO_TEST_CASE(nothing_of_the_browser_counts_after_its_close) {
  Spliced s;
  s.browser.send(client_close(1000) + client_frame(Opcode::binary, "ignored"));
  s.backend.finish();
  s.browser.finish();
  BOOST_TEST(s.run_out() == Reason::client_closed);
  BOOST_TEST(s.backend.received() == "");
}

BOOST_AUTO_TEST_CASE(the_backends_last_bytes_arrive_before_the_close) {
  Spliced s;
  s.browser.take_nothing();
  s.backend.send("goodbye");
  s.backend.finish();
  s.run();
  s.browser.allow(10'000);
  s.run();
  const auto frames = server_frames(s.browser.received());
  BOOST_REQUIRE(frames.size() == 2);
  BOOST_TEST(frames[0].payload == "goodbye");
  BOOST_TEST(frames[1].code() == 1000);
  BOOST_TEST(frames[1].payload.substr(2) == "backend_closed");
}

BOOST_AUTO_TEST_CASE(a_backend_that_half_closed_still_gets_all_until_the_browsers_close) {
  Spliced s;
  s.backend.send("the end");
  s.backend.finish();
  s.run();
  BOOST_TEST(s.close_code_seen() == 1000);
  BOOST_TEST(!s.backend.shut());
  s.browser.send(client_frame(Opcode::binary, "still "));
  s.run();
  s.browser.send(client_frame(Opcode::binary, "here") + client_close(1000));
  s.browser.finish();
  BOOST_TEST(s.run_out() == Reason::backend_closed);
  BOOST_TEST(s.backend.received() == "still here");
  BOOST_TEST(s.splice.counts().up_discarded == 0U);
}

BOOST_AUTO_TEST_CASE(a_browser_that_never_answers_the_close_is_not_waited_for_long) {
  Spliced s;
  s.backend.finish();
  const Instant began = s.now;
  BOOST_TEST(s.run_out() == Reason::backend_closed);
  BOOST_TEST((s.now - began) >= 5s);
  BOOST_TEST((s.now - began) <= 7s);
  BOOST_TEST(s.browser.shut());
}

BOOST_AUTO_TEST_CASE(a_reset_by_the_backend_is_told_after_what_it_had_said) {
  Spliced s;
  s.backend.send("before the reset");
  s.backend.finish(IoStatus::failed);
  s.browser.send(client_frame(Opcode::binary, "up"));
  BOOST_TEST(s.run_out() == Reason::backend_reset);
  BOOST_TEST(s.payload_seen() == "before the reset");
  BOOST_TEST(s.close_code_seen() == 1011);
}

BOOST_AUTO_TEST_CASE(a_backend_that_refuses_bytes_is_heard_to_its_end_first) {
  Spliced s;
  s.backend.refuse_writes();
  s.browser.send(client_frame(Opcode::binary, "lost"));
  s.backend.send("error: go away");
  s.backend.finish();
  BOOST_TEST(s.run_out() == Reason::backend_reset);
  BOOST_TEST(s.payload_seen() == "error: go away");
  BOOST_TEST(s.splice.counts().up_discarded == 4U);
  BOOST_TEST(s.splice.counts().up_bytes == 0U);
}

BOOST_AUTO_TEST_CASE(a_vanished_browser_has_its_last_bytes_delivered) {
  Spliced s;
  s.browser.send(client_frame(Opcode::binary, "sent before the crash"));
  s.browser.finish(IoStatus::failed);
  s.run();
  s.backend.finish();
  BOOST_TEST(s.run_out() == Reason::client_gone);
  BOOST_TEST(s.backend.received() == "sent before the crash");
  BOOST_TEST(s.backend.shut());
  BOOST_TEST(s.splice.lifecycle().logged_code() == 1006);
}

BOOST_AUTO_TEST_CASE(broken_tls_has_its_own_reason) {
  Spliced s;
  s.browser.finish(IoStatus::broken);
  s.backend.finish();
  BOOST_TEST(s.run_out() == Reason::tls_error);
}

BOOST_AUTO_TEST_CASE(a_violation_ends_it_after_what_was_right_went_up) {
  Spliced s;
  std::string unmasked = "\x82\x01x";
  s.browser.send(client_frame(Opcode::binary, "right") + unmasked + client_frame(Opcode::binary, "ignored"));
  s.backend.finish();
  s.browser.finish();
  BOOST_TEST(s.run_out() == Reason::protocol_error);
  BOOST_TEST(s.backend.received() == "right");
  BOOST_TEST(s.close_code_seen() == 1002);
}

BOOST_AUTO_TEST_CASE(our_own_decision_lets_the_browser_finish) {
  Spliced s;
  s.run();
  s.splice.decide(Reason::drain, s.now);
  s.run();
  BOOST_TEST(s.close_code_seen() == 1012);
  s.browser.send(client_frame(Opcode::binary, "on its way") + client_close(1012));
  s.browser.finish();
  s.backend.send("not taken any more");
  s.backend.finish();
  BOOST_TEST(s.run_out() == Reason::drain);
  BOOST_TEST(s.backend.received() == "on its way");
}

BOOST_AUTO_TEST_CASE(lingering_is_bounded_in_bytes_and_time) {
  Spliced s;
  s.browser.send("\x82\x01x");
  s.backend.finish();
  s.run();
  for (int i = 0; i < 100; ++i) s.browser.send(std::string(10'000, 'x'));
  BOOST_TEST(s.run().over);
  BOOST_TEST(s.browser.discarded() <= 64'000U + net::upstream_read);

  Spliced silent;
  silent.browser.send("\x82\x01x");
  silent.backend.finish();
  const Instant began = silent.now;
  silent.run_out();
  BOOST_TEST((silent.now - began) <= 1s);
}

BOOST_AUTO_TEST_CASE(the_browsers_close_comes_before_the_end_of_the_connection) {
  Spliced s;
  s.run();
  s.backend.finish(IoStatus::failed);
  s.run();
  BOOST_TEST(s.close_code_seen() == 1011);
  BOOST_TEST(!s.browser.shut());
  const Instant said = s.now;
  s.browser.send(client_close(1011));
  s.run();
  BOOST_TEST(s.browser.shut());
  s.browser.finish();
  BOOST_TEST(s.run_out() == Reason::backend_reset);
  BOOST_TEST((s.now == said));

  // Who breaks the protocol is not waited for.
  Spliced broken;
  broken.browser.send("\x82\x01x");
  broken.run();
  BOOST_TEST(broken.browser.shut());

  // One that has closed by itself waits for nothing.
  Spliced closed;
  closed.browser.send(client_close(1000));
  closed.run();
  BOOST_TEST(closed.browser.shut());

  // Nor is one waited for that is gone.
  Spliced gone;
  gone.run();
  gone.backend.finish(IoStatus::failed);
  gone.browser.finish();
  gone.run();
  BOOST_TEST(gone.browser.shut());
}

BOOST_AUTO_TEST_CASE(unfinished_text_at_the_backends_end_is_said) {
  config::Route route;
  route.message_type = config::MessageType::text;
  Spliced s(route);
  s.backend.send("caf\xC3");
  s.backend.finish();
  BOOST_TEST(s.run_out() == Reason::backend_text);
  BOOST_TEST(s.payload_seen() == "caf");
  BOOST_TEST(s.close_code_seen() == 1011);
  BOOST_TEST(s.splice.counts().down_discarded == 1U);
}

BOOST_AUTO_TEST_CASE(text_is_passed_on_up_to_the_first_wrong_byte) {
  config::Route route;
  route.message_type = config::MessageType::text;
  Spliced s(route);
  s.backend.send("good");
  s.backend.send(" caf\xC3");
  s.backend.send("x and more");
  BOOST_TEST(s.run_out() == Reason::backend_text);
  BOOST_TEST(s.payload_seen() == "good caf");
  BOOST_TEST(s.splice.counts().down_bytes == 8U);
  BOOST_TEST(s.splice.counts().down_discarded == 11U);

  Spliced within(route);
  within.backend.send("right \xE2\x82\xAC \xE2\x82 wrong");
  BOOST_TEST(within.run_out() == Reason::backend_text);
  BOOST_TEST(within.payload_seen() == "right \xE2\x82\xAC ");
}

BOOST_AUTO_TEST_CASE(a_backend_that_never_stops_is_not_listened_to_for_long) {
  Spliced s;
  s.run();
  s.browser.send(client_close(1000));
  for (int i = 0; i < 100; ++i) s.backend.send(std::string(60'000, 'x'));
  s.browser.finish();
  const Instant began = s.now;
  BOOST_TEST(s.run_out() == Reason::client_closed);
  BOOST_TEST((s.now == began));
  BOOST_TEST(s.splice.counts().down_discarded >= 1'000'000U);
  BOOST_TEST(s.splice.counts().down_bytes + s.splice.counts().down_discarded <= 1'600'000U);
}

BOOST_AUTO_TEST_CASE(an_abandoned_session_counts_what_it_held) {
  Spliced s;
  s.backend.take_nothing();
  s.browser.take_nothing();
  s.browser.send(client_frame(Opcode::binary, "never arrives"));
  s.backend.send("neither");
  s.run();
  s.splice.abandon(Reason::drain);
  BOOST_TEST(s.splice.counts().up_discarded == 13U);
  BOOST_TEST(s.splice.counts().down_discarded == 7U);
  BOOST_TEST(s.splice.counts().up_bytes == 0U);
  BOOST_TEST(s.splice.counts().down_bytes == 0U);
  BOOST_TEST(s.budget.used() == 0U);
}

BOOST_AUTO_TEST_CASE(a_slow_browser_gets_the_last_bytes_as_long_as_it_takes_some) {
  Spliced s;
  s.browser.take_nothing();
  s.backend.send(std::string(1'000, 'x'));
  s.backend.finish();
  s.run();
  for (int i = 0; i < 11; ++i) {
    s.browser.allow(100);
    BOOST_REQUIRE(!s.run_after(4s).over);
  }
  BOOST_TEST(s.payload_seen().size() == 1'000U);
  BOOST_TEST(s.close_code_seen() == 1000);
  BOOST_TEST(s.run_out() == Reason::backend_closed);
  BOOST_TEST(s.splice.counts().down_discarded == 0U);
}

BOOST_AUTO_TEST_CASE(a_backend_that_speaks_before_it_reads_on_is_listened_to_while_closing) {
  Spliced s;
  s.backend.take_nothing();
  s.browser.send(client_frame(Opcode::binary, "last words"));
  s.run();
  s.splice.decide(Reason::drain, s.now);
  s.backend.send("blocked until this is read");
  s.run();
  BOOST_TEST(!s.backend.readable());
  s.backend.take_all();
  s.browser.send(client_close(1012));
  s.browser.finish();
  s.backend.finish();
  BOOST_TEST(s.run_out() == Reason::drain);
  BOOST_TEST(s.backend.received() == "last words");
  BOOST_TEST(s.splice.counts().down_discarded == 26U);
}

BOOST_AUTO_TEST_CASE(a_browser_that_never_answers_the_close_takes_no_time_from_a_slow_backend) {
  Spliced s;
  s.backend.take_nothing();
  s.browser.send(client_frame(Opcode::binary, "last words"));
  s.run();
  s.splice.decide(Reason::drain, s.now);
  s.run();
  s.run_after(5s);
  BOOST_REQUIRE(!s.run_after(3s).over);
  s.backend.take_all();
  s.backend.finish();
  BOOST_TEST(s.run_out() == Reason::drain);
  BOOST_TEST(s.backend.received() == "last words");
}

BOOST_AUTO_TEST_CASE(nothing_of_the_browser_counts_once_its_credential_is_no_good) {
  for (const bool drains : {false, true}) {
    Spliced s;
    s.browser.send(client_frame(Opcode::binary, "before"));
    s.run();
    // A drain that is under way would let the browser speak on.
    if (drains) s.splice.decide(Reason::drain, s.now);
    s.splice.cut(Reason::revoked, s.now);
    s.browser.send(client_frame(Opcode::binary, "after"));
    s.run();
    BOOST_TEST(s.close_code_seen() == (drains ? 1012 : 1008));
    s.backend.finish();
    s.browser.finish();
    BOOST_TEST(s.run_out() == (drains ? Reason::drain : Reason::revoked));
    BOOST_TEST(s.backend.received() == "before");
    BOOST_TEST(s.backend.shut());
  }
}

BOOST_AUTO_TEST_SUITE_END()
