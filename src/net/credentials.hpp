#pragma once

#include "auth/certificate_rules.hpp"
#include "net/gate.hpp"
#include "net/passwords.hpp"
#include "ws/upgrade.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace drawbridge::net {

// What the entries of a route's `auth` say of a request, as far as nobody must be waited for.

// What one entry says.
struct Opinion {
  Result<auth::Principal> who = Reason::credential_missing;
  std::string why{};  // for the log; never a secret
};

// The entry's key in the configuration, as rules name it: "auth.jwt".
std::string_view kind_of(const config::Auth& auth);

// Of `jwt` and `tokens`. `as_sent`: with the credentials among its subprotocols.
Opinion by_bearer(const Gate::Entry& entry, const ws::Request& request, const ws::Upgrade& as_sent,
                  auth::UnixSeconds now);

// Of `client_certificate`; the certificate, if there is one, was found to be good.
Opinion by_certificate(const config::ClientCertificateAuth& rule,
                       const std::optional<auth::PeerCertificate>& certificate);

// Of `basic`: what is to be checked, and what follows from whether the password is right. A user that does not exist
// has a question too, so that the time it takes does not tell, and is never right.
struct PasswordClaim {
  PasswordQuestion question;
  bool is_user = false;

  Opinion opinion(bool right) const;
};
Result<PasswordClaim> password_claim(const auth::PasswordFile& users, const ws::Request& request,
                                     const std::optional<client::Address>& client);

// What all the entries together say: the first that admits, otherwise the refusal that says most.
class Judgement {
 public:
  // The opinion of the next entry; `revoked`: whether whom it admits was revoked. True: no further one is to be asked.
  bool add(const config::Auth& auth, Opinion opinion, bool revoked);

  std::optional<auth::Principal> principal;    // who was admitted
  Reason reason = Reason::credential_missing;  // why nobody was
  std::string rule;                            // what said so; empty if it admits
  std::string detail;                          // more about that; never a secret
  std::string identity;                        // also of one who was revoked
};

}  // namespace drawbridge::net
