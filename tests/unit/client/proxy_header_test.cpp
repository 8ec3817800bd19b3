#include "client/proxy_header.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace drawbridge::client {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;
using Outcome = ProxyParse::Outcome;

ProxyParse parse(std::string_view bytes) {
  const std::vector<std::uint8_t> received(bytes.begin(), bytes.end());  // nothing behind it is readable
  return parse_proxy_header(received);
}

std::string shown(const ProxyParse& parse) {
  if (parse.outcome == Outcome::need_more) return "more";
  if (parse.outcome == Outcome::malformed) return "malformed";
  return parse.source ? text(*parse.source) + " " + std::to_string(parse.source_port) : "itself";
}

std::string two_bytes(std::size_t number) {
  return {static_cast<char>(number >> 8U), static_cast<char>(number & 0xFFU)};
}

// A header of version 2.
std::string block(char command, char family, std::string_view behind) {
  const std::string signature("\r\n\r\n\0\r\nQUIT\n", 12);
  return signature + command + family + two_bytes(behind.size()) + std::string(behind);
}

std::string extension(char type, std::string_view value) {
  return type + two_bytes(value.size()) + std::string(value);
}

const std::string v4_addresses("\xC0\x00\x02\x01\xC6\x33\x64\x02\xDC\x04\x01\xBB", 12);
const std::string v6_addresses(
    "\x20\x01\x0D\xB8\0\0\0\0\0\0\0\0\0\0\0\x01\x20\x01\x0D\xB8\0\0\0\0\0\0\0\0\0\0\0\x02\xDC\x04\x01\xBB"s);
const std::string mapped_addresses(
    "\0\0\0\0\0\0\0\0\0\0\xFF\xFF\xC0\x00\x02\x01\0\0\0\0\0\0\0\0\0\0\xFF\xFF\xC0\x00\x02\x02\xDC\x04\x01\xBB"s);

struct Good {
  std::string header;
  std::string says;
};

const std::vector<Good>& good_headers() {
  static const std::vector<Good> headers{
      {"PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n", "192.168.0.1 56324"},
      {"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255 65535"},
      {"PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n", "0.0.0.0 0"},
      {"PROXY TCP4 10.20.30.40 1.2.3.4 1 10\r\n", "10.20.30.40 1"},
      {"PROXY TCP6 2001:db8::1 2001:db8::2 56324 443\r\n", "2001:db8::1 56324"},
      {"PROXY TCP6 2001:DB8:0:0:0:0:0:1 :: 1 1\r\n", "2001:db8::1 1"},
      {"PROXY TCP6 ::1 ::1 1 1\r\n", "::1 1"},
      {"PROXY TCP6 1:2:3:4:5:6:7:: ::2:3:4:5:6:7:8 1 1\r\n", "1:2:3:4:5:6:7:0 1"},
      {"PROXY TCP6 ::ffff:192.0.2.1 ::ffff:c000:202 56324 443\r\n", "192.0.2.1 56324"},
      {"PROXY TCP6 64:ff9b::192.0.2.33 1:2:3:4:5:6:192.0.2.1 1 1\r\n", "64:ff9b::c000:221 1"},
      {"PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
       "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535"},
      {"PROXY UNKNOWN\r\n", "itself"},
      {"PROXY UNKNOWN \r\n", "itself"},
      {"PROXY UNKNOWN 192.0.2.1 192.0.2.2 1 2\r\n", "itself"},
      {"PROXY UNKNOWN what \xFF\0ever  1"s + "\r\n", "itself"},
      {"PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
       "itself"},
      {block('\x21', '\x11', v4_addresses), "192.0.2.1 56324"},
      {block('\x21', '\x21', v6_addresses), "2001:db8::1 56324"},
      {block('\x21', '\x21', mapped_addresses), "192.0.2.1 56324"},
      {block('\x21', '\x31', std::string(216, 'x')), "itself"},
      {block('\x21', '\x00', ""), "itself"},
      {block('\x21', '\x00', "not looked at"), "itself"},
      {block('\x20', '\x00', ""), "itself"},
      {block('\x20', '\x11', v4_addresses), "itself"},
      {block('\x20', '\x11', "short"), "itself"},
      {block('\x20', '\xFF', "the family is ignored"), "itself"},
      {block('\x21', '\x11', v4_addresses + extension(4, "")), "192.0.2.1 56324"},
      {block('\x21', '\x11', v4_addresses + extension(1, "http/1.1") + extension(2, "desk.example.org")),
       "192.0.2.1 56324"},
      {block('\x21', '\x11', v4_addresses + extension(4, std::string(300, '\3'))), "192.0.2.1 56324"},
      {block('\x21', '\x31', std::string(216, '\0') + extension('\xEA', "\x01vpce-1")), "itself"},
      {block('\x21', '\x11', v4_addresses + extension(4, std::string(largest_proxy_header - 16 - 12 - 3, 'x'))),
       "192.0.2.1 56324"},
  };
  return headers;
}

BOOST_AUTO_TEST_SUITE(proxy_header)

BOOST_AUTO_TEST_CASE(good_headers_say_whom_the_proxy_speaks_for) {
  for (const auto& [header, says] : good_headers()) {
    BOOST_TEST_INFO(header.substr(0, 60));
    BOOST_TEST(shown(parse(header)) == says);
    BOOST_TEST(parse(header).size == header.size());
  }
}

BOOST_AUTO_TEST_CASE(every_prefix_of_a_good_header_needs_more) {
  for (const auto& [header, says] : good_headers()) {
    for (std::size_t size = 0; size < header.size(); ++size) {
      BOOST_TEST_REQUIRE(shown(parse(std::string_view(header).substr(0, size))) == "more", header.substr(0, size)
                                                                                               << " of " << header);
    }
  }
}

BOOST_AUTO_TEST_CASE(what_follows_a_header_is_not_looked_at) {
  for (const auto& [header, says] : good_headers()) {
    for (const std::string_view more :
         {"G"sv, "GET / HTTP/1.1\r\n"sv, "\r\n"sv, "\0"sv, "\r\n\r\n\0\r\nQUIT\n"sv, "PROXY "sv}) {
      BOOST_TEST(bool(parse(header + std::string(more)) == parse(header)), header.substr(0, 60) << more);
    }
    BOOST_TEST(bool(parse(header + std::string(70'000, '\n')) == parse(header)));
  }
}

// `good` is how many bytes may still become a header; the next one cannot.
BOOST_AUTO_TEST_CASE(lines_are_refused_at_the_first_byte_that_cannot_be_right) {
  const struct {
    std::string_view good;
    std::string_view bad;
  } cases[] = {
      {"", "GET / HTTP/1.1\r\n"},
      {"", "\x16\x03\x01"},
      {"", "\0"sv},
      {"", "\n"},
      {"", " PROXY"},
      {"", "proxy TCP4"},
      {"P", "OST / HTTP/1.1"},
      {"PRO", "PFIND / HTTP/1.1"},
      {"PROXY", "\r\n"},
      {"PROXY", "\t"},
      {"PROXY ", " TCP4"},
      {"PROXY ", "tcp4"},
      {"PROXY TCP", "5"},
      {"PROXY TCP", " "},
      {"PROXY TCP4", "4"},
      {"PROXY TCP4", "\r\n"},
      {"PROXY U", "DP4"},
      {"PROXY UNKNOWN", "S"},
      {"PROXY UNKNOWN", "\n"},
      {"PROXY UNKNOWN", "\0"sv},
      {"PROXY UNKNOWN\r", "\r\n"},
      {"PROXY UNKNOWN\r", "x"},
      {"PROXY UNKNOWN bare", "\n"},
      {"PROXY UNKNOWN bare\r", " return\r\n"},
      {"PROXY TCP4 ", " 192.0.2.1"},
      {"PROXY TCP4 ", "\r\n"},
      {"PROXY TCP4 ", ":"},
      {"PROXY TCP4 ", "a"},
      {"PROXY TCP4 ", "-1"},
      {"PROXY TCP4 ", "."},
      {"PROXY TCP4 0", "1.2.3.4"},
      {"PROXY TCP4 25", "6"},
      {"PROXY TCP4 1.", "."},
      {"PROXY TCP4 1.2.3", " "},
      {"PROXY TCP4 1.2.3.4", "."},
      {"PROXY TCP4 1.2.3.4", ":"},
      {"PROXY TCP4 1.2.3.4", "/"},
      {"PROXY TCP4 192.0.2.1 ", " "},
      {"PROXY TCP4 192.0.2.1 ", ":: 1 1\r\n"},
      {"PROXY TCP4 192.0.2.1", "\0"sv},
      {"PROXY TCP4 192.0.2.1 192.0.2.2", "\r\n"},
      {"PROXY TCP4 192.0.2.1 192.0.2.2 ", " "},
      {"PROXY TCP4 192.0.2.1 192.0.2.2 ", "\r\n"},
      {"PROXY TCP4 192.0.2.1 192.0.2.2 ", "+1"},
      {"PROXY TCP4 192.0.2.1 192.0.2.2 ", "-1"},
      {"PROXY TCP4 192.0.2.1 192.0.2.2 0", "1"},
      {"PROXY TCP4 192.0.2.1 192.0.2.2 0", "x1F"},
      {"PROXY TCP4 192.0.2.1 192.0.2.2 6553", "6"},
      {"PROXY TCP4 192.0.2.1 192.0.2.2 9999", "9"},
      {"PROXY TCP4 192.0.2.1 192.0.2.2 12345", "6"},
      {"PROXY TCP4 192.0.2.1 192.0.2.2 1", "\r\n"},
      {"PROXY TCP4 192.0.2.1 192.0.2.2 1 ", "\r\n"},
      {"PROXY TCP4 192.0.2.1 192.0.2.2 1 2", " \r\n"},
      {"PROXY TCP4 192.0.2.1 192.0.2.2 1 2", "\n"},
      {"PROXY TCP4 192.0.2.1 192.0.2.2 1 2", "\t\r\n"},
      {"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r", "\r\n"},
      {"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r", "GET"},
      {"PROXY TCP6 ", "g"},
      {"PROXY TCP6 ", "."},
      {"PROXY TCP6 ", "[::1]"},
      {"PROXY TCP6 192", ".0.2.1"},
      {"PROXY TCP6 :", "1"},
      {"PROXY TCP6 ::", ":"},
      {"PROXY TCP6 ::1", "%eth0"},
      {"PROXY TCP6 1::2:", ":"},
      {"PROXY TCP6 1234", "5"},
      {"PROXY TCP6 1:2:3:4:5:6:7:8", ":"},
      {"PROXY TCP6 1:2:3:4:5:6:7", " "},
      {"PROXY TCP6 1:2:3:4:5:6:7:1", "."},
      {"PROXY TCP6 ::ffff:1.2.3", " "},
      {"PROXY TCP6 ::f", "."},
      {"PROXY TCP6 ::ffff:256", "."},
      {"PROXY TCP6 ::1 192", ".0.2.2 1 1\r\n"},
  };
  for (const auto& [good, bad] : cases) {
    BOOST_TEST(shown(parse(good)) == "more", good);
    const std::string refused = std::string(good).append(bad.substr(0, 1));
    BOOST_TEST(shown(parse(refused)) == "malformed", refused);
    BOOST_TEST(shown(parse(std::string(good).append(bad))) == "malformed", good << bad);
  }
}

BOOST_AUTO_TEST_CASE(a_line_has_107_bytes_at_most) {
  const auto line = [](std::size_t size) { return "PROXY UNKNOWN " + std::string(size - 16, 'x') + "\r\n"; };
  BOOST_TEST(shown(parse(line(107))) == "itself");
  BOOST_TEST(shown(parse(line(107).substr(0, 105))) == "more");
  BOOST_TEST(shown(parse(line(108))) == "malformed");
  BOOST_TEST(shown(parse(line(108).substr(0, 105))) == "more");
  BOOST_TEST(shown(parse(line(108).substr(0, 106))) == "malformed");
  BOOST_TEST(shown(parse(line(108).substr(0, 107))) == "malformed");
  BOOST_TEST(shown(parse(line(5'000))) == "malformed");
  const std::string long_address = "1111:2222:3333:4444:5555:6666:111.222.111.222";
  const std::string long_line = "PROXY TCP6 " + long_address + " " + long_address + " 1 1\r\n";
  BOOST_TEST(long_line.size() == 108U);
  BOOST_TEST(shown(parse(long_line)) == "malformed");
}

BOOST_AUTO_TEST_CASE(blocks_are_refused_at_the_first_byte_that_cannot_be_right) {
  const std::string signature = block('\x21', '\x11', "").substr(0, 12);
  const auto refused_after = [](const std::string& bytes) {
    std::size_t size = 0;
    while (size <= bytes.size() && shown(parse(std::string_view(bytes).substr(0, size))) == "more") ++size;
    BOOST_TEST(shown(parse(std::string_view(bytes).substr(0, size))) == "malformed");
    BOOST_TEST(shown(parse(bytes)) == "malformed");
    return size;
  };
  for (std::size_t at = 1; at < signature.size(); ++at) {
    std::string bytes = block('\x21', '\x11', v4_addresses);
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    BOOST_TEST(refused_after(bytes) == at + 1);
  }
  for (unsigned command = 0; command < 256; ++command) {
    if (command == 0x20 || command == 0x21) continue;
    BOOST_TEST(refused_after(block(static_cast<char>(command), '\x11', v4_addresses)) == 13U);
  }
  for (unsigned family = 0; family < 256; ++family) {
    if (family == 0x00 || family == 0x11 || family == 0x21 || family == 0x31) continue;
    BOOST_TEST(refused_after(block('\x21', static_cast<char>(family), std::string(300, 'x'))) == 14U);
  }
  for (const char command : {'\x20', '\x21'}) {
    BOOST_TEST(refused_after(block(command, '\0', std::string(65'535, 'x'))) == 15U);
    BOOST_TEST(refused_after(block(command, '\0', std::string(4'081, 'x'))) == 16U);
    BOOST_TEST(shown(parse(block(command, '\0', std::string(4'080, 'x')))) == "itself");
  }
  BOOST_TEST(refused_after(block('\x21', '\x11', v4_addresses.substr(1))) == 16U);
  BOOST_TEST(refused_after(block('\x21', '\x11', "")) == 16U);
  BOOST_TEST(refused_after(block('\x21', '\x21', v6_addresses.substr(1))) == 16U);
  BOOST_TEST(refused_after(block('\x21', '\x21', v4_addresses)) == 16U);
  BOOST_TEST(refused_after(block('\x21', '\x31', std::string(215, 'x'))) == 16U);
}

BOOST_AUTO_TEST_CASE(extensions_fill_a_block_exactly) {
  const auto with = [](const std::string& extensions) {
    return shown(parse(block('\x21', '\x11', v4_addresses + extensions)));
  };
  BOOST_TEST(with("\x04") == "malformed");
  BOOST_TEST(with("\x04\x00"s) == "malformed");
  BOOST_TEST(with("\x04\x00\x00"s) == "192.0.2.1 56324");
  BOOST_TEST(with("\x04\x00\x01"s) == "malformed");
  BOOST_TEST(with("\x04\x00\x02y"s) == "malformed");
  BOOST_TEST(with("\x04\xFF\xFFxx"s) == "malformed");
  BOOST_TEST(with(extension(4, "x") + "x") == "malformed");
  BOOST_TEST(with(extension(4, "x") + "xx") == "malformed");
  BOOST_TEST(with(extension(4, "x") + extension(5, "")) == "192.0.2.1 56324");
  // An extension that is too long is refused when its length is there, and a rest that is too short before that.
  const std::string too_long = block('\x21', '\x11', v4_addresses + "\x04\x00\x40"s + std::string(63, 'x'));
  BOOST_TEST(shown(parse(too_long.substr(0, 30))) == "more");
  BOOST_TEST(shown(parse(too_long.substr(0, 31))) == "malformed");
  BOOST_TEST(shown(parse(block('\x21', '\x11', v4_addresses + "xx").substr(0, 16))) == "malformed");
}

BOOST_AUTO_TEST_CASE(a_checksum_must_be_right) {
  // Of these bytes with zeros in its place, by an implementation that takes one bit at a time.
  const auto crc32c = [](const std::string& bytes) {
    std::uint32_t crc = 0xFFFFFFFF;
    for (const char byte : bytes) {
      crc ^= static_cast<std::uint8_t>(byte);
      for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0x82F63B78U : 0U);
    }
    return ~crc;
  };
  BOOST_TEST(crc32c("123456789") == 0xE3069283U);
  const auto checked = [&](const std::string& before, const std::string& after) {
    const std::string zeros(4, '\0');
    std::string bytes = block('\x21', '\x11', v4_addresses + before + extension(3, zeros) + after);
    const std::uint32_t crc = crc32c(bytes);
    const std::size_t at = 16 + 12 + before.size() + 3;
    return bytes.replace(at, 4, two_bytes(crc >> 16U) + two_bytes(crc & 0xFFFFU));
  };
  for (const std::string& good : {checked("", ""), checked(extension(1, "h2"), ""), checked("", extension(4, "xyz")),
                                  checked(extension(1, "h2"), extension('\xEA', "\1vpce"))}) {
    BOOST_TEST(shown(parse(good)) == "192.0.2.1 56324");
    BOOST_TEST(shown(parse(good + "GET /")) == "192.0.2.1 56324");
    for (std::size_t size = 0; size < good.size(); ++size) {
      BOOST_TEST_REQUIRE(shown(parse(std::string_view(good).substr(0, size))) == "more");
    }
    for (std::size_t at = 16; at < good.size(); ++at) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ 0x10);
      const std::string said = shown(parse(bad));
      const bool of_another_type = at < good.size() - 2 && good.substr(at, 3) == "\x03\x00\x04"s;
      BOOST_TEST(said == (of_another_type ? "192.0.2.1 56324" : "malformed"), "byte " << at);
    }
  }
  for (const std::size_t size : {0U, 3U, 5U}) {
    BOOST_TEST(shown(parse(block('\x21', '\x11', v4_addresses + extension(3, std::string(size, '\0'))))) ==
               "malformed");
  }
  // What is skipped is not looked at.
  BOOST_TEST(shown(parse(block('\x20', '\x11', v4_addresses + extension(3, "none")))) == "itself");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace drawbridge::client
