#include "net/opening.hpp"

#include "auth/credential.hpp"
#include "base/text.hpp"
#include "net/answer.hpp"
#include "net/authentication.hpp"
#include "net/dial.hpp"
#include "net/files.hpp"
#include "net/head.hpp"
#include "net/naming.hpp"
#include "net/opening_state.hpp"
#include "net/refuse.hpp"
#include "policy/admission.hpp"

#include <fcntl.h>

namespace drawbridge::net {
namespace {

constexpr auto answer_time = std::chrono::seconds(5);
constexpr std::size_t head_read = 4'096;

void fail_handshake(Opening& opening, Reason reason) {
  opening.worker.tally().handshake_failures.count(reason);
  give_up(opening, reason);
}

Task<bool> shake_hands(Opening& opening) {
  // Nothing of OpenSSL for those who only connect.
  if (!co_await opening.wait.readable()) {
    fail_handshake(opening, opening.wait.expired() ? Reason::tls_timeout : Reason::client_gone);
    co_return false;
  }
  for (;;) {
    // Handshakes are what costs; between any two of their steps the carried sessions get their turn.
    co_await opening.worker.loop().turns().next();
    if (opening.wait.expired()) break;
    if (opening.tls == nullptr) opening.begin_tls();
    const IoStatus status = opening.tls->handshake();
    if (status == IoStatus::ok) {
      opening.identity.tls = opening.tls->version();
      ++opening.worker.tally().handshakes[opening.identity.tls];
      co_return true;
    }
    if (opening.tls->was_plain_http()) {
      opening.worker.tally().handshake_failures.count(Reason::plain_http);
      log_refusal(opening, Reason::plain_http, "status", 400);
      PlainEnd plain{Descriptor(::fcntl(opening.fd, F_DUPFD_CLOEXEC, 3))};
      co_await part(opening, plain, refusal(Reason::plain_http, opening.identity.session, 0));
      co_return false;
    }
    if (status != IoStatus::again_read && status != IoStatus::again_write) {
      fail_handshake(opening, status == IoStatus::broken ? Reason::tls_error : Reason::client_gone);
      // Its request may be on its way already (TLS 1.3), and must not destroy the alert that says why.
      if (!opening.tls->certificate_error().empty()) co_await part(opening, *opening.browser, "");
      co_return false;
    }
    if (!co_await ready_again(opening, *opening.browser, status)) break;
  }
  fail_handshake(opening, opening.wait.expired() ? Reason::tls_timeout : Reason::client_gone);
  co_return false;
}

// Reads until the head is whole. Absent: refused already.
Task<std::optional<Head>> read_head(Opening& opening) {
  const std::size_t most = opening.settings->config().limits.head;
  std::string& received = opening.received;
  opening.wait.set_limit(Clock::now() + opening.settings->config().timeouts.head);
  std::size_t seen = 0;
  for (;;) {
    // There may be some already, behind the request before.
    if (received.size() == seen) {
      const IoResult result = opening.browser->read(std::span(opening.worker.scratch().up).first(head_read));
      if (result.status != IoStatus::ok) {
        if (co_await ready_again(opening, *opening.browser, result.status)) continue;
        if (opening.wait.expired() && received.empty() && may_have_files(opening)) {
          // Browsers connect in advance to where pages come from.
          opening.told = true;
          co_await part(opening, *opening.browser, "");
        } else if (opening.wait.expired()) {
          co_await refuse(opening, Reason::head_timeout, 0);
        } else {
          give_up(opening, result.status == IoStatus::broken ? Reason::tls_error : Reason::client_gone);
        }
        co_return std::nullopt;
      }
      received.append(reinterpret_cast<const char*>(opening.worker.scratch().up.data()), result.bytes);
    }
    const std::size_t size = head_size(received, std::exchange(seen, received.size()));
    if (size > most || (size == 0 && received.size() >= most)) {
      co_await refuse(opening, excess_of(received, most), 0);
      co_return std::nullopt;
    }
    // Not the beginning of a request, TLS on a plaintext port for example: no need to wait for more.
    if (!is_token_char(received.front())) {
      co_await refuse(opening, Reason::bad_request, 0);
      co_return std::nullopt;
    }
    if (size == 0) continue;
    auto head = Head::parse(std::string_view(received).substr(0, size));
    received.erase(0, size);
    if (head) co_return std::move(*head);
    co_await refuse(opening, head.error(), 0);
    co_return std::nullopt;
  }
}

// Out of the offered subprotocols: none of them is ever echoed. True if nothing else was offered.
bool set_credentials_aside(Asked& asked) {
  ws::Upgrade as_sent = asked.upgrade;
  const bool only_credentials = auth::remove_credentials(asked.upgrade);
  if (as_sent.subprotocols.size() != asked.upgrade.subprotocols.size()) asked.upgrade_as_sent = std::move(as_sent);
  return only_credentials;
}

policy::Verdict judge(Opening& opening, const Snapshot& snapshot, const ws::Request& request) {
  Asked& asked = *opening.asked;
  std::optional<Reason> form = ws::check_upgrade(request, asked.upgrade);
  // Also of who is refused for the form of what he sent it is known who he is.
  const std::optional<Reason> forwarded = take_forwarded(opening, request);
  if (!form) form = forwarded;
  const bool only_credentials = !form && set_credentials_aside(asked);
  opening.identity.origin = asked.upgrade.origin_text.value_or("");
  policy::Circumstances circumstances = circumstances_of(opening);
  circumstances.full = opening.worker.services().limiter.full();
  circumstances.offers_only_credentials = only_credentials;
  circumstances.route_is_draining = [&](std::size_t index) {
    return snapshot.route(index)->state->draining.load(std::memory_order_relaxed);
  };
  circumstances.route_is_full = [&](std::size_t index) {
    const ActiveRoute& route = *snapshot.route(index);
    const config::RouteLimits& limits = route.route.limits;
    return limits.sessions && limits.enforce_sessions &&
           route.state->sessions.load(std::memory_order_relaxed) >= *limits.sessions;
  };
  policy::Verdict verdict =
      policy::admit(snapshot.config().routes, snapshot.table(), form, asked.upgrade, circumstances);
  if (verdict.route) asked.route = snapshot.route(*verdict.route);
  for (const policy::Refusal& told : verdict.only_told) log_would_refuse(opening, told.reason, told.rule);
  asked.rule = verdict.rule;
  if (verdict.subprotocol) opening.identity.subprotocol = *verdict.subprotocol;
  return verdict;
}

// Absent: nothing that is enforced stands against one more session of the identity.
std::optional<policy::Objection> join_identity(Opening& opening) {
  Asked& asked = *opening.asked;
  const config::Route& route = asked.route->route;
  if (!route.quotas.any() || !asked.principal) return std::nullopt;
  policy::Joined joined =
      opening.worker.services().quotas.join(route.name, route.quotas, asked.principal->identity, Clock::now());
  asked.share = std::move(joined.share);
  if (!joined.objection) return std::nullopt;
  std::string rule = policy::rule_text(joined.rule, route.position);
  if (policy::refuses(joined.objection)) {
    asked.rule = std::move(rule);
    return joined.objection;
  }
  log_would_refuse(opening, joined.objection->reason, rule);
  return std::nullopt;
}

// A task of its own, so that only a request makes its frame.
Task<> answer_request(Opening& opening, const ws::Request& request);

}  // namespace

Task<> open_session(Worker& worker, Worker::Load load, Accepted accepted) {
  Opening opening(worker, std::move(load), std::move(accepted));
  if (!opening.wait.watches()) co_return give_up(opening, Reason::full);
  if (opening.entrance->proxy_protocol && !co_await read_proxy_header(opening)) co_return;
  if (opening.entrance->tls && !co_await shake_hands(opening)) co_return;
  for (;;) {
    const std::optional<Head> head = co_await read_head(opening);
    if (!head) co_return;
    const bool for_file = may_have_files(opening) && ws::asks_for_file(head->request());
    if (!for_file) co_return co_await answer_request(opening, head->request());
    const bool goes_on = co_await answer_file_request(opening, head->request());
    if (!goes_on) co_return;
    const bool more = co_await another_request(opening);
    if (!more) co_return;
  }
}

namespace {

Task<> answer_request(Opening& opening, const ws::Request& request) {
  Worker& worker = opening.worker;
  opening.asked = std::make_unique<Asked>();
  Asked& asked = *opening.asked;
  // Held to the end: a reload while it dials does not change what was decided.
  const std::shared_ptr<const Snapshot> snapshot = worker.snapshot();
  const policy::Verdict verdict = judge(opening, *snapshot, request);
  if (!verdict.admitted()) {
    if (verdict.in_close_frame) co_return co_await refuse_in_close_frame(opening, *verdict.reason, verdict.retry_after);
    co_return co_await refuse(opening, *verdict.reason, verdict.retry_after);
  }
  const config::Route& route = asked.route->route;
  const std::optional<Reason> refusal = co_await authenticate(opening, request);
  if (refusal && *refusal == Reason::bad_request) co_return co_await refuse(opening, *refusal, 0);
  const bool shut_out = refusal && *refusal == Reason::penalty;
  const auto wait = shut_out ? std::optional(opening.entry.retry_after) : std::nullopt;
  if (refusal) co_return co_await refuse_late(opening, *refusal, wait);
  if (const auto objection = join_identity(opening)) {
    co_return co_await refuse_late(opening, objection->reason, objection->retry_after);
  }
  // Only now: who has no credential takes nobody's place while he waits to hear so.
  asked.place = RoutePlace::take(asked.route);
  if (!asked.place) co_return co_await refuse_late(opening, Reason::route_full);
  if (asked.place.is_beyond()) {
    log_would_refuse(opening, Reason::route_full, policy::rule_text("limits.sessions", route.position));
  }
  config::Backend target = route.backend;
  if (asked.principal && asked.principal->backend) target = *config::parse_tcp_backend(*asked.principal->backend);
  opening.identity.backend = target.text();
  if (opening.client_is_known) opening.identity.address = opening.client;

  std::unique_ptr<PlainEnd> backend;  // stays null where the route echoes
  std::unique_ptr<Readiness> backend_readiness;
  if (target.kind == config::Backend::Kind::tcp) {
    const Instant began = Clock::now();
    auto dialled =
        co_await dial(worker.loop(), worker.services().resolver, target, Clock::now() + route.timeouts.connect);
    if (!dialled) co_return co_await refuse_late(opening, dialled.error());
    worker.tally().route(route.name).dials.count(std::chrono::duration<double>(Clock::now() - began).count());
    backend = std::make_unique<PlainEnd>(std::move(dialled->socket));
    backend_readiness = std::move(dialled->readiness);
  }
  if (worker.draining()) co_return co_await refuse_late(opening, Reason::draining);
  // Who was revoked meanwhile; where that is not enforced, the session tells.
  if (asked.principal && route.enforce_auth && worker.is_revoked(*asked.principal))
    co_return co_await refuse_late(opening, Reason::revoked);
  if (!opening.entry.permit.promote()) co_return co_await refuse_late(opening, Reason::full);

  opening.wait.set_limit(Clock::now() + answer_time);
  if (!co_await write_all(opening, *opening.browser, switching_protocols(asked.upgrade.accept, verdict.subprotocol))) {
    co_return give_up(opening, Reason::client_gone);
  }
  bound_unsent(opening.fd);
  opening.told = true;
  auto session = std::make_unique<Session>(
      std::move(opening.identity), std::move(opening.entry.permit), std::move(asked.place), std::move(opening.browser),
      std::move(backend), worker.services().buffers, Clock::now(), std::move(asked.principal), std::move(asked.share));
  const std::string first = std::move(opening.received);
  worker.carry(std::move(session), std::move(opening.load), opening.wait.release(), std::move(backend_readiness),
               {reinterpret_cast<const std::uint8_t*>(first.data()), first.size()});
}

}  // namespace
}  // namespace drawbridge::net
