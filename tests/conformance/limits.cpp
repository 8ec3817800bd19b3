// Section 9: sizes up to 16 MiB, 65,536 fragments, small writes and a thousand round trips.

#include "conformance/case.hpp"

namespace drawbridge::conformance {

std::vector<Load> limits() {
  constexpr std::size_t KiB = 1024;
  constexpr std::size_t MiB = 1024 * KiB;
  std::vector<Load> loads;
  for (const Op type : {Op::text, Op::binary}) {
    const bool is_text = type == Op::text;
    const std::string_view mixed =
        is_text ? std::string_view("BAsd7&jh23") : std::string_view("\x00\xFE\x23\xFA\xF0", 5);
    const std::string_view same = is_text ? "*" : "\xFE";
    const auto add = [&](int section, int number, Load load) {
      load.number = "9." + std::to_string(section + (is_text ? 0 : 1)) + "." + std::to_string(number);
      load.type = type;
      loads.push_back(std::move(load));
    };
    int number = 0;
    for (const std::size_t size : {64 * KiB, 256 * KiB, MiB, 4 * MiB, 8 * MiB, 16 * MiB}) {
      add(1, ++number, {.pattern = mixed, .size = size});
    }
    number = 0;
    for (std::size_t fragment = 64; fragment <= 4 * MiB; fragment *= 4) {
      add(3, ++number, {.pattern = same, .size = 4 * MiB, .fragment = fragment});
    }
    number = 0;
    for (std::size_t chop = 64; chop <= 2048; chop *= 2) {
      add(5, ++number, {.pattern = mixed, .size = MiB, .chop = chop});
    }
    number = 0;
    for (const std::size_t size : {0U, 16U, 64U, 256U, 1024U, 4096U}) {
      add(7, ++number, {.pattern = same, .size = size, .round_trips = 1000});
    }
  }
  return loads;
}

Case to_case(const Load& load) {
  const std::string payload = repeated(load.pattern, load.size);
  const std::string bytes =
      load.fragment == 0 ? testing::frame(load.type, payload) : fragmented(load.type, payload, load.fragment);
  Case result{.number = load.number, .title = std::to_string(load.size) + " bytes", .sends = {}};
  for (std::size_t i = 1; i <= load.round_trips; ++i) {
    result.sends.push_back({.bytes = bytes, .chop = load.chop, .await = i});
    result.expected.push_back({load.type, payload});
  }
  return result;
}

}  // namespace drawbridge::conformance
