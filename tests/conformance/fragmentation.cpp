// Section 5: fragments, what may stand between them, and continuations of nothing.

#include "conformance/case.hpp"

namespace drawbridge::conformance {
namespace {

using testing::frame;

std::string begin(std::string_view payload) {
  return part(Op::text, payload);
}
std::string middle(std::string_view payload) {
  return part(Op::continuation, payload);
}
std::string last(std::string_view payload) {
  return frame(Op::continuation, payload);
}

std::string joined(const std::vector<std::string>& frames) {
  std::string bytes;
  for (const std::string& each : frames) bytes += each;
  return bytes;
}

// The first ping is answered before the message goes on.
std::vector<Step> with_a_pause(bool frame_wise) {
  const std::vector<std::string> before{begin("fragment1"), middle("fragment2"), frame(Op::ping, "pongme 1!")};
  const std::vector<std::string> after{middle("fragment3"), middle("fragment4"), frame(Op::ping, "pongme 2!"),
                                       last("fragment5")};
  std::vector<Step> steps = frame_wise ? frame_by_frame(before) : at_once(joined(before));
  steps.back().await = 1;
  for (const Step& step : frame_wise ? frame_by_frame(after) : at_once(joined(after))) steps.push_back(step);
  return steps;
}

}  // namespace

std::vector<Case> fragmentation() {
  const std::string hello = frame(Op::text, "Hello, world!");
  const std::string nothing_to_continue = "non-continuation payload";
  const std::vector<std::string> two{begin("fragment1"), last("fragment2")};
  const std::vector<std::string> with_ping{two[0], frame(Op::ping, "ping payload"), two[1]};
  const Event message = text("fragment1fragment2");
  const std::vector<Event> pong_first{pong("ping payload"), message};
  const std::vector<Event> paused{pong("pongme 1!"), pong("pongme 2!"),
                                  text("fragment1fragment2fragment3fragment4fragment5")};
  const std::string twice_continued = middle("fragment1") + begin("fragment2") + last("fragment3");
  const std::string twice_ended = last("fragment1") + begin("fragment2") + last("fragment3");
  return {
      {"5.1", "a ping in two fragments", at_once(part(Op::ping, "fragment1") + last("fragment2")), {}, fails(1002)},
      {"5.2", "a pong in two fragments", at_once(part(Op::pong, "fragment1") + last("fragment2")), {}, fails(1002)},
      {"5.3", "text in two fragments", at_once(joined(two)), {message}},
      {"5.4", "text in two fragments, frame by frame", frame_by_frame(two), {message}},
      {"5.5", "text in two fragments, byte by byte", chopped(joined(two)), {message}},
      {"5.6", "a ping between two fragments", at_once(joined(with_ping)), pong_first},
      {"5.7", "a ping between two fragments, frame by frame", frame_by_frame(with_ping), pong_first},
      {"5.8", "a ping between two fragments, byte by byte", chopped(joined(with_ping)), pong_first},
      {"5.9", "a last fragment of nothing", at_once(last(nothing_to_continue) + hello), {}, fails(1002)},
      {"5.10", "the same, frame by frame", frame_by_frame({last(nothing_to_continue), hello}), {}, fails(1002)},
      {"5.11", "the same, byte by byte", chopped(last(nothing_to_continue) + hello), {}, fails(1002)},
      {"5.12", "a middle fragment of nothing", at_once(middle(nothing_to_continue) + hello), {}, fails(1002)},
      {"5.13", "the same, frame by frame", frame_by_frame({middle(nothing_to_continue), hello}), {}, fails(1002)},
      {"5.14", "the same, byte by byte", chopped(middle(nothing_to_continue) + hello), {}, fails(1002)},
      {"5.15",
       "a message, then a fragment of nothing",
       at_once(joined(two) + middle("fragment3") + frame(Op::text, "fragment4")),
       {message},
       fails(1002)},
      {"5.16", "twice: a middle fragment, text", at_once(twice_continued + twice_continued), {}, fails(1002)},
      {"5.17", "twice: a last fragment, text", at_once(twice_ended + twice_ended), {}, fails(1002)},
      {"5.18",
       "a second fragment with the opcode of a first",
       at_once(begin("fragment1") + frame(Op::text, "fragment2")),
       {},
       fails(1002),
       "fragment1"},
      {"5.19", "five fragments, two pings, a pause", with_a_pause(false), paused},
      {"5.20", "the same, frame by frame", with_a_pause(true), paused},
  };
}

}  // namespace drawbridge::conformance
