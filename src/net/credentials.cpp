#include "net/credentials.hpp"

#include "auth/credential.hpp"
#include "policy/admission.hpp"

#include <algorithm>
#include <array>

namespace drawbridge::net {
namespace {

// Of two entries that refuse, the one that says more: who has a good token which does not suffice should hear that, and
// not that there was no password.
int weight(Reason reason) {
  constexpr std::array rising{Reason::credential_missing,
                              Reason::credential_invalid,
                              Reason::credential_expired,
                              Reason::not_permitted,
                              Reason::revoked,
                              Reason::auth_unavailable,
                              Reason::full};
  return static_cast<int>(std::find(rising.begin(), rising.end(), reason) - rising.begin());
}

Result<auth::Principal> check(const Gate::Entry& entry, const std::string& token, auth::UnixSeconds now,
                              std::string& why) {
  if (const auto* file = std::get_if<Gate::Jwt>(&entry.keys)) return (*file)->get()->check(token, now, why);
  if (const auto* keys = std::get_if<Gate::InlineJwt>(&entry.keys)) return (*keys)->check(token, now, why);
  return std::get<Gate::Tokens>(entry.keys)->get()->check(token, now, why);
}

bool is_allowed(const std::string& backend, const std::vector<config::Backend>& allowed) {
  const auto target = config::parse_tcp_backend(backend);
  return target && std::find(allowed.begin(), allowed.end(), *target) != allowed.end();
}

}  // namespace

std::string_view kind_of(const config::Auth& auth) {
  constexpr std::array<std::string_view, 5> kinds{"auth.jwt", "auth.basic", "auth.client_certificate", "auth.forward",
                                                  "auth.tokens"};
  return kinds[auth.how.index()];
}

Opinion by_bearer(const Gate::Entry& entry, const ws::Request& request, const ws::Upgrade& as_sent,
                  auth::UnixSeconds now) {
  const auto token = auth::find_bearer(request, as_sent, entry.settings.from);
  if (!token) return {token.error()};
  Opinion opinion;
  opinion.who = check(entry, *token, now, opinion.why);
  const auto* file = std::get_if<config::TokensAuth>(&entry.settings.how);
  if (file == nullptr || !opinion.who || !opinion.who->backend) return opinion;
  if (is_allowed(*opinion.who->backend, file->backends)) return opinion;
  return {Reason::not_permitted, "its backend is not one of the route's `backends`"};
}

Opinion by_certificate(const config::ClientCertificateAuth& rule,
                       const std::optional<auth::PeerCertificate>& certificate) {
  if (!certificate) return {Reason::credential_missing, "no client certificate"};
  if (!auth::admits(rule, certificate->common_name, certificate->names)) {
    return {Reason::not_permitted, "the certificate's names fit none of the rule's"};
  }
  return {auth::principal_of(*certificate)};
}

Opinion PasswordClaim::opinion(bool right) const {
  if (!is_user || !right) return {Reason::credential_invalid};
  return {auth::Principal{.identity = question.user, .token_id = {}, .expires = {}, .backend = {}}};
}

Result<PasswordClaim> password_claim(const auth::PasswordFile& users, const ws::Request& request,
                                     const std::optional<client::Address>& client) {
  const auto credential = auth::find_basic(request);
  if (!credential) return credential.error();
  const std::string* hash = users.hash_of(credential->user);
  return PasswordClaim{{credential->user, credential->password, hash != nullptr ? *hash : users.decoy(), client},
                       hash != nullptr};
}

bool Judgement::add(const config::Auth& auth, Opinion opinion, bool revoked) {
  if (opinion.who && revoked) {
    identity = opinion.who->identity;
    opinion = {Reason::revoked, {}};
  }
  if (opinion.who) {
    identity = opinion.who->identity;
    principal = *std::move(opinion.who);
    rule.clear();
    detail.clear();
    return true;
  }
  // An ambiguous request is so for every entry.
  const bool ambiguous = opinion.who.error() == Reason::bad_request;
  if (rule.empty() || ambiguous || weight(opinion.who.error()) > weight(reason)) {
    reason = opinion.who.error();
    rule = policy::rule_text(kind_of(auth), auth.position);
    detail = std::move(opinion.why);
  }
  return ambiguous;
}

}  // namespace drawbridge::net
