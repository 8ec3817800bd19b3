// A PROXY header, in any prefix of what was received, is judged once and for all, and as the specification's sample
// code judges it where that decides.
//
// Input: the received bytes.

#include "client/proxy_header.hpp"

#include "finding.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include <arpa/inet.h>

namespace {

using drawbridge::client::Address;
using drawbridge::client::largest_proxy_header;
using drawbridge::client::parse_proxy_header;
using drawbridge::client::ProxyParse;
using drawbridge::fuzz::require;
using Outcome = ProxyParse::Outcome;
using Received = std::span<const std::uint8_t>;

// What read_evt (proxy-protocol.txt §9) makes of a recv() of these bytes. It takes every family and skips extensions;
// what is stricter here is marked.
struct Sample {
  int ret = -1;  // the header's size; < 0: an error, or not all there
  int family = AF_UNSPEC;
  std::uint8_t from[16] = {};
  unsigned port = 0;
};

std::uint32_t crc32c(const std::uint8_t* bytes, std::size_t size, std::size_t zeros_at) {
  std::uint32_t crc = ~0U;
  for (std::size_t i = 0; i < size; ++i) {
    crc ^= i >= zeros_at && i < zeros_at + 4 ? 0U : bytes[i];
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1U) != 0 ? crc >> 1U ^ 0x82F63B78U : crc >> 1U;
  }
  return ~crc;
}

bool extensions_are_good(const std::uint8_t* header, std::size_t at, std::size_t size) {
  if (at == size) return true;
  if (size - at < 3) return false;
  const std::size_t length = header[at + 1] * 256U + header[at + 2];
  if (length > size - at - 3) return false;
  if (header[at] == 3) {
    std::uint32_t sent = 0;
    if (length != 4) return false;
    std::memcpy(&sent, header + at + 3, 4);
    if (ntohl(sent) != crc32c(header, size, at + 3)) return false;
  }
  return extensions_are_good(header, at + 3 + length, size);
}

Sample read_block(const std::uint8_t* hdr, std::size_t ret) {
  Sample sample;
  const std::size_t size = 16U + hdr[14] * 256U + hdr[15];
  if (ret < size) return sample;
  if (size > largest_proxy_header) return sample;  // stricter
  const int command = hdr[12] & 0xF;
  if (command > 1) return sample;
  sample.ret = static_cast<int>(size);
  if (command == 0) return sample;
  std::size_t addresses = 0;
  switch (hdr[13]) {
    case 0x11:
      sample.family = AF_INET;
      addresses = 12;
      std::memcpy(sample.from, hdr + 16, 4);
      sample.port = hdr[24] * 256U + hdr[25];
      break;
    case 0x21:
      sample.family = AF_INET6;
      addresses = 36;
      std::memcpy(sample.from, hdr + 16, 16);
      sample.port = hdr[48] * 256U + hdr[49];
      break;
    case 0x31: addresses = 216; break;
    case 0x00: return sample;
    default: return {};  // stricter
  }
  if (size < 16 + addresses || !extensions_are_good(hdr, 16 + addresses, size)) return {};  // stricter
  return sample;
}

Sample read_line(const std::uint8_t* hdr, std::size_t ret) {
  char line[108] = {};
  std::memcpy(line, hdr, std::min<std::size_t>(ret, 107));
  char* const end = static_cast<char*>(std::memchr(line, '\r', 106));
  if (end == nullptr || end[1] != '\n') return {};
  Sample sample;
  sample.ret = static_cast<int>(end + 2 - line);
  *end = '\0';
  const auto length = static_cast<std::size_t>(end - line);
  if (std::memchr(line, '\n', length) != nullptr) return {};  // a single LF
  if (std::strncmp(line, "PROXY UNKNOWN", 13) == 0) return length == 13 || line[13] == ' ' ? sample : Sample{};

  char protocol[5] = {};
  char from[108] = {};
  char to[108] = {};
  unsigned to_port = 0;
  if (std::sscanf(line, "PROXY %4s %107s %107s %5u %5u", protocol, from, to, &sample.port, &to_port) != 5) return {};
  // Written again, it is the same: single spaces, no leading zeros or signs, nothing behind.
  char again[300] = {};
  std::snprintf(again, sizeof again, "PROXY %s %s %s %u %u", protocol, from, to, sample.port, to_port);
  if (std::strlen(again) != length || std::memcmp(again, line, length) != 0) return {};
  if (sample.port > 65'535 || to_port > 65'535) return {};
  if (std::strcmp(protocol, "TCP4") == 0) sample.family = AF_INET;
  if (std::strcmp(protocol, "TCP6") == 0) sample.family = AF_INET6;
  if (sample.family == AF_UNSPEC) return {};
  std::uint8_t unused[16];
  if (inet_pton(sample.family, to, unused) != 1 || inet_pton(sample.family, from, sample.from) != 1) return {};
  return sample;
}

Sample read_evt(Received received) {
  const char signature[] = "\x0D\x0A\x0D\x0A\x00\x0D\x0A\x51\x55\x49\x54\x0A";
  const std::size_t ret = received.size();
  std::vector<std::uint8_t> header(received.begin(), received.end());
  header.resize(std::max<std::size_t>(ret, 16 + 2 * 108));  // the sample's union has room for any addresses
  const std::uint8_t* const hdr = header.data();
  if (ret >= 16 && std::memcmp(hdr, signature, 12) == 0 && (hdr[12] & 0xF0) == 0x20) return read_block(hdr, ret);
  if (ret >= 8 && std::memcmp(hdr, "PROXY", 5) == 0) return read_line(hdr, ret);
  return {};
}

Address address_of(const Sample& sample) {
  Address address;
  if (sample.family == AF_INET6) {
    std::memcpy(address.bytes.data(), sample.from, 16);
  } else {
    address.bytes[10] = address.bytes[11] = 0xFF;
    std::memcpy(address.bytes.data() + 12, sample.from, 4);
  }
  return address;
}

// Something that makes a header of a line's beginning, if that is possible at all.
bool can_go_on(const std::string& line) {
  static const std::string endings[] = {
      "", "1", ".1", "1.1", ".1.1", "1.1.1", ".1.1.1", "1.1.1.1", "::", ":", "\n", "\r\n", "PROXY UNKNOWN\r\n"};
  static const std::string rests[] = {"", "\r\n", " 1\r\n", " 1 1\r\n", " 1.1.1.1 1 1\r\n", " ::1 1 1\r\n"};
  const std::string fixed[] = {"PROXY UNKNOWN\r\n", "PROXY TCP4 1.1.1.1 1.1.1.1 1 1\r\n", "PROXY TCP6 ::1 ::1 1 1\r\n"};
  for (const std::string& whole : fixed) {
    if (whole.starts_with(line)) return true;
  }
  for (const std::string& ending : endings) {
    for (const std::string& rest : rests) {
      const std::string whole = line + ending + rest;
      const Received bytes(reinterpret_cast<const std::uint8_t*>(whole.data()), whole.size());
      if (read_evt(bytes).ret == static_cast<int>(whole.size())) return true;
    }
  }
  return false;
}

// The first verdict on a growing prefix; no later one may differ.
ProxyParse judge_prefixes(Received input) {
  ProxyParse first;
  for (std::size_t size = 0; size <= input.size(); ++size) {
    const ProxyParse now = parse_proxy_header(input.first(size));
    if (first.outcome != Outcome::need_more) {
      require(now == first, "the verdict changed at byte ", size);
    } else if (now.outcome == Outcome::complete) {
      require(now.size == size, "complete after ", size, " bytes, but it has ", now.size);
    } else if (now.outcome == Outcome::malformed && size > 0 && input[0] == 'P') {
      const std::string line(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(size));
      require(!can_go_on(line), "refused, though it could go on: ", line);
    }
    if (now.outcome == Outcome::need_more) require(size < largest_proxy_header, "needs more than a header has");
    first = now;
  }
  return first;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 5'000) return 0;
  const Received input(data, size);
  const ProxyParse parse = parse_proxy_header(input);
  // All prefixes of the beginning, where the verdicts fall; of what is long, extensions, only the whole.
  const ProxyParse early = judge_prefixes(input.first(std::min<std::size_t>(size, 320)));
  if (early.outcome != Outcome::need_more) require(early == parse, "bytes behind the header matter");

  const Sample sample = read_evt(input);
  require((parse.outcome == Outcome::complete) == (sample.ret >= 0),
          "complete here: ", parse.outcome == Outcome::complete, ", in the sample code: ", sample.ret);
  if (parse.outcome != Outcome::complete) {
    const bool line = parse.outcome == Outcome::need_more && size > 0 && data[0] == 'P' && size < 60;
    if (line)
      require(can_go_on(std::string(data, data + size)),
              "waits for what cannot come: ", std::string(data, data + size));
    return 0;
  }
  require(parse.size == static_cast<std::size_t>(sample.ret), "size ", parse.size, " and ", sample.ret);
  require(parse.source.has_value() == (sample.family != AF_UNSPEC), "an address on one side only");
  if (!parse.source) return 0;
  require(*parse.source == address_of(sample), "address ", text(*parse.source));
  require(parse.source_port == sample.port, "port ", parse.source_port, " and ", sample.port);
  return 0;
}
