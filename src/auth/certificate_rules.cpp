#include "auth/certificate_rules.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

namespace drawbridge::auth {
namespace {

// memmem is linear in both lengths, unlike std::string_view::find.
std::size_t find(std::string_view text, std::string_view piece) {
  if (piece.empty()) return 0;
  const void* const at = ::memmem(text.data(), text.size(), piece.data(), piece.size());
  return at == nullptr ? std::string_view::npos : static_cast<std::size_t>(static_cast<const char*>(at) - text.data());
}

// `*` stands for any run of characters. Each piece between two of them is looked for once, behind the one before: the
// first place is as good as any later one.
bool matches(std::string_view pattern, std::string_view text) {
  const std::vector<std::string_view> pieces = split(pattern, '*');
  const std::string_view first = pieces.front();
  const std::string_view last = pieces.back();
  if (pieces.size() == 1) return pattern == text;
  if (text.size() < first.size() + last.size() || !text.starts_with(first) || !text.ends_with(last)) return false;
  text = text.substr(first.size(), text.size() - first.size() - last.size());
  return std::all_of(pieces.begin() + 1, pieces.end() - 1, [&](std::string_view piece) {
    const std::size_t at = find(text, piece);
    if (at == std::string_view::npos) return false;
    text.remove_prefix(at + piece.size());
    return true;
  });
}

// Case tells nothing in the name of a host.
bool matches_name(std::string_view pattern, std::string_view name) {
  constexpr std::string_view host = "DNS:";
  if (!name.starts_with(host) || !pattern.starts_with(host)) return matches(pattern, name);
  return matches(to_lower(pattern), to_lower(name));
}

}  // namespace

bool admits(const config::ClientCertificateAuth& rule, std::string_view common_name,
            std::span<const std::string> names) {
  const auto& subjects = rule.subjects;
  const bool right_subject =
      subjects.empty() || (!common_name.empty() && std::any_of(subjects.begin(), subjects.end(), [&](const auto& it) {
        return matches(it, common_name);
      }));
  const bool right_name =
      rule.names.empty() || std::any_of(rule.names.begin(), rule.names.end(), [&](const std::string& pattern) {
        return std::any_of(names.begin(), names.end(), [&](const auto& name) { return matches_name(pattern, name); });
      });
  return right_subject && right_name;
}

Principal principal_of(const PeerCertificate& certificate) {
  Principal principal;
  if (!certificate.common_name.empty()) {
    principal.identity = certificate.common_name;
  } else if (!certificate.names.empty()) {
    principal.identity = certificate.names.front();
  } else {
    principal.identity = "sha256:" + certificate.fingerprint;
  }
  principal.token_id = certificate.fingerprint;
  principal.expires = certificate.not_after;
  return principal;
}

}  // namespace drawbridge::auth
