#include "net/session.hpp"

#include "policy/admission.hpp"

namespace drawbridge::net {

Session::Session(Identity identity, policy::Permit permit, RoutePlace place, std::unique_ptr<End> browser,
                 std::unique_ptr<End> backend, BufferBudget& budget, Instant now,
                 std::unique_ptr<auth::Principal> principal, policy::IdentityShare share)
    : identity_(std::move(identity)),
      principal_(std::move(principal)),
      permit_(std::move(permit)),
      meter_(share ? std::make_unique<Meter>(std::move(share)) : nullptr),
      place_(std::move(place)),
      browser_(std::move(browser)),
      backend_(std::move(backend)),
      opened_(now),
      splice_(place_.route(), *browser_, backend_.get(), budget, now) {}

LogRecord Session::would_end_record(const Log& log, Reason reason, std::string_view rule) const {
  LogRecord record = log.record(LogLevel::warning, "would_refuse");
  record.add("session", identity_.session).add("client", identity_.client);
  if (!identity_.via.empty()) record.add("via", identity_.via);
  record.add("route", place_.route().name).add("reason", word(reason));
  if (!identity_.name.empty()) record.add("identity", identity_.name);
  record.add("rule", policy::rule_text(rule, place_.route().position));
  return record;
}

LogRecord Session::end_record(const Log& log, unsigned worker, Instant now) const {
  const Counts& counts = splice_.counts();
  const ws::Lifecycle& life = splice_.lifecycle();
  const std::chrono::duration<double> seconds = now - opened_;
  LogRecord record = log.record(LogLevel::info, "session");
  record.add("session", identity_.session).add("client", identity_.client);
  if (!identity_.via.empty()) record.add("via", identity_.via);
  record.add("route", place_.route().name);
  if (!identity_.name.empty()) record.add("identity", identity_.name);
  record.add("origin", identity_.origin)
      .add("tls", identity_.tls)
      .add("subprotocol", identity_.subprotocol)
      .add("backend", identity_.backend)
      .add("worker", worker)
      .add("up_bytes", counts.up_bytes)
      .add("up_frames", counts.up_frames)
      .add("up_messages", counts.up_messages)
      .add("up_discarded", counts.up_discarded)
      .add("down_bytes", counts.down_bytes)
      .add("down_frames", counts.down_frames)
      .add("down_messages", counts.down_messages)
      .add("down_discarded", counts.down_discarded)
      .add_seconds("seconds", seconds.count())
      .add("reason", word(life.reason().value_or(Reason::drain)))
      .add("code", life.logged_code());
  return record;
}

}  // namespace drawbridge::net
