// Section 1: messages of one frame, around the sizes where the form of the length changes.

#include "conformance/case.hpp"

namespace drawbridge::conformance {

std::vector<Case> framing() {
  struct Row {
    const char* number;
    std::size_t size;
    std::size_t chop = 0;
  };
  const Row rows[] = {{"1", 0},   {"2", 125},    {"3", 126},    {"4", 127},
                      {"5", 128}, {"6", 65'535}, {"7", 65'536}, {"8", 65'536, 997}};
  std::vector<Case> cases;
  for (const Op type : {Op::text, Op::binary}) {
    for (const auto& [number, size, chop] : rows) {
      const std::string payload(size, type == Op::text ? '*' : '\xFE');
      cases.push_back({.number = (type == Op::text ? "1.1." : "1.2.") + std::string(number),
                       .title = "a message of " + std::to_string(size) + " bytes",
                       .sends = chopped(testing::frame(type, payload), chop),
                       .expected = {{type, payload}}});
    }
  }
  return cases;
}

}  // namespace drawbridge::conformance
