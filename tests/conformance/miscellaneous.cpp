// Section 10: a message in the fragments that a client's library makes of it.

#include "conformance/case.hpp"

namespace drawbridge::conformance {

std::vector<Case> miscellaneous() {
  const std::string payload(65'536, '*');
  return {{"10.1.1",
           "64 KiB of text in fragments of 1,300 bytes",
           at_once(fragmented(Op::text, payload, 1300)),
           {text(payload)}}};
}

}  // namespace drawbridge::conformance
