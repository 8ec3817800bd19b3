#include "admin/door.hpp"

#include "base/text.hpp"
#include "config/disk.hpp"
#include "config/load.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>

namespace drawbridge::admin {
namespace {

constexpr std::string_view scheme = "bearer ";

// Takes as long for any guess: the hashes are compared, which nobody can steer.
bool same_secret(std::string_view a, std::string_view b) {
  unsigned char hash_a[SHA256_DIGEST_LENGTH];
  unsigned char hash_b[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(a.data()), a.size(), hash_a);
  SHA256(reinterpret_cast<const unsigned char*>(b.data()), b.size(), hash_b);
  return CRYPTO_memcmp(hash_a, hash_b, sizeof(hash_a)) == 0;
}

// b64token of RFC 6750 §2.1: what a field can carry as it is.
bool is_token_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return is_alnum(c) || std::string_view("-._~+/=").find(c) != std::string_view::npos;
  });
}

std::string read_token(const std::string& path, std::string& why) {
  const auto content = config::read_regular_file(path, why);
  if (!content) return {};
  std::string_view text = content->bytes;
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  if (text.size() >= Door::shortest_token && is_token_text(text)) return std::string(text);
  why =
      fmt::format("it must hold one line of at least {} letters, digits and -._~+/=; `openssl rand -hex 32` makes one",
                  Door::shortest_token);
  return {};
}

}  // namespace

std::shared_ptr<const Door> Door::make(const config::AdminListener& listener, const std::string& credentials_directory,
                                       std::string& why) {
  auto door = std::make_shared<Door>();
  door->is_unix_ = listener.bind.kind == config::Bind::Kind::unix_socket;
  if (!listener.token.empty()) {
    door->token_ = read_token(config::file_of(listener.token, credentials_directory), why);
    if (door->token_.empty()) {
      why = fmt::format("the token: {}", why);
      return nullptr;
    }
  }
  door->hosts_ = listener.hosts;
  return door;
}

std::optional<Response> Door::refusal(const Fields& fields, std::string_view address, bool open) const {
  if (!is_unix_) {
    // A page of another site that has our address by a name of its own (DNS rebinding).
    if (!is_ours(fields.host, address)) return failure(421, "this Host is not among `hosts` of `admin`");
    const std::string origin = to_lower(fields.origin);
    const std::string host = to_lower(fields.host);
    if (!origin.empty() && origin != "http://" + host && origin != "https://" + host) {
      return failure(403, "the Origin is another site's");
    }
  }
  if (open || token_.empty()) return std::nullopt;
  const std::string_view sent = fields.authorization;
  const bool right = sent.size() > scheme.size() && equal_ignoring_case(sent.substr(0, scheme.size()), scheme) &&
                     same_secret(trim(sent.substr(scheme.size())), token_);
  if (right) return std::nullopt;
  return failure(401, "the token of `admin` is needed: Authorization: Bearer TOKEN");
}

bool Door::is_ours(std::string_view host, std::string_view address) const {
  const std::string name = to_lower(host);
  if (name.empty()) return false;
  if (name == address || std::find(hosts_.begin(), hosts_.end(), name) != hosts_.end()) return true;
  // The loopback address has one more name, which is nobody else's (RFC 6761 §6.3).
  const auto colon = address.rfind(':');
  const bool loopback = address.starts_with("127.") || address.starts_with("[::1]");
  return loopback && colon != std::string_view::npos && name == std::string("localhost").append(address.substr(colon));
}

}  // namespace drawbridge::admin
