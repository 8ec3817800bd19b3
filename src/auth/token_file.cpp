#include "auth/token_file.hpp"

#include "auth/lines.hpp"
#include "base/text.hpp"
#include "ws/origin.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <stdexcept>
#include <utility>

#include <openssl/evp.h>

namespace drawbridge::auth {
namespace {

constexpr std::size_t hash_size = 32;
constexpr std::string_view hash_prefix = "sha256:";

std::string sha256(std::string_view bytes) {
  std::string digest(hash_size, '\0');
  if (EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), nullptr, EVP_sha256(),
                 nullptr) != 1) {
    throw std::runtime_error("OpenSSL offers no SHA-256");
  }
  return digest;
}

std::optional<std::string> read_hash(std::string_view word) {
  if (!word.starts_with(hash_prefix)) return std::nullopt;
  word.remove_prefix(hash_prefix.size());
  if (word.size() != 2 * hash_size || !std::all_of(word.begin(), word.end(), is_hex)) return std::nullopt;
  std::string hash;
  for (; !word.empty(); word.remove_prefix(2)) hash.push_back(static_cast<char>(*number(word.substr(0, 2), 16)));
  return hash;
}

// The rule for a route's backend.
bool is_backend(std::string_view text) {
  constexpr std::string_view scheme = "tcp://";
  if (!text.starts_with(scheme)) return false;
  const auto authority = ws::parse_authority(text.substr(scheme.size()));
  return authority && authority->port.value_or(0) != 0;
}

// An option that a line may end with, once. What is wrong with it, or nothing.
std::string_view take_option(std::string_view word, Principal& principal) {
  const auto equals = std::min(word.find('='), word.size());
  const std::string_view key = word.substr(0, equals);
  const std::string_view value = word.substr(std::min(equals + 1, word.size()));
  if (key == "expires") {
    if (principal.expires) return "`expires` stands twice";
    principal.expires = parse_timestamp(value);
    return principal.expires ? "" : "`expires` is no time such as 2027-01-31T00:00:00Z";
  }
  if (key == "backend") {
    if (principal.backend) return "`backend` stands twice";
    principal.backend = value;
    return is_backend(value) ? "" : "`backend` is not tcp://host:port";
  }
  if (key == "id") {
    if (!principal.token_id.empty()) return "`id` stands twice";
    principal.token_id = value;
    return !value.empty() && value.size() <= longest_name ? "" : "`id` is not of 1 to 256 bytes";
  }
  return "behind the identity stand only expires=, backend= and id=";
}

bool is_identity(std::string_view word) {
  // Somebody left it out.
  for (const char* option : {"expires=", "backend=", "id="}) {
    if (word.starts_with(option)) return false;
  }
  return !word.empty() && word.size() <= longest_name;
}

// The line's words behind the hash. What is wrong with them, or nothing.
std::string_view take_principal(std::string_view words, Principal& principal) {
  principal.identity = take_word(words);
  if (!is_identity(principal.identity)) return "an identity of 1 to 256 bytes must stand behind the hash";
  while (!words.empty()) {
    if (const auto wrong = take_option(take_word(words), principal); !wrong.empty()) return wrong;
  }
  return "";
}

}  // namespace

std::unique_ptr<TokenFile> TokenFile::parse(std::string_view text, std::string& why) {
  const auto lines = lines_of(text, why);
  if (!lines) return nullptr;
  auto file = std::make_unique<TokenFile>();
  std::set<std::string> ids;
  for (const Line& line : *lines) {
    std::string_view words = line.text;
    const auto hash = read_hash(take_word(words));
    Principal principal;
    std::string_view wrong = hash ? take_principal(words, principal)
                                  : "it must begin with sha256: and the 64 hexadecimal digits of a token's hash";
    if (wrong.empty() && !principal.token_id.empty() && !ids.insert(principal.token_id).second) {
      wrong = "another line has the same id";
    }
    if (wrong.empty() && !file->tokens_.emplace(*hash, std::move(principal)).second) {
      wrong = "another line has the same hash";
    }
    if (!wrong.empty()) {
      why = at(line, wrong);
      return nullptr;
    }
  }
  return file;
}

Result<Principal> TokenFile::check(std::string_view token, UnixSeconds now, std::string& why) const {
  if (token.size() < shortest_token) {
    why = "the token is shorter than 16 bytes";
    return Reason::credential_invalid;
  }
  const auto found = tokens_.find(sha256(token));
  if (found == tokens_.end()) {
    why = "the file holds no such token";
    return Reason::credential_invalid;
  }
  if (found->second.expires && *found->second.expires <= now) {
    why = "the token has expired";
    return Reason::credential_expired;
  }
  return found->second;
}

std::optional<UnixSeconds> parse_timestamp(std::string_view text) {
  constexpr std::string_view form = "0000-00-00T00:00:00Z";
  const auto fits = [](char digit, char c) { return digit == '0' ? is_digit(c) : c == digit; };
  if (!std::equal(form.begin(), form.end(), text.begin(), text.end(), fits)) return std::nullopt;
  const auto digits = [&](std::size_t from, std::size_t count) { return *number(text.substr(from, count)); };
  namespace chrono = std::chrono;
  const chrono::year year(static_cast<int>(digits(0, 4)));
  const chrono::year_month_day date(year, chrono::month(digits(5, 2)), chrono::day(digits(8, 2)));
  const unsigned hour = digits(11, 2);
  const unsigned minute = digits(14, 2);
  const unsigned second = digits(17, 2);
  if (!date.ok() || year < chrono::year(1970) || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  const auto instant = chrono::sys_days(date) + chrono::hours(hour) + chrono::minutes(minute) + chrono::seconds(second);
  return instant.time_since_epoch().count();
}

}  // namespace drawbridge::auth
