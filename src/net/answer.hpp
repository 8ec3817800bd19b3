#pragma once

#include "base/reason.hpp"
#include "web/response.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace drawbridge::net {

// The HTTP answer to a refused request, ready to be sent: status, JSON body {"reason": …, "session": …}, and
// Connection: close. `retry_after`: seconds, 0 for none. `challenge`: of WWW-Authenticate, for a 401; `allowed`: of
// Allow, for a 405.
std::string refusal(Reason reason, std::string_view session, unsigned retry_after,
                    std::string_view challenge = "Bearer", std::string_view allowed = "GET");

// The head of an answer to a request for a file. `now`: seconds since 1970. `close`: the connection is of no more use.
std::string response_head(const web::Response& answer, std::int64_t now, bool close);

// 101 Switching Protocols (RFC 6455 §4.2.2).
std::string switching_protocols(std::string_view accept, const std::optional<std::string>& subprotocol);

}  // namespace drawbridge::net
