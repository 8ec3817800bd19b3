// Any bytes as an htpasswd file: what is accepted is what cutting each line at its colon says, its hashes are of the
// forms of crypt(5) within the bounds, and the decoy is one of them. No password is hashed: that is slow by intent.

#include "auth/password_file.hpp"

#include "base/text.hpp"
#include "finding.hpp"

#include <cstdint>
#include <map>
#include <regex>
#include <string>

namespace {

using namespace drawbridge;
using namespace drawbridge::auth;
using fuzz::require;

std::map<std::string, std::string> users_of(std::string_view text) {
  std::map<std::string, std::string> users;
  for (std::string_view line : split(text, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    line = trim(line);
    if (line.empty() || line.starts_with('#')) continue;
    const auto colon = line.find(':');
    require(colon != std::string_view::npos, "a line without a colon");
    require(users.emplace(line.substr(0, colon), line.substr(colon + 1)).second, "a user stands twice");
  }
  return users;
}

void check_hash(const std::string& hash) {
  static const std::regex form(R"(\$2[aby]\$(0[4-9]|1[0-4])\$[./A-Za-z0-9]{53})"
                               R"(|\$5\$(rounds=[1-9][0-9]{3,5}\$)?[./A-Za-z0-9]{1,16}\$[./A-Za-z0-9]{43})"
                               R"(|\$6\$(rounds=[1-9][0-9]{3,5}\$)?[./A-Za-z0-9]{1,16}\$[./A-Za-z0-9]{86})"
                               R"(|\$g?y\$j[789ABC][5T]\$[./A-Za-z0-9]{1,86}\$[./A-Za-z0-9]{43})");
  require(std::regex_match(hash, form), "no hash: ", hash);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  std::string why;
  const auto file = PasswordFile::parse(text, why);
  if (!file) {
    require(!why.empty() && is_utf8(why), "not kept: what is wrong");
    return 0;
  }
  const auto users = users_of(text);
  require(users.size() <= PasswordFile::most_users, "more users than there may be");
  for (const auto& [user, hash] : users) {
    require(!user.empty() && user.size() <= 256 && trim(user) == user, "a user that cannot be asked for: ", user);
    require(file->hash_of(user) != nullptr && *file->hash_of(user) == hash, "another hash of ", user);
    check_hash(hash);
  }
  require(file->hash_of("a user of\nno line") == nullptr, "any user is known");
  check_hash(file->decoy());
  require(PasswordFile::parse("x:" + file->decoy(), why) != nullptr, "the decoy is no hash: ", why);
  const std::string digits = file->decoy().substr(file->decoy().size() - 31);
  require(digits.find_first_not_of('.') == std::string::npos, "the decoy may be somebody's: ", file->decoy());
  return 0;
}
