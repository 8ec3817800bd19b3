#include "auth/password_file.hpp"

#include "auth/lines.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include <crypt.h>
#include <fmt/format.h>
#include <openssl/crypto.h>

namespace drawbridge::auth {
namespace {

constexpr std::size_t longest_of_bcrypt = 72;  // bytes of a password that it reads

// What a line gives: a hash that can be checked, or what is wrong with it.
struct Hash {
  std::string cost{};        // kind and cost: equal ones take equal time
  std::size_t digest = 0;    // where the digest begins; before it stand kind, cost and salt
  std::string_view wrong{};  // empty: nothing
};

bool is_crypt64(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return is_alnum(c) || c == '.' || c == '/'; });
}

bool is_bcrypt(std::string_view hash) {
  return hash.starts_with("$2y$") || hash.starts_with("$2b$") || hash.starts_with("$2a$");
}

// $2y$ cost $ salt (22 characters) digest (31)
Hash read_bcrypt(std::string_view hash) {
  constexpr std::size_t salt = 7;
  constexpr std::size_t digest = salt + 22;
  if (hash.size() != digest + 31 || hash[6] != '$' || !is_crypt64(hash.substr(salt))) {
    return {.wrong = "the bcrypt hash is broken"};
  }
  const auto cost = number(hash.substr(4, 2));
  if (!cost || *cost < 4 || *cost > 14) {
    return {.wrong = "the cost of bcrypt is not 4 to 14; make it anew with htpasswd -B -C 10"};
  }
  return {"bcrypt " + std::to_string(*cost), digest};
}

// $6$ [rounds=N$] salt $ digest
Hash read_sha_crypt(std::string_view hash) {
  Hash broken{.wrong = "the SHA-crypt hash is broken"};
  const std::size_t digest_size = hash[1] == '5' ? 43 : 86;
  auto parts = split(hash.substr(3), '$');
  unsigned rounds = 5'000;
  if (constexpr std::string_view key = "rounds="; parts.front().starts_with(key)) {
    const std::string_view digits = parts.front().substr(key.size());
    const auto written = number(digits);
    if (!written || digits.front() == '0') return broken;
    if (*written < 1'000 || *written > 700'000) return {.wrong = "the rounds of SHA-crypt are not 1000 to 700000"};
    rounds = *written;
    parts.erase(parts.begin());
  }
  if (parts.size() != 2) return broken;
  const std::string_view salt = parts[0];
  const std::string_view digest = parts[1];
  if (salt.empty() || salt.size() > 16 || !is_crypt64(salt) || digest.size() != digest_size || !is_crypt64(digest)) {
    return broken;
  }
  return {fmt::format("{} {}", hash.substr(0, 3), rounds), hash.size() - digest_size};
}

// $y$ parameters $ salt $ digest
Hash read_yescrypt(std::string_view hash) {
  Hash broken{.wrong = "the yescrypt hash is broken"};
  // N and r as libcrypt writes them, for costs 1 to 8 in their order.
  constexpr std::array<std::string_view, 8> known{"j75", "j85", "j7T", "j8T", "j9T", "jAT", "jBT", "jCT"};
  const auto parts = split(hash.substr(1), '$');
  if (parts.size() != 4) return broken;
  const std::string_view salt = parts[2];
  const std::string_view digest = parts[3];
  if (salt.empty() || salt.size() > 86 || !is_crypt64(salt) || digest.size() != 43 || !is_crypt64(digest)) {
    return broken;
  }
  if (std::find(known.begin(), known.end(), parts[1]) == known.end()) {
    return {.wrong = "the parameters of yescrypt are none of its costs 1 to 8"};
  }
  return {fmt::format("{} {}", parts[0], parts[1]), hash.size() - digest.size()};
}

Hash read_hash(std::string_view hash) {
  if (is_bcrypt(hash)) return read_bcrypt(hash);
  if (hash.starts_with("$5$") || hash.starts_with("$6$")) return read_sha_crypt(hash);
  if (hash.starts_with("$y$") || hash.starts_with("$gy$")) return read_yescrypt(hash);
  if (hash.starts_with("$apr1$") || hash.starts_with("$1$")) {
    return {.wrong = "the hash is MD5, which is too weak; use htpasswd -B"};
  }
  if (hash.starts_with("{SHA}")) return {.wrong = "the hash is SHA-1 without salt, which is too weak; use htpasswd -B"};
  return {.wrong = "it is plain text, or a hash that is too weak or unknown; use htpasswd -B"};
}

// The name of a user who can be asked for: what Authorization: Basic can carry, and what can be seen in a file.
bool is_user(std::string_view user) {
  return !user.empty() && user.size() <= longest_name && trim(user) == user;
}

// The same kind, cost and salt with a digest that nothing is known to give.
std::string decoy_like(std::string_view hash, std::size_t digest) {
  return std::string(hash.substr(0, digest)) + std::string(hash.size() - digest, '.');
}

}  // namespace

std::unique_ptr<PasswordFile> PasswordFile::parse(std::string_view text, std::string& why) {
  const auto lines = lines_of(text, why);
  if (!lines) return nullptr;
  auto file = std::make_unique<PasswordFile>();
  // htpasswd's own cost, for a file without users.
  file->decoy_ = "$2y$05$" + std::string(53, '.');
  std::map<std::string, std::size_t> users_of;  // by kind and cost
  std::size_t most = 0;
  for (const Line& line : *lines) {
    const auto colon = std::min(line.text.find(':'), line.text.size());
    const std::string_view user = line.text.substr(0, colon);
    const std::string_view written = line.text.substr(std::min(colon + 1, line.text.size()));
    const Hash hash = read_hash(written);
    std::string_view wrong = hash.wrong;
    if (!is_user(user)) {
      wrong = "it must begin with a user of 1 to 256 bytes and a colon, without blanks around the user";
    }
    if (file->hashes_.size() == most_users) wrong = "there are more than 10000 users";
    if (wrong.empty() && !file->hashes_.emplace(user, written).second) wrong = "the same user stands above";
    if (!wrong.empty()) {
      why = at(line, wrong);
      return nullptr;
    }
    if (const std::size_t users = ++users_of[hash.cost]; users > most) {
      most = users;
      file->decoy_ = decoy_like(written, hash.digest);
    }
  }
  return file;
}

const std::string* PasswordFile::hash_of(std::string_view user) const {
  const auto found = hashes_.find(user);
  return found == hashes_.end() ? nullptr : &found->second;
}

bool password_matches(const std::string& password, const std::string& hash) {
  if (password.find('\0') != std::string::npos) return false;
  const auto memory = std::make_unique<crypt_data>();  // 32 KiB
  const char* const computed = ::crypt_rn(password.c_str(), hash.c_str(), memory.get(), sizeof(crypt_data));
  const bool equal = computed != nullptr && std::strlen(computed) == hash.size() &&
                     CRYPTO_memcmp(computed, hash.data(), hash.size()) == 0;
  OPENSSL_cleanse(memory.get(), sizeof(crypt_data));
  // Only now, so that time tells nothing of the hash's kind.
  return equal && !(is_bcrypt(hash) && password.size() > longest_of_bcrypt);
}

}  // namespace drawbridge::auth
