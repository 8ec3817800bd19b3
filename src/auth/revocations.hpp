#pragma once

#include "auth/principal.hpp"

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>

namespace drawbridge::auth {

// Whose sessions end, and who may not open new ones. One line each:
//
//   # left on 2027-01-31
//   identity alice@example.org
//   token 3f0c-laptop
//
// What stands behind the word is the name up to the end of the line, blanks inside it included. Names are compared byte
// by byte: no case is folded, nothing is normalised.
class Revocations {
 public:
  // At most 1 MiB. Empty if a line is wrong; then `why` names it. A line twice is no mistake.
  static std::unique_ptr<Revocations> parse(std::string_view text, std::string& why);

  // Of both; either may be null.
  static std::shared_ptr<const Revocations> joined(const std::shared_ptr<const Revocations>& a,
                                                   const std::shared_ptr<const Revocations>& b);

  bool revoked(const Principal& principal) const;

 private:
  using Names = std::set<std::string, std::less<>>;
  Names identities_;
  Names tokens_;
};

}  // namespace drawbridge::auth
