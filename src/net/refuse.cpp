#include "net/refuse.hpp"

#include "net/answer.hpp"
#include "net/files.hpp"
#include "net/gate.hpp"
#include "net/head.hpp"
#include "policy/admission.hpp"
#include "ws/frame.hpp"

namespace drawbridge::net {
namespace {

// How long a refused peer may take to receive its answer, and then to stop sending; how much it may still send.
constexpr auto answer_time = std::chrono::seconds(5);
constexpr auto linger_time = std::chrono::seconds(1);
constexpr std::size_t linger_bytes = 64 * 1024;

// Nothing, before a request came.
const Asked& asked_by(const Opening& opening) {
  static const Asked nothing{};
  return opening.asked ? *opening.asked : nothing;
}

std::string_view challenge(const Opening& opening) {
  const auto& route = asked_by(opening).route;
  return route && route->gate ? std::string_view(route->gate->challenge()) : "Bearer";
}

LogRecord record_of(Opening& opening, std::string_view event) {
  LogRecord record = opening.worker.services().log.record(LogLevel::warning, event);
  record.add("session", opening.identity.session).add("client", opening.identity.client);
  if (!opening.identity.via.empty()) record.add("via", opening.identity.via);
  const Asked& asked = asked_by(opening);
  record.add("host", asked.upgrade.host.host)
      .add("path", asked.upgrade.target.path)
      .add("route", asked.route ? asked.route->route.name : "")
      .add("origin", opening.identity.origin)
      .add("tls", opening.identity.tls);
  return record;
}

RouteTally& tally_of(Opening& opening) {
  return opening.worker.tally().route(opening.asked && opening.asked->route ? opening.asked->route->route.name : "");
}

// Behind our Close that is the browser's: it is to close before the connection ends (RFC 6455 §7.1.1), or it may take
// that for a failure.
Task<> something_comes(Opening& opening) {
  opening.wait.set_limit(Clock::now() + linger_time);
  for (;;) {
    const IoResult result = opening.browser->discard(opening.worker.scratch().up);
    if (result.status == IoStatus::ok) co_return;
    const bool more = co_await ready_again(opening, *opening.browser, result.status);
    if (!more) co_return;
  }
}

}  // namespace

void log_refusal(Opening& opening, Reason reason, std::string_view code_key, std::uint16_t code,
                 std::string_view detail) {
  opening.told = true;
  tally_of(opening).refusals.count(reason);
  const Services& services = opening.worker.services();
  if (opening.client_is_known) {
    note_failure(services, opening.client, opening.identity.client, reason, Clock::now());
  }
  if (!services.refusals.wants_line(reason, Clock::now())) return;
  LogRecord record = record_of(opening, "refused");
  record.add("reason", word(reason)).add(code_key, code);
  if (!opening.identity.name.empty()) record.add("identity", opening.identity.name);
  const Asked& asked = asked_by(opening);
  if (!asked.rule.empty()) record.add("rule", asked.rule);
  if (opening.asked) detail = asked.detail;
  if (reason == Reason::tls_error && opening.tls != nullptr) detail = opening.tls->certificate_error();
  if (!detail.empty()) record.add("detail", detail);
  services.log.write(LogLevel::warning, std::move(record));
}

// No failure of the client's: it may do what it does.
void log_would_refuse(Opening& opening, Reason reason, std::string_view rule, std::string_view detail) {
  tally_of(opening).would_refuse.count(reason);
  const Services& services = opening.worker.services();
  if (!services.refusals.wants_line(reason, Clock::now(), false)) return;
  LogRecord record = record_of(opening, "would_refuse");
  record.add("reason", word(reason));
  if (!opening.identity.name.empty()) record.add("identity", opening.identity.name);
  record.add("rule", rule);
  if (!detail.empty()) record.add("detail", detail);
  services.log.write(LogLevel::warning, std::move(record));
}

Task<> part(Opening& opening, End& end, std::string words) {
  opening.wait.set_limit(Clock::now() + answer_time);
  if (!co_await write_all(opening, end, words)) co_return;
  IoStatus status = end.shut_write();
  while (status == IoStatus::again_write && co_await ready_again(opening, end, status)) status = end.shut_write();
  if (status != IoStatus::ok) co_return;
  opening.wait.set_limit(Clock::now() + linger_time);
  for (std::size_t discarded = 0; discarded < linger_bytes;) {
    const IoResult result = end.discard(opening.worker.scratch().up);
    if (result.status == IoStatus::ok) {
      discarded += result.bytes;
    } else if (!co_await ready_again(opening, end, result.status)) {
      co_return;
    }
  }
}

void give_up(Opening& opening, Reason reason, std::string_view detail) {
  log_refusal(opening, reason, "status", 0, detail);
}

Task<> refuse(Opening& opening, Reason reason, unsigned retry_after) {
  log_refusal(opening, reason, "status", info(reason).http_status);
  const std::string_view allowed = may_have_files(opening) ? "GET, HEAD" : "GET";
  std::string words = refusal(reason, opening.identity.session, retry_after, challenge(opening), allowed);
  if (asked_by(opening).is_head) words.resize(head_size(words));
  co_await part(opening, *opening.browser, std::move(words));
}

Task<> refuse_in_close_frame(Opening& opening, Reason reason, unsigned retry_after) {
  const std::uint16_t code = policy::rejection_code(reason);
  log_refusal(opening, reason, "code", code);
  std::optional<std::string> subprotocol;
  if (!opening.identity.subprotocol.empty()) subprotocol = opening.identity.subprotocol;
  std::string words = switching_protocols(opening.asked->upgrade.accept, subprotocol);
  std::array<std::uint8_t, 2 + ws::longest_control_payload> frame;
  const std::size_t size = ws::put_close_frame(frame.data(), code, policy::rejection_text(reason, retry_after));
  words.append(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size));
  opening.wait.set_limit(Clock::now() + answer_time);
  if (!co_await write_all(opening, *opening.browser, words)) co_return;
  co_await something_comes(opening);
  co_await part(opening, *opening.browser, "");
}

Task<> refuse_late(Opening& opening, Reason reason, std::optional<unsigned> retry_after) {
  // Who is told so takes his time, and nobody's place.
  Asked& asked = *opening.asked;
  asked.place = {};
  asked.share.release();
  const unsigned seconds = retry_after.value_or(policy::retry_after(reason));
  if (policy::told_in_close_frame(asked.route->route, reason)) {
    co_await refuse_in_close_frame(opening, reason, seconds);
  } else {
    co_await refuse(opening, reason, seconds);
  }
}

}  // namespace drawbridge::net
