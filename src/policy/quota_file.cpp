#include "policy/quota_file.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <span>
#include <stdexcept>

#include <openssl/evp.h>

namespace drawbridge::policy {
namespace {

constexpr std::string_view title = "drawbridge quotas 1\n";
constexpr std::string_view day_word = "day ";
constexpr std::string_view checksum_word = "sha256 ";
constexpr std::uint64_t last_day = 9'999'999;
constexpr std::uint64_t most_bytes = std::numeric_limits<std::int64_t>::max();

constexpr std::size_t digest_size = 32;
constexpr std::size_t checksum_line = checksum_word.size() + 2 * digest_size + 1;
constexpr std::size_t longest_day_line = day_word.size() + 7 + 1;
constexpr std::size_t longest_use_line = 2 * sizeof(QuotaKey) + 1 + 19 + 1;

std::array<std::uint8_t, digest_size> sha256(std::string_view text) {
  std::array<std::uint8_t, digest_size> digest{};
  if (EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error("OpenSSL offers no SHA-256");
  }
  return digest;
}

void add_hex(std::string& out, std::span<const std::uint8_t> bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (const unsigned byte : bytes) {
    out += digits[byte >> 4];
    out += digits[byte & 0xF];
  }
}

std::string checksum(std::string_view text) {
  std::string line(checksum_word);
  add_hex(line, sha256(text));
  return line += '\n';
}

// Lower case only.
std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  return std::nullopt;
}

std::optional<QuotaKey> parse_key(std::string_view text) {
  QuotaKey key{};
  if (text.size() != 2 * key.size()) return std::nullopt;
  for (std::size_t i = 0; i < key.size(); ++i) {
    const auto high = hex_digit(text[2 * i]);
    const auto low = hex_digit(text[2 * i + 1]);
    if (!high || !low) return std::nullopt;
    key[i] = static_cast<std::uint8_t>(*high << 4 | *low);
  }
  return key;
}

// A decimal as std::to_string writes it.
std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t most) {
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  std::uint64_t number = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number);
  if (error != std::errc{} || end != last || number > most) return std::nullopt;
  return number;
}

// Takes a line from the front, without its end; empty if there is none.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return {};
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

std::optional<QuotaDay::Use> parse_use(std::string_view line) {
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const auto key = parse_key(line.substr(0, space));
  const auto bytes = parse_number(line.substr(space + 1), most_bytes);
  if (!key || !bytes || *bytes == 0) return std::nullopt;
  return QuotaDay::Use{*key, *bytes};
}

}  // namespace

QuotaKey quota_key(std::string_view route, std::string_view identity) {
  const auto digest = sha256(std::string(route).append("\n").append(identity));
  QuotaKey key{};
  std::copy_n(digest.begin(), key.size(), key.begin());
  return key;
}

std::size_t longest_quota_file(std::size_t uses) {
  return title.size() + longest_day_line + uses * longest_use_line + checksum_line;
}

std::string write_quota_file(const QuotaDay& day) {
  std::string out;
  out.reserve(longest_quota_file(day.used.size()));
  out.append(title).append(day_word).append(std::to_string(day.day)).append("\n");
  for (const QuotaDay::Use& use : day.used) {
    add_hex(out, use.key);
    out.append(" ").append(std::to_string(use.bytes)).append("\n");
  }
  return out += checksum(out);
}

std::optional<QuotaDay> read_quota_file(std::string_view text, std::size_t most, std::string& why) {
  const auto refuse = [&](std::string_view what) {
    why = what;
    return std::nullopt;
  };
  if (!text.starts_with(title)) return refuse("is no quota file of this version");
  const std::size_t frame = title.size() + longest_day_line + checksum_line;
  if (text.size() > frame && (text.size() - frame) / longest_use_line > most) {
    return refuse("holds more identities than are counted");
  }
  if (text.size() < title.size() + checksum_line) return refuse("is cut off");
  const std::string_view covered = text.substr(0, text.size() - checksum_line);
  if (text.substr(covered.size()) != checksum(covered)) return refuse("is damaged or cut off: its checksum is another");

  std::string_view rest = covered.substr(title.size());
  const std::string_view day_line = take_line(rest);
  const auto day = day_line.starts_with(day_word) ? parse_number(day_line.substr(day_word.size()), last_day)
                                                  : std::optional<std::uint64_t>();
  if (!day) return refuse("names no day");
  QuotaDay read{static_cast<std::int64_t>(*day), {}};
  while (!rest.empty()) {
    const auto use = parse_use(take_line(rest));
    if (!use) return refuse("has a line that is no use of a quota");
    if (!read.used.empty() && read.used.back().key >= use->key) return refuse("is not in order");
    if (read.used.size() == most) return refuse("holds more identities than are counted");
    read.used.push_back(*use);
  }
  return read;
}

}  // namespace drawbridge::policy
