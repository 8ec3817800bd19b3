#include "splice_fixture.hpp"

using namespace drawbridge;
using namespace drawbridge::test;
using net::IoStatus;
using testing::client_close;
using testing::client_frame;
using testing::server_frames;
using ws::Opcode;

namespace {

// A splice without a backend, before a scripted browser.
struct Echoing : Spliced {
  explicit Echoing(const config::RouteLimits& limits = {}, std::uint64_t buffers = 1 << 30)
      : Spliced(with(limits), buffers, true) {}
  static config::Route with(const config::RouteLimits& limits) {
    config::Route route;
    route.limits = limits;
    return route;
  }

  // What the browser saw, a word a frame: "text:ab", "binary+:a" for a first fragment, "+:b" for one that continues,
  // "pong:", "close:1000".
  std::string seen() const {
    std::string words;
    for (const auto& frame : server_frames(browser.received())) {
      constexpr std::array names{"", "text", "binary", "", "", "", "", "", "close", "ping", "pong"};
      BOOST_REQUIRE(frame.opcode >= 0);
      if (!words.empty()) words += ' ';
      words += names.at(static_cast<std::size_t>(frame.opcode));
      words += frame.fin ? ":" : "+:";
      words += frame.opcode == 8 ? std::to_string(frame.code()) : frame.payload;
    }
    return words;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(splice_echo)

BOOST_AUTO_TEST_CASE(messages_come_back_with_their_type_and_bounds) {
  Echoing s;
  s.browser.send(client_frame(Opcode::text, "one") + client_frame(Opcode::binary, "two") +
                 client_frame(Opcode::text, "") + client_frame(Opcode::binary, ""));
  s.run();
  BOOST_TEST(s.seen() == "text:one binary:two text: binary:");
  const net::Counts& counts = s.splice.counts();
  BOOST_TEST(counts.up_bytes == 6U);
  BOOST_TEST(counts.up_messages == 4U);
  BOOST_TEST(counts.down_bytes == 6U);
  BOOST_TEST(counts.down_messages == 4U);
}

BOOST_AUTO_TEST_CASE(a_fragmented_message_stays_one_message) {
  Echoing s;
  s.browser.send(client_frame(Opcode::text, "a", false) + client_frame(Opcode::continuation, "", false));
  s.browser.send(client_frame(Opcode::continuation, "b", false) + client_frame(Opcode::continuation, "") +
                 client_frame(Opcode::binary, "next"));
  s.run();
  BOOST_TEST(s.seen() == "text+:a +:b : binary:next");
  BOOST_TEST(s.splice.counts().down_messages == 2U);
}

BOOST_AUTO_TEST_CASE(any_split_of_the_bytes_makes_the_same_messages) {
  const std::string wire = client_frame(Opcode::binary, "abc", false) + client_frame(Opcode::ping, "now") +
                           client_frame(Opcode::continuation, "def") + client_frame(Opcode::text, "ghi");
  for (std::size_t split = 0; split < wire.size(); ++split) {
    Echoing s;
    if (split > 0) s.browser.send(wire.substr(0, split));
    s.browser.send(wire.substr(split));
    s.run();
    std::string payload;
    for (const auto& frame : server_frames(s.browser.received())) {
      payload += frame.opcode == 10 ? "(" + frame.payload + ")" : frame.payload;
      if (frame.fin && frame.opcode < 8) payload += '|';
    }
    BOOST_TEST(payload == "abc(now)def|ghi|", "split at " << split);
  }
}

BOOST_AUTO_TEST_CASE(echoes_and_pongs_keep_their_order) {
  Echoing s;
  s.browser.send(client_frame(Opcode::ping, "1") + client_frame(Opcode::text, "a", false) +
                 client_frame(Opcode::ping, "2") + client_frame(Opcode::continuation, "b") +
                 client_frame(Opcode::ping, "3"));
  s.run();
  BOOST_TEST(s.seen() == "pong:1 text+:a pong:2 :b pong:3");
}

BOOST_AUTO_TEST_CASE(what_came_before_a_bad_frame_or_a_close_goes_back_first) {
  Echoing bad;
  bad.browser.send(client_frame(Opcode::text, "good") + client_frame(static_cast<Opcode>(5), "bad"));
  bad.run();
  BOOST_TEST(bad.seen() == "text:good close:1002");

  Echoing closed;
  closed.browser.send(client_frame(Opcode::text, "last") + client_close(3000) + client_frame(Opcode::text, "late"));
  closed.browser.finish();
  BOOST_TEST(closed.run().over);
  BOOST_TEST(closed.seen() == "text:last close:3000");
  BOOST_TEST(closed.browser.shut());
}

BOOST_AUTO_TEST_CASE(nothing_follows_our_close_and_it_is_counted) {
  Echoing s;
  s.run();
  s.splice.decide(Reason::drain, s.now);
  s.run();
  s.browser.send(client_frame(Opcode::binary, "late") + client_close(1012));
  s.browser.finish();
  BOOST_TEST(s.run().over);
  BOOST_TEST(s.seen() == "close:1012");
  BOOST_TEST(s.splice.counts().up_bytes == 4U);
  BOOST_TEST(s.splice.counts().down_discarded == 4U);
}

BOOST_AUTO_TEST_CASE(a_browser_that_does_not_read_is_not_read_and_loses_nothing) {
  Echoing s;
  s.browser.take_nothing();
  std::string sent;
  for (int i = 0; i < 40; ++i) {
    const std::string message(10'000, static_cast<char>('a' + i % 26));
    s.browser.send(client_frame(Opcode::binary, message));
    sent += message;
  }
  s.run();
  BOOST_TEST(s.budget.used() <= 2U * 65'536);
  BOOST_TEST(s.browser.readable());
  while (s.splice.counts().down_messages < 40) {
    const std::size_t before = s.browser.received().size();
    s.browser.allow(777);
    s.run();
    BOOST_REQUIRE(s.browser.received().size() > before);
  }
  s.browser.take_all();
  s.browser.send(client_close(1000));
  s.browser.finish();
  BOOST_TEST(s.run().over);
  std::string got;
  for (const auto& frame : server_frames(s.browser.received())) {
    if (frame.opcode <= 2) got += frame.payload;
  }
  BOOST_TEST((got == sent));
  BOOST_TEST(s.budget.used() == 0U);
}

BOOST_AUTO_TEST_CASE(a_frame_of_several_reads_comes_back_whole) {
  const std::string message(1'000'000, 'm');
  Echoing s;
  s.browser.send(client_frame(Opcode::binary, message));
  s.run();
  std::string got;
  for (const auto& frame : server_frames(s.browser.received())) got += frame.payload;
  BOOST_TEST((got == message));
  BOOST_TEST(s.splice.counts().down_messages == 1U);
}

BOOST_AUTO_TEST_CASE(a_flood_of_tiny_messages_yields_after_its_turn) {
  Echoing s;
  std::string flood;
  for (int i = 0; i < 5'000; ++i) flood += client_frame(Opcode::binary, "x") + client_frame(Opcode::ping, "");
  s.browser.send(flood);
  const net::Wants wants = s.splice.advance(s.now, *s.scratch);
  BOOST_TEST(wants.again);
  BOOST_TEST(s.browser.moves() < 500U);
  s.run();
  BOOST_TEST(s.splice.counts().down_messages == 5'000U);
}

BOOST_AUTO_TEST_CASE(session_bytes_count_both_ways) {
  config::RouteLimits limits;
  limits.session_bytes = 10;
  Echoing s(limits);
  s.browser.send(client_frame(Opcode::binary, "abc") + client_frame(Opcode::binary, "defg"));
  s.run();
  BOOST_TEST(s.seen() == "binary:abc binary+:de close:1008");
  BOOST_TEST(s.splice.counts().up_discarded == 2U);
}

BOOST_AUTO_TEST_CASE(rates_hold_for_echoes) {
  config::RouteLimits limits;
  limits.messages_per_second = 4;
  limits.downstream_rate = 1'000'000;
  Echoing s(limits);
  for (int i = 0; i < 4; ++i) s.browser.send(client_frame(Opcode::text, "m"));
  const net::Wants wants = s.run();
  BOOST_TEST(s.splice.counts().down_messages < 4U);
  BOOST_REQUIRE((wants.deadline != never));
  for (int i = 0; i < 10 && s.splice.counts().down_messages < 4; ++i) {
    s.now += 250ms;
    s.run();
  }
  BOOST_TEST(s.seen() == "text:m text:m text:m text:m");
}

BOOST_AUTO_TEST_CASE(a_browser_that_vanishes_ends_it) {
  Echoing s;
  s.browser.take_nothing();
  s.browser.send(client_frame(Opcode::binary, std::string(100, 'x')) + client_frame(Opcode::binary, "more"));
  s.run();
  s.browser.refuse_writes();
  s.browser.finish(IoStatus::failed);
  BOOST_TEST(s.run().over);
  BOOST_TEST(s.splice.lifecycle().reason().value() == Reason::client_gone);
  BOOST_TEST(s.splice.counts().up_bytes == 100U);
  BOOST_TEST(s.splice.counts().up_discarded == 4U);
  BOOST_TEST(s.splice.counts().down_discarded == 100U);
  BOOST_TEST(s.budget.used() == 0U);
}

BOOST_AUTO_TEST_CASE(it_ends_with_its_deadlines) {
  Echoing s;
  s.run();
  s.now += 61s;
  s.run();
  s.now += 61s;
  s.run();
  BOOST_TEST(s.splice.lifecycle().reason().value() == Reason::dead);
  s.now += 10s;
  s.run();
  s.now += 10s;
  BOOST_TEST(s.run().over);
}

BOOST_AUTO_TEST_SUITE_END()
