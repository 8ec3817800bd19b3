#include "recorded_trace.hpp"
#include "splice_fixture.hpp"

using namespace drawbridge;
using namespace drawbridge::test;
using net::Direction;
using testing::client_close;
using testing::client_frame;
using testing::RecordedTrace;
using ws::Opcode;

namespace {

// A traced splice, with a backend or without.
struct Traced : Spliced {
  explicit Traced(const config::Route& its_route = {}, bool echoes = false) : Spliced(its_route, 1 << 30, echoes) {
    splice.trace(&trace);
  }

  std::vector<RecordedTrace::Told>& up() { return trace.frames_of(Direction::up); }
  std::vector<RecordedTrace::Told>& down() { return trace.frames_of(Direction::down); }

  RecordedTrace trace;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(splice_trace)

BOOST_AUTO_TEST_CASE(frames_are_told_as_they_were_sent) {
  Traced s;
  s.browser.send(client_frame(Opcode::text, "Hel", false) + client_frame(Opcode::ping, "now") +
                 client_frame(Opcode::continuation, "lo") + client_frame(Opcode::binary, "") +
                 client_frame(Opcode::pong, "still"));
  s.run();
  s.backend.send("answer");
  s.now += 5ms;
  s.run();
  BOOST_TEST(s.trace.words == "up:text+3 up:ping3 up:more2 up:binary0 up:pong5 down:pong3 down:binary6");
  BOOST_TEST(s.up()[0].payload == "Hel");
  BOOST_TEST(s.up()[1].payload == "now");
  BOOST_TEST(s.up()[2].payload == "lo");
  BOOST_TEST(s.up()[4].payload == "still");
  BOOST_TEST(s.down()[0].payload == "now");
  BOOST_TEST(s.down()[1].payload == "answer");
  BOOST_TEST((s.trace.at == Instant(1h) + 5ms));
}

BOOST_AUTO_TEST_CASE(the_same_bytes_one_by_one_tell_the_same) {
  const std::string wire = client_frame(Opcode::binary, std::string(300, 'a'), false) +
                           client_frame(Opcode::ping, "1") + client_frame(Opcode::continuation, "", false) +
                           client_frame(Opcode::continuation, "b") + client_frame(Opcode::text, "\xC3\xA9") +
                           client_close(1000, "bye");
  Traced whole;
  whole.browser.send(wire);
  whole.run();
  Traced pieces;
  for (const char byte : wire) pieces.browser.send(std::string(1, byte));
  pieces.run();
  BOOST_TEST(whole.up().size() == 6U);
  for (Traced* s : {&whole, &pieces}) {
    BOOST_TEST(s->up()[0].payload == std::string(300, 'a'));
    BOOST_TEST(s->up()[4].payload == "\xC3\xA9");
    BOOST_TEST(s->up()[5].payload ==
               "\x03\xE8"
               "bye");
  }
  // Only when an answer goes out depends on when what it answers came.
  BOOST_TEST(whole.trace.words ==
             "up:binary+300 up:ping1 up:more+0 up:more1 up:text2 up:close5 down:pong1 down:close2");
  BOOST_TEST(pieces.trace.words ==
             "up:binary+300 up:ping1 down:pong1 up:more+0 up:more1 up:text2 up:close5 down:close2");
}

BOOST_AUTO_TEST_CASE(a_long_frame_is_told_once_with_all_its_length_when_its_header_is_there) {
  Traced s;
  const std::string frame = client_frame(Opcode::binary, std::string(100'000, 'x'));
  s.browser.send(frame.substr(0, 14));
  s.run();
  BOOST_TEST(s.trace.words == "up:binary100000");
  BOOST_TEST(s.up()[0].payload.empty());
  s.browser.send(frame.substr(14));
  s.run();
  BOOST_TEST(s.trace.words == "up:binary100000");
  BOOST_TEST(s.up()[0].payload == std::string(100'000, 'x'));
}

BOOST_AUTO_TEST_CASE(an_echo_tells_both_ways) {
  Traced s({}, true);
  s.browser.send(client_frame(Opcode::text, "a", false) + client_frame(Opcode::ping, "p") +
                 client_frame(Opcode::continuation, "bc"));
  s.run();
  BOOST_TEST(s.trace.words == "up:text+1 down:text+1 up:ping1 down:pong1 up:more2 down:more2");
}

BOOST_AUTO_TEST_CASE(a_close_of_either_side_is_told_with_code_and_reason) {
  Traced ours;
  ours.backend.finish();
  ours.run();
  BOOST_TEST(ours.trace.words == "down:close16");
  BOOST_TEST(ours.down()[0].payload ==
             "\x03\xE8"
             "backend_closed");
  ours.browser.send(client_close(1000));
  ours.run();
  BOOST_TEST(ours.trace.words == "down:close16 up:close2");
}

BOOST_AUTO_TEST_CASE(pings_of_ours_are_told) {
  config::Route route;
  route.timeouts.ping = config::Milliseconds(1'000);
  Traced s(route);
  s.run();
  s.now += 1s;
  s.run();
  BOOST_TEST(s.trace.words == "down:ping0");
}

BOOST_AUTO_TEST_CASE(peers_that_take_nothing_are_told_and_when_they_take_again) {
  Traced s;
  s.backend.take_nothing();
  s.browser.take_nothing();
  s.browser.send(client_frame(Opcode::binary, "up"));
  s.backend.send("down");
  s.run();
  BOOST_TEST(s.trace.words == "up:binary2 up:held down:binary4 down:held");
  s.trace.words.clear();
  s.backend.allow(1);
  s.browser.allow(1);
  s.run();
  BOOST_TEST(s.trace.words.empty());
  s.backend.take_all();
  s.browser.take_all();
  s.run();
  BOOST_TEST(s.trace.words == "up:taken down:taken");
}

BOOST_AUTO_TEST_CASE(frames_that_wait_undecoded_are_told_once) {
  config::Route route;
  route.limits.messages_per_second = 1;
  Traced s(route);
  s.browser.send(client_frame(Opcode::binary, "1") + client_frame(Opcode::binary, "22") +
                 client_frame(Opcode::binary, "333"));
  s.run();
  // Two: the rate may be owed.
  BOOST_TEST(s.trace.words == "up:binary1 up:binary2");
  for (int second = 0; second < 5; ++second) {
    s.now += 1s;
    s.run();
  }
  BOOST_TEST(s.trace.words == "up:binary1 up:binary2 up:binary3");
}

BOOST_AUTO_TEST_CASE(a_trace_can_begin_and_end_at_any_moment) {
  const std::string frame = client_frame(Opcode::binary, "first", false);
  for (std::size_t split = 0; split <= frame.size(); ++split) {
    Traced s;
    s.splice.trace(nullptr);
    if (split > 0) s.browser.send(frame.substr(0, split));
    s.run();
    BOOST_TEST(s.trace.words.empty());
    s.splice.trace(&s.trace);
    if (split < frame.size()) s.browser.send(frame.substr(split));
    s.browser.send(client_frame(Opcode::continuation, "second"));
    s.run();
    // A header that was not whole yet is told.
    BOOST_TEST(s.trace.words == (split < 6 ? "up:binary+5 up:more6" : "up:more6"));
    s.splice.trace(nullptr);
    s.browser.send(client_frame(Opcode::binary, "third"));
    s.run();
    BOOST_TEST(s.backend.received() == "firstsecondthird");
    BOOST_TEST(s.up().back().payload == "second");
  }
}

BOOST_AUTO_TEST_SUITE_END()
