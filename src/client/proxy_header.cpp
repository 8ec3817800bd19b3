#include "client/proxy_header.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <vector>

#include <boost/crc.hpp>

namespace drawbridge::client {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr ProxyParse need_more{ProxyParse::Outcome::need_more};
constexpr ProxyParse malformed{ProxyParse::Outcome::malformed};

// Version 1: a line of text (§2.1).

constexpr std::size_t longest_line = 107;  // with CRLF
constexpr std::string_view unknown = "PROXY UNKNOWN";

std::optional<Address> address_of(std::string_view text, bool v6) {
  const bool has_colon = text.find(':') != std::string_view::npos;
  return has_colon == v6 ? parse_address(text) : std::nullopt;
}

// Whatever an address begins with, one of these makes it whole.
bool begins_address(std::string_view text, bool v6) {
  constexpr std::string_view endings[] = {"", "0", ".0", "0.0", ".0.0", "0.0.0", ".0.0.0", "0.0.0.0", "::", ":"};
  return std::any_of(std::begin(endings), std::end(endings), [&](std::string_view ending) {
    return address_of(std::string(text).append(ending), v6).has_value();
  });
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, port);
  const bool padded = text.size() > 1 && text.front() == '0';
  if (error != std::errc{} || end != last || padded) return std::nullopt;
  return port;
}

// Each word of the line by its place: PROXY, the protocol, the addresses from and to, the ports from and to. A word
// that is not whole may go on.
bool fits(const std::vector<std::string_view>& words, std::size_t place, bool whole) {
  const std::string_view word = words[place];
  const auto is = [&](std::string_view wanted) { return whole ? word == wanted : wanted.starts_with(word); };
  if (place == 0) return is("PROXY");
  if (place == 1) return is("TCP4") || is("TCP6");
  if (place <= 3) {
    const bool v6 = words[1] == "TCP6";
    return whole ? address_of(word, v6).has_value() : begins_address(word, v6);
  }
  return (word.empty() && !whole) || parse_port(word);
}

// `line` as far as it has come, or whole, without CRLF. UNKNOWN may be followed by anything, which is ignored.
bool fits(std::string_view line, bool whole, ProxyParse& parse) {
  if (line.starts_with(unknown)) return line.size() == unknown.size() || line[unknown.size()] == ' ';
  if (!whole && unknown.starts_with(line)) return true;
  const auto words = split(line, ' ');
  if (words.size() > 6 || (whole && words.size() < 6)) return false;
  for (std::size_t place = 0; place < words.size(); ++place) {
    if (!fits(words, place, whole || place + 1 < words.size())) return false;
  }
  if (!whole) return true;
  parse.source = parse_address(words[2]);
  parse.source_port = parse_port(words[4]).value_or(0);
  return true;
}

ProxyParse parse_line(std::string_view received) {
  const std::string_view text = received.substr(0, longest_line);
  const auto end = text.find_first_of("\r\n");
  const bool whole = end != std::string_view::npos;
  ProxyParse parse;
  if (!fits(text.substr(0, end), whole, parse)) return malformed;
  if (!whole) return text.size() + 2 > longest_line ? malformed : need_more;
  if (text.substr(end) == "\r") return text.size() < longest_line ? need_more : malformed;
  if (text.substr(end, 2) != "\r\n") return malformed;
  parse.outcome = ProxyParse::Outcome::complete;
  parse.size = end + 2;
  return parse;
}

// Version 2: a binary block (§2.2).

constexpr std::uint8_t signature[] = {'\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q', 'U', 'I', 'T', '\n'};
constexpr std::size_t command_at = 12;
constexpr std::size_t family_at = 13;
constexpr std::size_t length_at = 14;
constexpr std::size_t addresses_at = 16;

constexpr std::uint8_t local = 0x20;
constexpr std::uint8_t proxy = 0x21;

constexpr std::uint8_t unspecified = 0x00;
constexpr std::uint8_t tcp_v4 = 0x11;
constexpr std::uint8_t tcp_v6 = 0x21;
constexpr std::uint8_t unix_stream = 0x31;

// How many bytes both addresses take, ports included; empty for a family that does not come on a stream.
std::optional<std::size_t> addresses_size(std::uint8_t family) {
  switch (family) {
    case unspecified: return 0;
    case tcp_v4: return 2 * (4 + 2);
    case tcp_v6: return 2 * (16 + 2);
    case unix_stream: return 2 * 108;
    default: return std::nullopt;
  }
}

// Two bytes, the high one first. Those that are still to come count as 0.
std::uint16_t number_at(Bytes received, std::size_t at) {
  const unsigned high = at < received.size() ? received[at] : 0;
  const unsigned low = at + 1 < received.size() ? received[at + 1] : 0;
  return static_cast<std::uint16_t>(high << 8U | low);
}

// §2.2.3: of the whole header, with zeros where the checksum stands.
bool checksum_is_right(Bytes header, std::size_t at) {
  constexpr std::uint8_t zeros[4] = {};
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
  crc.process_bytes(header.data(), at);
  crc.process_bytes(zeros, sizeof zeros);
  crc.process_bytes(header.data() + at + sizeof zeros, header.size() - at - sizeof zeros);
  return crc.checksum() == (std::uint32_t{number_at(header, at)} << 16U | number_at(header, at + 2));
}

// Extensions, as far as they have come, fill the header from `at` to `end`, each in its place: a type (1 byte), a
// length (2 bytes), a value. None is of use here; the checksum is verified, as a receiver that knows it must.
bool extensions_fit(Bytes received, std::size_t at, std::size_t end) {
  constexpr std::size_t before_value = 3;
  constexpr std::uint8_t crc32c = 0x03;
  while (at < end) {
    const std::size_t value = at + before_value;
    const std::size_t length = number_at(received, at + 1);
    if (value + length > end) return false;
    if (received.size() < value) return true;
    if (received[at] == crc32c) {
      if (length != 4) return false;
      if (received.size() >= end && !checksum_is_right(received.first(end), value)) return false;
    }
    at = value + length;
  }
  return true;
}

ProxyParse with_source(Bytes received, std::uint8_t family, std::size_t size) {
  ProxyParse parse{ProxyParse::Outcome::complete, size};
  if (family != tcp_v4 && family != tcp_v6) return parse;
  const std::size_t width = family == tcp_v4 ? 4 : 16;
  Address source;
  if (family == tcp_v4) source.bytes[10] = source.bytes[11] = 0xFF;
  const auto from = received.subspan(addresses_at, width);
  std::copy(from.begin(), from.end(), source.bytes.end() - static_cast<std::ptrdiff_t>(width));
  parse.source = source;
  parse.source_port = number_at(received, addresses_at + 2 * width);
  return parse;
}

ProxyParse parse_block(Bytes received) {
  const std::size_t signed_bytes = std::min(received.size(), sizeof signature);
  if (!std::equal(signature, signature + signed_bytes, received.begin())) return malformed;
  if (received.size() <= command_at) return need_more;
  const bool skipped = received[command_at] == local;
  if (!skipped && received[command_at] != proxy) return malformed;
  if (received.size() <= family_at) return need_more;
  const std::uint8_t family = skipped ? unspecified : received[family_at];
  const auto addresses = addresses_size(family);
  if (!addresses) return malformed;

  const std::size_t size = addresses_at + number_at(received, length_at);
  if (size > largest_proxy_header) return malformed;
  if (received.size() < addresses_at) return need_more;
  const std::size_t extensions = addresses_at + *addresses;
  if (size < extensions) return malformed;
  if (family != unspecified && !extensions_fit(received, extensions, size)) return malformed;
  return received.size() < size ? need_more : with_source(received, family, size);
}

}  // namespace

ProxyParse parse_proxy_header(std::span<const std::uint8_t> received) {
  if (received.empty()) return need_more;
  if (received.front() == signature[0]) return parse_block(received);
  return parse_line({reinterpret_cast<const char*>(received.data()), received.size()});
}

}  // namespace drawbridge::client
