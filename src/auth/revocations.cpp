#include "auth/revocations.hpp"

#include "auth/lines.hpp"

namespace drawbridge::auth {

std::unique_ptr<Revocations> Revocations::parse(std::string_view text, std::string& why) {
  const auto lines = lines_of(text, why);
  if (!lines) return nullptr;
  auto revocations = std::make_unique<Revocations>();
  for (const Line& line : *lines) {
    std::string_view name = line.text;
    const std::string_view kind = take_word(name);
    if ((kind != "identity" && kind != "token") || name.empty()) {
      why = at(line, "it is neither `identity NAME` nor `token ID`");
      return nullptr;
    }
    (kind == "identity" ? revocations->identities_ : revocations->tokens_).emplace(name);
  }
  return revocations;
}

bool Revocations::revoked(const Principal& principal) const {
  return identities_.contains(principal.identity) || tokens_.contains(principal.token_id);
}

}  // namespace drawbridge::auth
