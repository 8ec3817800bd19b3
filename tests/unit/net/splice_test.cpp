#include "splice_fixture.hpp"

using namespace drawbridge;
using namespace drawbridge::test;
using testing::client_close;
using testing::client_frame;
using testing::server_frames;
using ws::Opcode;

BOOST_AUTO_TEST_SUITE(splice)

BOOST_AUTO_TEST_CASE(payload_goes_up_without_frames_and_down_in_frames) {
  Spliced s;
  s.browser.send(client_frame(Opcode::binary, "hello ") + client_frame(Opcode::text, "world"));
  s.backend.send("welcome");
  s.run();
  BOOST_TEST(s.backend.received() == "hello world");
  const auto frames = server_frames(s.browser.received());
  BOOST_REQUIRE(frames.size() == 1);
  BOOST_TEST(frames[0].opcode == 2);
  BOOST_TEST(frames[0].fin);
  BOOST_TEST(frames[0].payload == "welcome");
}

BOOST_AUTO_TEST_CASE(a_backend_that_speaks_first_is_heard) {
  Spliced s;
  s.backend.send("RFB 003.008\n");
  s.run();
  BOOST_TEST(s.payload_seen() == "RFB 003.008\n");
}

BOOST_AUTO_TEST_CASE(bytes_behind_the_head_come_first) {
  Spliced s;
  const std::string first = client_frame(Opcode::binary, "first,");
  const std::string second = client_frame(Opcode::binary, "second");
  const std::string head = first + second.substr(0, 4);
  s.splice.take_first({reinterpret_cast<const std::uint8_t*>(head.data()), head.size()}, *s.scratch, s.now);
  s.browser.send(second.substr(4));
  s.run();
  BOOST_TEST(s.backend.received() == "first,second");
}

BOOST_AUTO_TEST_CASE(every_split_of_the_same_frames_delivers_the_same) {
  const std::string bytes = client_frame(Opcode::binary, std::string(300, 'a'), false) +
                            client_frame(Opcode::ping, "alive?") +
                            client_frame(Opcode::continuation, std::string(70'000, 'b')) + client_close(1000, "bye");
  for (const std::size_t step : {1UL, 2UL, 3UL, 7UL, 125UL, 4'096UL, 65'536UL, bytes.size()}) {
    Spliced s;
    for (std::size_t at = 0; at < bytes.size(); at += step) s.browser.send(bytes.substr(at, step));
    s.run();
    BOOST_TEST((s.backend.received() == std::string(300, 'a') + std::string(70'000, 'b')), "in steps of " << step);
    BOOST_TEST(s.close_code_seen() == 1000, "in steps of " << step);
  }
}

BOOST_AUTO_TEST_CASE(a_backend_that_does_not_read_stops_the_browser_and_loses_nothing) {
  Spliced s;
  s.backend.take_nothing();
  std::string sent;
  for (int i = 0; i < 100; ++i) {
    sent += std::string(1'000, static_cast<char>('a' + i % 26));
    s.browser.send(client_frame(Opcode::binary, std::string(1'000, static_cast<char>('a' + i % 26))));
  }
  s.run();
  BOOST_TEST(s.browser.given().size() < 2'000U);
  BOOST_TEST(s.budget.used() <= net::upstream_read);
  while (s.backend.received().size() < sent.size()) {
    const std::size_t before = s.backend.received().size();
    s.backend.allow(777);
    s.run();
    BOOST_REQUIRE(s.backend.received().size() == std::min(before + 777, sent.size()));
  }
  BOOST_TEST((s.backend.received() == sent));
  BOOST_TEST(s.budget.used() == 0U);
}

BOOST_AUTO_TEST_CASE(a_browser_that_does_not_read_stops_the_backend_and_loses_nothing) {
  Spliced s;
  s.browser.take_nothing();
  std::string sent;
  for (int i = 0; i < 100; ++i) {
    sent += std::string(3'000, static_cast<char>('a' + i % 26));
    s.backend.send(sent.substr(sent.size() - 3'000));
  }
  s.run();
  BOOST_TEST(s.backend.given().size() == 3'000U);
  BOOST_TEST(s.budget.used() <= sizeof(net::Scratch::down));
  for (int i = 0; i < 1'000 && s.payload_seen().size() < sent.size(); ++i) {
    s.browser.allow(1'111);
    s.run();
  }
  BOOST_TEST((s.payload_seen() == sent));
  BOOST_TEST(s.budget.used() == 0U);
}

BOOST_AUTO_TEST_CASE(frames_keep_their_boundaries_when_the_browser_takes_single_bytes) {
  Spliced s;
  s.browser.take_nothing();
  s.backend.send("one");
  s.backend.send("two");
  s.browser.send(client_frame(Opcode::ping, "p"));
  for (int i = 0; i < 40; ++i) {
    s.browser.allow(1);
    s.run();
  }
  const auto frames = server_frames(s.browser.received());
  BOOST_REQUIRE(frames.size() == 3);
  BOOST_TEST(s.payload_seen() == "onetwo");
}

BOOST_AUTO_TEST_CASE(a_ping_is_answered) {
  Spliced s;
  s.browser.send(client_frame(Opcode::ping, "are you there"));
  s.run();
  const auto frames = server_frames(s.browser.received());
  BOOST_REQUIRE(frames.size() == 1);
  BOOST_TEST(frames[0].opcode == 10);
  BOOST_TEST(frames[0].payload == "are you there");
}

BOOST_AUTO_TEST_CASE(every_ping_is_answered_in_order) {
  Spliced s;
  std::string pings;
  for (int i = 0; i < 10; ++i) pings += client_frame(Opcode::ping, std::string(125, static_cast<char>('0' + i)));
  s.browser.send(pings);
  s.run();
  const auto frames = server_frames(s.browser.received());
  BOOST_REQUIRE(frames.size() == 10);
  for (std::size_t i = 0; i < 10; ++i) {
    BOOST_TEST(frames[i].opcode == 10);
    BOOST_TEST(frames[i].payload == std::string(125, static_cast<char>('0' + i)));
  }
}

BOOST_AUTO_TEST_CASE(of_many_pings_only_the_newest_wait) {
  Spliced s;
  s.browser.take_nothing();
  s.backend.send("busy");
  s.run();
  for (int i = 0; i < 1'000; ++i) s.browser.send(client_frame(Opcode::ping, "ping " + std::to_string(i)));
  s.run();
  BOOST_TEST(s.budget.used() < 100U);
  s.browser.allow(10'000);
  s.run();
  const auto frames = server_frames(s.browser.received());
  BOOST_REQUIRE(frames.size() > 1);
  BOOST_TEST(s.browser.received().size() < 2'000U);
  BOOST_TEST(frames.back().payload == "ping 999");
}

BOOST_AUTO_TEST_CASE(a_session_yields_after_its_turn) {
  Spliced s;
  for (int i = 0; i < 100; ++i) s.backend.send(std::string(60'000, 'x'));
  const net::Wants wants = s.splice.advance(s.now, *s.scratch);
  BOOST_TEST(wants.again);
  BOOST_TEST(s.payload_seen().size() <= 4 * net::largest_downstream_frame);
  s.run();
  BOOST_TEST(s.payload_seen().size() == 6'000'000U);
}

BOOST_AUTO_TEST_CASE(text_down_never_splits_a_code_point) {
  config::Route route;
  route.message_type = config::MessageType::text;
  const std::string text = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x8C\x89z";
  for (std::size_t split = 0; split <= text.size(); ++split) {
    Spliced s(route);
    if (split > 0) s.backend.send(text.substr(0, split));
    if (split < text.size()) s.backend.send(text.substr(split));
    s.run();
    std::string together;
    for (const auto& frame : server_frames(s.browser.received())) {
      BOOST_TEST(frame.opcode == 1);
      ws::Utf8 whole;
      const auto* bytes = reinterpret_cast<const std::uint8_t*>(frame.payload.data());
      BOOST_TEST((whole.feed({bytes, frame.payload.size()}) && whole.complete()), "split at " << split);
      together += frame.payload;
    }
    BOOST_TEST(together == text);
  }
}

BOOST_AUTO_TEST_CASE(counts_are_exact) {
  Spliced s;
  s.browser.send(client_frame(Opcode::binary, "abc", false) + client_frame(Opcode::continuation, "def") +
                 client_frame(Opcode::ping, "not counted") + client_close(1000));
  s.backend.send("12345");
  s.backend.finish();
  s.browser.finish();
  s.run_out();
  const net::Counts& counts = s.splice.counts();
  BOOST_TEST(counts.up_bytes == 6U);
  BOOST_TEST(counts.up_frames == 2U);
  BOOST_TEST(counts.up_messages == 1U);
  BOOST_TEST(counts.up_discarded == 0U);
  BOOST_TEST(counts.down_bytes + counts.down_discarded == 5U);
}

BOOST_AUTO_TEST_CASE(a_read_that_has_to_write_first_waits_for_that_and_only_so_long) {
  Spliced s;
  s.browser.take_nothing();
  s.browser.cross_reads();
  s.browser.send(client_frame(Opcode::binary, "read after a write"));
  s.run();
  BOOST_TEST(s.backend.received().empty());
  const std::size_t calls = s.browser.calls();
  s.run();
  BOOST_TEST(s.browser.calls() == calls);  // trying again before there is room would spin
  s.browser.take_all();
  s.run();
  BOOST_TEST(s.backend.received() == "read after a write");
}

BOOST_AUTO_TEST_CASE(a_write_that_has_to_read_first_waits_for_that_and_only_so_long) {
  Spliced s;
  s.browser.cross_writes();
  s.backend.send("written after a read");
  s.run();
  const std::size_t calls = s.browser.calls();
  s.run();
  BOOST_TEST(s.browser.calls() == calls);
  s.browser.send(client_frame(Opcode::pong, ""));
  s.run();
  BOOST_TEST(s.payload_seen() == "written after a read");
}

BOOST_AUTO_TEST_CASE(an_end_behind_the_last_bytes_is_seen_though_it_was_told_with_them) {
  for (const bool of_the_browser : {false, true}) {
    Spliced s;
    s.run();
    testing::ScriptedEnd& end = of_the_browser ? s.browser : s.backend;
    end.report_drained();
    end.send(of_the_browser ? client_frame(Opcode::binary, "last words") : "last words");
    end.finish();
    s.run();
    BOOST_TEST((of_the_browser ? s.backend.received() : s.payload_seen()) == "last words");
    BOOST_TEST((s.splice.lifecycle().reason() == (of_the_browser ? Reason::client_gone : Reason::backend_closed)));
  }
}

BOOST_AUTO_TEST_SUITE_END()
