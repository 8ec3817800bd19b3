#pragma once

#include "auth/revocations.hpp"
#include "config/pem.hpp"
#include "daemon/door.hpp"
#include "daemon/explanation.hpp"
#include "daemon/question.hpp"
#include "net/credentials.hpp"
#include "net/snapshot.hpp"
#include "policy/admission.hpp"

#include <optional>
#include <string>
#include <vector>

namespace drawbridge::daemon {

// Who somebody is, for people.
std::string address_text(const std::optional<client::Address>& address);

// One request on its way through the rules: each function is asked after those above it, and says whether the next one
// is.
class Way {
 public:
  Way(const net::Snapshot& snapshot, const auth::Revocations* revocations, const Door& door, const Asked& asked,
      auth::UnixSeconds now, bool ask)
      : snapshot_(snapshot), revocations_(revocations), door_(door), asked_(asked), now_(now), ask_(ask) {}

  // `chain`: of the client's certificate, its own first; empty: none.
  Explanation walk(const std::vector<config::X509Ptr>& chain) &&;

 private:
  void add(Step::Outcome outcome, std::string rule, std::string found = {}) {
    told_.steps.push_back({outcome, std::move(rule), std::move(found)});
  }
  void ok(std::string rule, std::string found = {}) { add(Step::Outcome::ok, std::move(rule), std::move(found)); }
  void skip(std::string rule, std::string found = {}) {
    add(Step::Outcome::skipped, std::move(rule), std::move(found));
  }
  // A refusal that nobody can be told.
  bool drop(Reason reason, std::string rule, std::string found) {
    add(Step::Outcome::no, std::move(rule), std::move(found));
    told_.reason = reason;
    return false;
  }
  bool refuse(Reason reason, std::string rule, std::string found) {
    drop(reason, std::move(rule), std::move(found));
    told_.status = info(reason).http_status;
    return false;
  }

  // On its arrival.
  bool come();
  bool be_named();
  bool shake_hands(const std::vector<config::X509Ptr>& chain);
  bool show_certificate(const std::vector<config::X509Ptr>& chain);
  void be_read();
  bool has_form(const ws::Request& request);
  void take_name(const ws::Request& request);
  bool take_forwarded(const ws::Request& request);

  // By the rules.
  struct Ruling {
    std::string rule;
    bool said_no;
    std::string found;
    bool enforced;
  };
  std::vector<Ruling> rulings(const config::Access& access) const;
  bool drop_by(const config::Access& access);
  void judge(const ws::Request& request);
  void tell_of_files();
  void list_rules(const policy::Verdict& verdict, bool only_credentials);

  // By its credentials.
  void authenticate(const net::ActiveRoute& route, const ws::Request& request);
  net::Opinion opinion_of(const net::Gate::Entry& entry, const ws::Request& request) const;
  net::Opinion by_service(const std::shared_ptr<net::ForwardGate>& gate, const ws::Request& request) const;
  net::Opinion by_password(const net::Gate::Passwords& file, const ws::Request& request) const;

  const net::Snapshot& snapshot_;
  const auth::Revocations* revocations_;
  const Door& door_;
  const Asked& asked_;
  const auth::UnixSeconds now_;
  const bool ask_;

  std::optional<client::Address> client_;
  std::string how_found_;
  bool named_for_header_ = false;  // --client stands for what a trusted proxy's header says
  std::optional<auth::PeerCertificate> certificate_;
  ws::Upgrade upgrade_;
  ws::Upgrade as_sent_;
  Explanation told_;
};

}  // namespace drawbridge::daemon
