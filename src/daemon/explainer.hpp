#pragma once

#include "auth/revocations.hpp"
#include "config/load.hpp"
#include "daemon/door.hpp"
#include "daemon/explanation.hpp"
#include "daemon/question.hpp"
#include "net/snapshot.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace drawbridge::daemon {

// Judges requests by the functions that the daemon judges them by, in its order, against one configuration. What only a
// running daemon knows (rates, penalties, quotas, sessions, whether a backend answers) is left out.
class Explainer {
 public:
  // Null if something that credentials are checked by cannot be used; `errors` then says what. A listener's own
  // certificate need not be readable.
  static std::unique_ptr<Explainer> make(config::Config config, const std::string& credentials_directory,
                                         std::vector<config::Diagnostic>& errors);

  // `ask`: authentication services are really asked, which may take their `timeout`. Empty, and `why`, if there is no
  // such listener or the certificate cannot be read.
  std::optional<Explanation> explain(const Asked& asked, auth::UnixSeconds now, bool ask, std::string& why) const;

 private:
  Explainer() = default;
  const Door* door_of(const Asked& asked, std::string& why) const;

  std::shared_ptr<const net::Snapshot> snapshot_;
  std::shared_ptr<const auth::Revocations> revocations_;  // null: none
  std::vector<Door> doors_;                               // in the order of the configuration
};

}  // namespace drawbridge::daemon
