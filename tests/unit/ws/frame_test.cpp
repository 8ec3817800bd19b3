#include "ws/frame.hpp"

#include <array>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace drawbridge::ws {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes header(std::uint64_t size, Opcode opcode, bool fin) {
  std::array<std::uint8_t, longest_server_header> room{};
  std::uint8_t* const payload = room.data() + room.size();
  return {put_server_header(payload, size, opcode, fin), payload};
}

Bytes close_frame(std::uint16_t code, std::string_view reason) {
  std::array<std::uint8_t, 127> out{};
  const std::size_t size = put_close_frame(out.data(), code, reason);
  return {out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size)};
}

std::span<const std::uint8_t> bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

BOOST_AUTO_TEST_SUITE(frame)

BOOST_AUTO_TEST_CASE(server_headers_use_the_shortest_length) {
  const struct {
    std::uint64_t size;
    Bytes header;
  } cases[] = {
      {0, {0x82, 0}},
      {125, {0x82, 125}},
      {126, {0x82, 126, 0, 126}},
      {256, {0x82, 126, 1, 0}},
      {65535, {0x82, 126, 0xFF, 0xFF}},
      {65536, {0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0}},
      {0x7123456789ABCDEF, {0x82, 127, 0x71, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF}},
  };
  for (const auto& [size, expected] : cases) {
    BOOST_TEST_CONTEXT("size " << size) {
      BOOST_TEST(header(size, Opcode::binary, true) == expected, boost::test_tools::per_element());
      BOOST_TEST(server_header_size(size) == expected.size());
    }
  }
}

BOOST_AUTO_TEST_CASE(fin_and_opcode_stand_in_the_first_byte) {
  BOOST_TEST(header(1, Opcode::text, true) == (Bytes{0x81, 1}), boost::test_tools::per_element());
  BOOST_TEST(header(1, Opcode::text, false) == (Bytes{0x01, 1}), boost::test_tools::per_element());
  BOOST_TEST(header(1, Opcode::continuation, true) == (Bytes{0x80, 1}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(control_frames_carry_125_bytes_at_most) {
  std::array<std::uint8_t, 127> out{};
  BOOST_TEST(put_control_frame(out.data(), Opcode::pong, bytes("Hi")) == 4U);
  BOOST_TEST(Bytes(out.begin(), out.begin() + 4) == (Bytes{0x8A, 2, 'H', 'i'}), boost::test_tools::per_element());
  BOOST_TEST(put_control_frame(out.data(), Opcode::ping, {}) == 2U);
  BOOST_TEST(Bytes(out.begin(), out.begin() + 2) == (Bytes{0x89, 0}), boost::test_tools::per_element());
  BOOST_TEST(put_control_frame(out.data(), Opcode::pong, bytes(std::string(200, 'x'))) == 127U);
  BOOST_TEST(out[1] == 125);
}

BOOST_AUTO_TEST_CASE(close_frames_carry_code_and_reason) {
  BOOST_TEST(close_frame(1001, "idle") == (Bytes{0x88, 6, 0x03, 0xE9, 'i', 'd', 'l', 'e'}),
             boost::test_tools::per_element());
  BOOST_TEST(close_frame(1000, "") == (Bytes{0x88, 2, 0x03, 0xE8}), boost::test_tools::per_element());
  BOOST_TEST(close_frame(0, "ignored") == (Bytes{0x88, 0}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_long_close_reason_is_cut_between_code_points) {
  BOOST_TEST(close_frame(1000, std::string(123, 'x')).size() == 127U);
  BOOST_TEST(close_frame(1000, std::string(124, 'x')).size() == 127U);
  for (const std::string_view point : {"\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"}) {
    for (std::size_t before = 124 - point.size(); before <= 123; ++before) {
      const std::string reason = std::string(before, 'x') + std::string(point) + "tail";
      const Bytes frame = close_frame(1000, reason);
      const bool fits = before + point.size() <= 123;
      const std::size_t expected = fits ? before + point.size() : before;
      BOOST_TEST(frame.size() == 4 + expected, before << " then " << point.size());
      BOOST_TEST(frame[1] == 2 + expected);
    }
  }
}

BOOST_AUTO_TEST_CASE(close_code_reads_the_first_two_bytes) {
  BOOST_TEST(close_code({}) == 1005);
  BOOST_TEST(close_code(bytes("\x03\xE8")) == 1000);
  BOOST_TEST(close_code(bytes("\x0F\xA1word")) == 4001);
}

BOOST_AUTO_TEST_CASE(close_codes_that_peers_may_send) {
  constexpr std::uint16_t sent[] = {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010,
                                    1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999};
  for (const std::uint16_t good : sent) {
    BOOST_TEST(valid_close_code(good), good);
  }
  constexpr std::uint16_t unsent[] = {0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535};
  for (const std::uint16_t bad : unsent) {
    BOOST_TEST(!valid_close_code(bad), bad);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace drawbridge::ws
