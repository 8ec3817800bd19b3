#pragma once

#include "base/result.hpp"
#include "config/config.hpp"
#include "config/forward_url.hpp"
#include "ws/upgrade.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drawbridge::net {

// All that an authentication service is told of a request, so that equal questions may get equal answers.
struct ForwardQuestion {
  struct Field {
    std::string name;  // lower case
    std::string value;
  };

  bool tls = false;                   // the browser's side
  std::string host;                   // canonical, as routes are found by it; with the port that was sent
  std::string target;                 // path and query, as sent
  std::string client;                 // its address; empty: unknown
  std::optional<std::string> origin;  // as sent
  std::vector<Field> fields;          // those that the configuration chose, in its order

  // Whether the request has any of the headers that credentials come in.
  bool has_credential() const { return !fields.empty(); }
};

// `client`: the address as client::text says it, whole, whatever the log shows; empty for a peer that has none.
ForwardQuestion forward_question(const config::ForwardAuth& auth, const ws::Request& request,
                                 const ws::Upgrade& upgrade, bool tls, std::string_view client);

// The head of the sub-request. bad_request if any value has a byte that could end its line, which no parsed head has.
Result<std::string> forward_request(const config::ForwardUrl& url, const ForwardQuestion& question);

}  // namespace drawbridge::net
