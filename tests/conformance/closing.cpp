// Section 7: Close frames, and what stands around them.

#include "conformance/case.hpp"

namespace drawbridge::conformance {
namespace {

using testing::client_close;
using testing::close_payload;
using testing::frame;

std::vector<Case> around_a_close() {
  const std::string normal = client_close(1000);
  const std::string hello = "Hello World!";
  const std::string big = repeated("BAsd7&jh23", 256 << 10);
  return {
      {"7.1.1", "a message, then a Close", at_once(frame(Op::text, hello)), {text(hello)}},
      {"7.1.2", "two Closes", at_once(normal + frame(Op::close, "")), {}, answers(1000)},
      {"7.1.3", "a ping after the Close", at_once(normal + frame(Op::ping, "")), {}, answers(1000)},
      {"7.1.4", "text after the Close", at_once(normal + frame(Op::text, hello)), {}, answers(1000)},
      {"7.1.5",
       "a Close between two fragments",
       at_once(part(Op::text, "fragment1") + normal + frame(Op::continuation, "fragment2")),
       {},
       answers(1000),
       "fragment1"},
      {"7.1.6",
       "256 KiB, a short message, a Close, a ping",
       at_once(frame(Op::text, big) + frame(Op::text, hello) + normal + frame(Op::ping, "")),
       {text(big), text(hello)},
       answers(1000)},
  };
}

std::vector<Case> payloads() {
  const std::string no_utf8 = "\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5\xED\xA0\x80\x65\x64\x69\x74\x65\x64";
  return {
      {"7.3.1", "an empty Close", at_once(frame(Op::close, "")), {}, answers(1005)},
      {"7.3.2", "a Close of a byte", at_once(frame(Op::close, "a")), {}, refuses(1002)},
      {"7.3.3", "a code", at_once(client_close(1000)), {}, answers(1000)},
      {"7.3.4", "a code and a reason", at_once(client_close(1000, "Hello World!")), {}, answers(1000)},
      {"7.3.5", "a reason of 123 bytes", at_once(client_close(1000, std::string(123, '*'))), {}, answers(1000)},
      {"7.3.6", "a reason of 124 bytes", at_once(client_close(1000, std::string(124, '*'))), {}, refuses(1002)},
      {"7.5.1", "a reason that is no UTF-8", at_once(client_close(1000, no_utf8)), {}, refuses(1007, "utf8")},
  };
}

}  // namespace

std::vector<Case> closing() {
  std::vector<Case> cases = around_a_close();
  for (Case& each : payloads()) cases.push_back(std::move(each));
  const auto add = [&](const std::string& section, std::initializer_list<std::uint16_t> codes, bool valid) {
    int i = 1;
    for (const std::uint16_t code : codes) {
      cases.push_back({section + std::to_string(i++),
                       "code " + std::to_string(code),
                       at_once(client_close(code)),
                       {},
                       valid ? answers(code) : refuses(1002)});
    }
  };
  add("7.7.", {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999}, true);
  add("7.9.", {0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999}, false);
  add("7.13.", {5000, 65'535}, false);
  return cases;
}

}  // namespace drawbridge::conformance
