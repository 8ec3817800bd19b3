// Section 4: reserved opcodes. What came before them is echoed, nothing after.

#include "conformance/case.hpp"

namespace drawbridge::conformance {

using testing::frame;

std::vector<Case> opcodes() {
  const std::string hello = "Hello, world!";
  const std::string good = frame(Op::text, hello);
  const std::string ping = frame(Op::ping, "");
  std::vector<Case> cases;
  const auto add = [&](const std::string& section, int first) {
    const auto bad = [&](int which, std::string_view payload) {
      return frame(static_cast<Op>(first + which), payload);
    };
    cases.insert(
        cases.end(),
        {{section + ".1", "an empty frame", at_once(bad(0, "")), {}, fails(1002)},
         {section + ".2", "a frame", at_once(bad(1, "reserved opcode payload")), {}, fails(1002)},
         {section + ".3",
          "text, an empty frame, a ping",
          at_once(good + bad(2, "") + ping),
          {text(hello)},
          fails(1002)},
         {section + ".4", "text, a frame, a ping", at_once(good + bad(3, hello) + ping), {text(hello)}, fails(1002)},
         {section + ".5", "the same, byte by byte", chopped(good + bad(4, hello) + ping), {text(hello)}, fails(1002)}});
  };
  add("4.1", 3);   // 3..7: data
  add("4.2", 11);  // 11..15: control
  return cases;
}

}  // namespace drawbridge::conformance
