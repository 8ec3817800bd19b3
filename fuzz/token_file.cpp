// Any bytes as a file of tokens and as one of revocations: what is accepted is what splitting it into words says, and
// admits nobody else.

#include "auth/token_file.hpp"

#include "auth/revocations.hpp"
#include "base/text.hpp"
#include "finding.hpp"

#include <cstdint>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace {

using namespace drawbridge;
using namespace drawbridge::auth;
using fuzz::require;

const std::string token = "a token for seeds";
// printf %s 'a token for seeds' | sha256sum
const std::string hash = "41a0ec5513adaa9044f0d2c31598965e062d3b0aa0fd33c2906a341c8764996d";

std::vector<std::vector<std::string>> words_of(const std::string& text) {
  std::vector<std::vector<std::string>> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    std::istringstream words(line);
    lines.emplace_back();
    for (std::string word; words >> word;) lines.back().push_back(word);
  }
  return lines;
}

std::optional<std::string> option(const std::vector<std::string>& words, const std::string& key) {
  for (std::size_t i = 2; i < words.size(); ++i) {
    if (words[i].starts_with(key + "=")) return words[i].substr(key.size() + 1);
  }
  return {};
}

void check_token(const TokenFile& file, const std::vector<std::string>& words) {
  std::string why;
  const auto eternal = file.check(token, 0, why);
  require(eternal.has_value(), "a token of the file is refused: ", why);
  require(eternal->identity == words[1] && !eternal->identity.empty(), "another identity");
  require(eternal->token_id == option(words, "id").value_or(""), "another id");
  require(eternal->backend == option(words, "backend"), "another backend");
  const auto expires = option(words, "expires");
  require(eternal->expires.has_value() == expires.has_value(), "another end");
  if (!expires) return;
  require(parse_timestamp(*expires) == eternal->expires, "another end");
  require(file.check(token, *eternal->expires - 1, why).has_value(), "it ends too early");
  const auto late = file.check(token, *eternal->expires, why);
  require(!late && late.error() == Reason::credential_expired, "it ends too late");
}

void check_file(const TokenFile& file, const std::string& text) {
  std::string why;
  std::size_t times = 0;
  for (const auto& words : words_of(text)) {
    if (words.empty() || to_lower(words.front()) != "sha256:" + hash) continue;
    ++times;
    // An end of 1970-01-01T00:00:00Z has come at any time.
    if (option(words, "expires") != "1970-01-01T00:00:00Z") check_token(file, words);
  }
  require(times <= 1, "a hash stands twice");
  require(times == 1 || !file.check(token, 0, why), "a token that the file does not hold");
  for (const char* other : {"", "a token for seed", "a token for seeds ", "another token of some length"}) {
    const auto refused = file.check(other, 0, why);
    require(!refused && refused.error() == Reason::credential_invalid, "any token is good");
  }
}

void check_revocations(const Revocations& file, const std::string& text) {
  for (const auto& words : words_of(text)) {
    if (words.size() != 2 || words[0].starts_with('#')) continue;
    const bool identity = words[0] == "identity";
    require(identity || words[0] == "token", "not kept: one of two words");
    require(
        file.revoked(
            {.identity = identity ? words[1] : "", .token_id = identity ? "" : words[1], .expires = {}, .backend = {}}),
        "not revoked: ", words[1]);
  }
  require(!file.revoked({.identity = "a\nb", .token_id = "", .expires = {}, .backend = {}}),
          "revoked: a name of no line");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  std::string why;
  if (const auto file = TokenFile::parse(text, why)) {
    check_file(*file, text);
  } else {
    require(!why.empty() && is_utf8(why), "not kept: what is wrong");
  }
  why.clear();
  if (const auto file = Revocations::parse(text, why)) {
    check_revocations(*file, text);
  } else {
    require(!why.empty() && is_utf8(why), "not kept: what is wrong");
  }
  return 0;
}
