#include "net/authentication.hpp"

#include "auth/certificate_rules.hpp"
#include "auth/credential.hpp"
#include "net/forward.hpp"
#include "net/gate.hpp"
#include "policy/admission.hpp"

#include <array>
#include <ctime>

namespace drawbridge::net {
namespace {

// For a password's turn in the queue.
constexpr auto longest_wait = std::chrono::seconds(10);

// What one entry of `auth` says of a request.
struct Opinion {
  Result<auth::Principal> who = Reason::credential_missing;
  std::string why{};  // for the log
};

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

std::string_view kind_of(const config::Auth& auth) {
  constexpr std::array<std::string_view, 5> kinds{"auth.jwt", "auth.basic", "auth.client_certificate", "auth.forward",
                                                  "auth.tokens"};
  return kinds[auth.how.index()];
}

// As the request was sent, with the credentials among its subprotocols.
const ws::Upgrade& as_sent(const Opening& opening) {
  return opening.upgrade_as_sent ? *opening.upgrade_as_sent : opening.upgrade;
}

template <class Keys>
Opinion by_bearer(const Opening& opening, const config::Auth& auth, const Keys& keys, const ws::Request& request) {
  auto token = auth::find_bearer(request, as_sent(opening), auth.from);
  if (!token) return {token.error()};
  Opinion opinion;
  opinion.who = keys->check(*token, std::time(nullptr), opinion.why);
  return opinion;
}

Opinion by_token(const Opening& opening, const config::Auth& auth, const Gate::Tokens& file,
                 const ws::Request& request) {
  Opinion opinion = by_bearer(opening, auth, file->get(), request);
  if (!opinion.who || !opinion.who->backend) return opinion;
  const auto& allowed = std::get<config::TokensAuth>(auth.how).backends;
  const auto target = config::parse_tcp_backend(*opinion.who->backend);
  if (!target || std::find(allowed.begin(), allowed.end(), *target) == allowed.end()) {
    return {Reason::not_permitted, "its backend is not one of the route's `backends`"};
  }
  return opinion;
}

Opinion by_certificate(const Opening& opening, const config::Auth& auth) {
  const auto certificate = opening.tls == nullptr ? std::nullopt : opening.tls->peer_certificate();
  if (!certificate) return {Reason::credential_missing, "no client certificate"};
  const auto& rule = std::get<config::ClientCertificateAuth>(auth.how);
  if (!auth::admits(rule, certificate->common_name, certificate->names)) {
    return {Reason::not_permitted, "the certificate's names fit none of the rule's"};
  }
  return {auth::principal_of(*certificate)};
}

// What the thread that checks passwords and the waiting task share.
struct PasswordCheck {
  Parked* waiting = nullptr;  // null once the task waits no more
  bool right = false;
};

Task<Opinion> by_password(Opening& opening, const Gate::Passwords& file, const ws::Request& request) {
  auto credential = auth::find_basic(request);
  if (!credential) co_return Opinion{credential.error()};
  const std::shared_ptr<const auth::PasswordFile> users = file->get();
  const std::string* hash = users->hash_of(credential->user);
  const bool is_user = hash != nullptr;
  PasswordQuestion question{credential->user, credential->password, is_user ? *hash : users->decoy(), opening.client};
  auth::Principal principal{.identity = credential->user, .token_id = {}, .expires = {}, .backend = {}};
  Passwords& passwords = opening.worker.services().passwords;
  if (is_user && passwords.known(question, Clock::now())) co_return Opinion{std::move(principal)};

  Loop& loop = opening.worker.loop();
  Parked parked(loop.deadlines(), Clock::now() + longest_wait);
  const auto check = std::make_shared<PasswordCheck>();
  check->waiting = &parked;
  const bool queued = passwords.ask(std::move(question), [check, &loop](bool right) {
    loop.post([check, right] {
      if (check->waiting == nullptr) return;
      check->right = right;
      check->waiting->wake();
    });
  });
  if (!queued) co_return Opinion{Reason::auth_unavailable, "too many passwords wait to be checked"};
  struct NoLonger {
    PasswordCheck& check;
    ~NoLonger() { check.waiting = nullptr; }
  } const no_longer{*check};
  const bool answered = co_await parked.wait();
  if (!answered) co_return Opinion{Reason::auth_unavailable, "the password's turn did not come in time"};
  if (!is_user || !check->right) co_return Opinion{Reason::credential_invalid};
  co_return Opinion{std::move(principal)};
}

Task<Opinion> by_service(Opening& opening, std::shared_ptr<ForwardGate> gate, const ws::Request& request) {
  const std::string client = opening.client ? client::text(*opening.client) : "";
  ForwardQuestion question = forward_question(gate->auth(), request, opening.upgrade, opening.tls != nullptr, client);
  ForwardAnswer answer = co_await ask_forward(opening.worker.loop(), opening.worker.services().resolver,
                                              std::move(gate), std::move(question));
  co_return Opinion{std::move(answer.who), std::move(answer.why)};
}

Task<Opinion> opinion_of(Opening& opening, const Gate::Entry& entry, const ws::Request& request) {
  const config::Auth& auth = entry.settings;
  if (const auto* file = std::get_if<Gate::Jwt>(&entry.keys)) {
    co_return by_bearer(opening, auth, (*file)->get(), request);
  }
  if (const auto* keys = std::get_if<Gate::InlineJwt>(&entry.keys)) co_return by_bearer(opening, auth, *keys, request);
  if (const auto* file = std::get_if<Gate::Tokens>(&entry.keys)) co_return by_token(opening, auth, *file, request);
  if (const auto* file = std::get_if<Gate::Passwords>(&entry.keys)) {
    Opinion opinion = co_await by_password(opening, *file, request);
    co_return opinion;
  }
  if (const auto* gate = std::get_if<Gate::Forward>(&entry.keys)) {
    Opinion opinion = co_await by_service(opening, *gate, request);
    co_return opinion;
  }
  co_return by_certificate(opening, auth);
}

}  // namespace

Task<std::optional<Reason>> authenticate(Opening& opening, const ws::Request& request) {
  const std::shared_ptr<Gate> gate = opening.route->gate;
  if (!gate) co_return std::nullopt;
  // Also for connections that were accepted before their client had failed too often: many may be under way.
  const auto objection = opening.client_is_known
                             ? opening.worker.services().penalties.objection(opening.client, Clock::now())
                             : std::nullopt;
  if (policy::refuses(objection)) {
    opening.rule = "penalties";
    opening.entry.retry_after = objection->retry_after;
    co_return Reason::penalty;
  }
  Reason reason = Reason::credential_missing;
  for (const Gate::Entry& entry : gate->entries()) {
    Opinion opinion = co_await opinion_of(opening, entry, request);
    if (opinion.who && opening.worker.is_revoked(*opinion.who)) {
      opening.identity.name = opinion.who->identity;
      opinion = {Reason::revoked, {}};
    }
    if (opinion.who) {
      opening.identity.name = opinion.who->identity;
      opening.principal = std::make_unique<auth::Principal>(*std::move(opinion.who));
      opening.rule.clear();
      opening.detail.clear();
      co_return std::nullopt;
    }
    // An ambiguous request is so for every entry.
    const bool first = opening.rule.empty();
    if (first || opinion.who.error() == Reason::bad_request || weight(opinion.who.error()) > weight(reason)) {
      reason = opinion.who.error();
      opening.rule = policy::rule_text(kind_of(entry.settings), entry.settings.position);
      opening.detail = std::move(opinion.why);
    }
    if (reason == Reason::bad_request) break;
  }
  co_return reason;
}

}  // namespace drawbridge::net
