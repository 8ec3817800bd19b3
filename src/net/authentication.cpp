#include "net/authentication.hpp"

#include "net/credentials.hpp"
#include "net/forward.hpp"
#include "net/refuse.hpp"
#include "policy/admission.hpp"

#include <ctime>

namespace drawbridge::net {
namespace {

// For a password's turn in the queue.
constexpr auto longest_wait = std::chrono::seconds(10);

// As the request was sent, with the credentials among its subprotocols.
const ws::Upgrade& as_sent(const Opening& opening) {
  const Asked& asked = *opening.asked;
  return asked.upgrade_as_sent ? *asked.upgrade_as_sent : asked.upgrade;
}

// What the thread that checks passwords and the waiting task share.
struct PasswordCheck {
  Parked* waiting = nullptr;  // null once the task waits no more
  bool right = false;
};

Task<Opinion> by_password(Opening& opening, const Gate::Passwords& file, const ws::Request& request) {
  auto claim = password_claim(*file->get(), request, opening.client);
  if (!claim) co_return Opinion{claim.error()};
  const Instant until = Clock::now() + longest_wait;
  claim->question.until = until;
  Passwords& passwords = opening.worker.services().passwords;
  // Asked for everybody, so that it takes the same time; of nobody's decoy anything is known.
  const bool known = passwords.known(claim->question, Clock::now());
  if (known && claim->is_user) co_return claim->opinion(true);

  Loop& loop = opening.worker.loop();
  Parked parked(loop.deadlines(), until);
  const auto check = std::make_shared<PasswordCheck>();
  check->waiting = &parked;
  const bool queued = passwords.ask(claim->question, [check, &loop](bool right) {
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
  if (!claim->is_user || !check->right) co_return claim->opinion(false);
  // Taken away, or another one now: seconds may have passed.
  const auto users_now = file->get();
  const std::string* hash_now = users_now->hash_of(claim->question.user);
  co_return claim->opinion(hash_now != nullptr && *hash_now == claim->question.hash);
}

Task<Opinion> by_service(Opening& opening, std::shared_ptr<ForwardGate> gate, const ws::Request& request) {
  const std::string client = opening.client ? client::text(*opening.client) : "";
  ForwardQuestion question =
      forward_question(gate->auth(), request, opening.asked->upgrade, opening.tls != nullptr, client);
  // A proxy that did not say whom it speaks for may speak for many.
  const std::optional<client::Address> asker = opening.client_is_known ? opening.client : std::nullopt;
  ForwardAnswer answer = co_await ask_forward(opening.worker.loop(), opening.worker.services().resolver,
                                              std::move(gate), std::move(question), asker);
  co_return Opinion{std::move(answer.who), std::move(answer.why)};
}

Opinion by_certificate_of(const Opening& opening, const config::ClientCertificateAuth& rule) {
  return by_certificate(rule, opening.tls == nullptr ? std::nullopt : opening.tls->peer_certificate());
}

Task<Opinion> opinion_of(Opening& opening, const Gate::Entry& entry, const ws::Request& request) {
  if (const auto* file = std::get_if<Gate::Passwords>(&entry.keys)) {
    Opinion opinion = co_await by_password(opening, *file, request);
    co_return opinion;
  }
  if (const auto* gate = std::get_if<Gate::Forward>(&entry.keys)) {
    Opinion opinion = co_await by_service(opening, *gate, request);
    co_return opinion;
  }
  const auto* rule = std::get_if<config::ClientCertificateAuth>(&entry.settings.how);
  if (rule != nullptr) co_return by_certificate_of(opening, *rule);
  co_return by_bearer(entry, request, as_sent(opening), std::time(nullptr));
}

}  // namespace

Task<std::optional<Reason>> authenticate(Opening& opening, const ws::Request& request) {
  Asked& asked = *opening.asked;
  const std::shared_ptr<Gate> gate = asked.route->gate;
  if (!gate) co_return std::nullopt;
  // Also for connections that were accepted before their client had failed too often: many may be under way.
  const auto objection = opening.client_is_known
                             ? opening.worker.services().penalties.objection(opening.client, Clock::now())
                             : std::nullopt;
  if (policy::refuses(objection)) {
    asked.rule = policy::rule_at_accept(Reason::penalty);
    opening.entry.retry_after = objection->retry_after;
    co_return Reason::penalty;
  }
  Judgement judgement;
  for (const Gate::Entry& entry : gate->entries()) {
    Opinion opinion = co_await opinion_of(opening, entry, request);
    const bool revoked = opinion.who && opening.worker.is_revoked(*opinion.who);
    if (judgement.add(entry.settings, std::move(opinion), revoked)) break;
  }
  opening.identity.name = std::move(judgement.identity);
  if (!judgement.principal && !asked.route->route.enforce_auth) {
    log_would_refuse(opening, judgement.reason, judgement.rule, judgement.detail);
    // Who was revoked comes as nobody.
    opening.identity.name.clear();
    co_return std::nullopt;
  }
  asked.rule = std::move(judgement.rule);
  asked.detail = std::move(judgement.detail);
  if (!judgement.principal) co_return judgement.reason;
  asked.principal = std::make_unique<auth::Principal>(*std::move(judgement.principal));
  co_return std::nullopt;
}

}  // namespace drawbridge::net
