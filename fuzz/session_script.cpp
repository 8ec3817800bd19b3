// The input is the script of two peers around one session: frames, splits, stalls, resets, ends, steps of the clock;
// what each got is what the other sent, memory is bounded, it ends, for one reason, with true counts, and gives back
// its permit.
//
// Input: the peers' manners, whether it is an echo, and whether it is traced (1 byte), then what SessionWorld chooses,
// in its order.

#include "finding.hpp"
#include "unit/net/session_world.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace drawbridge::testing;
  if (size == 0) return 0;
  WrittenChoices choices({data + 1, size - 1});
  try {
    const Manners manners = data[0] % 4 == 0 ? Manners::good : Manners::any;
    const Behind behind = data[0] / 4 % 4 == 1 ? Behind::echo : Behind::service;
    SessionWorld(choices, manners, behind, data[0] / 16 % 2 == 1 ? Heard::yes : Heard::no).run();
  } catch (const std::logic_error& broken) {
    drawbridge::fuzz::require(false, "not kept: ", broken.what());
  }
  return 0;
}
