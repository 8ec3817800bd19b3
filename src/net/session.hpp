#pragma once

#include "auth/principal.hpp"
#include "client/address.hpp"
#include "net/end.hpp"
#include "net/log.hpp"
#include "net/meter.hpp"
#include "net/snapshot.hpp"
#include "net/splice.hpp"
#include "policy/limiter.hpp"

#include <memory>
#include <optional>
#include <string>

namespace drawbridge::net {

// Who and what a connection is, for its log line.
struct Identity {
  std::string session;  // unique in the life of the process, and very likely beyond
  std::string client;
  std::optional<client::Address> address{};  // of the client, if it is known
  std::string via;                           // the proxy that spoke for it; empty: none
  std::string name;                          // whom a credential named; empty: none was asked for
  std::string origin;                        // as sent; empty: none
  std::string tls = "none";
  std::string subprotocol;
  std::string backend;
};

// One admitted caller on the bridge: both ends, the splice between them, and the rights it holds. A plain object: its
// worker calls it when something can move.
class Session {
 public:
  // Without a backend it echoes.
  // `principal`: null if no credential was asked for. `share`: none if its identity has no quotas.
  Session(Identity identity, policy::Permit permit, RoutePlace place, std::unique_ptr<End> browser,
          std::unique_ptr<End> backend, BufferBudget& budget, Instant now,
          std::unique_ptr<auth::Principal> principal = nullptr, policy::IdentityShare share = {});

  Splice& splice() { return splice_; }
  const Splice& splice() const { return splice_; }
  const Identity& identity() const { return identity_; }
  Instant opened() const { return opened_; }
  End& browser() { return *browser_; }
  End* backend() { return backend_.get(); }
  const std::optional<client::Address>& client() const { return identity_.address; }
  const std::string& client_text() const { return identity_.client; }
  const auth::Principal* principal() const { return principal_.get(); }
  // Null: its identity has no quotas.
  Meter* meter() { return meter_.get(); }
  const config::Route& route() const { return place_.route(); }
  const RouteState& route_state() const { return place_.state(); }
  // What would have ended it, if it were enforced.
  LogRecord would_end_record(const Log& log, Reason reason, std::string_view rule) const;
  // The one line of its life, at info, once the splice is over.
  LogRecord end_record(const Log& log, unsigned worker, Instant now) const;

 private:
  Identity identity_;
  std::unique_ptr<auth::Principal> principal_;
  policy::Permit permit_;
  std::unique_ptr<Meter> meter_;
  RoutePlace place_;
  std::unique_ptr<End> browser_;
  std::unique_ptr<End> backend_;
  Instant opened_;
  Splice splice_;
};

}  // namespace drawbridge::net
