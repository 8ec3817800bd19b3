#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace drawbridge::auth {

// Users and the hashes of their passwords as Apache's htpasswd keeps them, `user:hash` a line. The hashes are
// crypt(5)'s: bcrypt ($2y$, $2b$, $2a$) of cost 4 to 14, SHA-crypt ($5$, $6$) of 1,000 to 700,000 rounds, and yescrypt
// and gost-yescrypt ($y$, $gy$) with the parameters that crypt_gensalt(3) gives for costs 1 to 8 (128 MiB). With
// passwords that find_basic lets through, a check takes less than a second of a present-day core. Weaker ones are
// refused, and so are passwords in plain text.
class PasswordFile {
 public:
  static constexpr std::size_t most_users = 10'000;

  // At most 1 MiB. Empty if a line is wrong or a user stands twice; then `why` names the line. A file without users
  // admits nobody.
  static std::unique_ptr<PasswordFile> parse(std::string_view text, std::string& why);

  // Null for an unknown user.
  const std::string* hash_of(std::string_view user) const;
  // What to check for an unknown user, so that the time it takes does not tell that there is none: of the kind and cost
  // that most users of the file have, and no password's. Where users have several kinds or costs, time tells of the
  // others.
  const std::string& decoy() const { return decoy_; }

 private:
  std::map<std::string, std::string, std::less<>> hashes_;  // by user
  std::string decoy_;
};

// Slow by intent, up to a second: for a thread that nobody waits for. Threads may call it at once. `hash` is one of a
// PasswordFile. False also for passwords that cannot be told apart from others: with a NUL, or of more than 72 bytes
// where the hash is bcrypt's, which reads no further.
bool password_matches(const std::string& password, const std::string& hash);

}  // namespace drawbridge::auth
