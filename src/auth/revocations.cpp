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

std::shared_ptr<const Revocations> Revocations::joined(const std::shared_ptr<const Revocations>& a,
                                                       const std::shared_ptr<const Revocations>& b) {
  if (!a || !b) return a ? a : b;
  auto all = std::make_shared<Revocations>(*a);
  all->identities_.insert(b->identities_.begin(), b->identities_.end());
  all->tokens_.insert(b->tokens_.begin(), b->tokens_.end());
  return all;
}

bool Revocations::revoked(const Principal& principal) const {
  return identities_.contains(principal.identity) || tokens_.contains(principal.token_id);
}

}  // namespace drawbridge::auth
