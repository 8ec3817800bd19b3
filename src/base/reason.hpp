#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace drawbridge {

// Why a request was refused or a session ended. The same word stands in logs, metrics, HTTP answers and close frames.
enum class Reason : std::uint8_t {
  bad_request,
  plain_http,
  subprotocol,
  credential_missing,
  credential_invalid,
  credential_expired,
  origin,
  client_denied,
  not_permitted,
  revoked,
  no_route,
  method,
  misdirected,
  head_timeout,
  target_too_long,
  head_too_large,
  upgrade_required,
  rate,
  client_sessions,
  quota,
  penalty,
  backend_refused,
  backend_unresolved,
  backend_timeout,
  auth_unavailable,
  full,
  route_full,
  draining,
  backend_closed,
  client_closed,
  idle,
  lifetime,
  dead,
  protocol_error,
  data_type,
  utf8,
  killed,
  session_bytes,
  frame_too_big,
  message_too_big,
  backend_reset,
  backend_text,
  drain,
  stall,
  overload,
  client_gone,
  tls_error,
  tls_timeout,
  pending_full,
};

struct ReasonInfo {
  Reason reason;
  std::string_view word;
  std::uint16_t http_status;  // 0: never answers an upgrade
  std::uint16_t close_code;   // RFC 6455 §7.4; 0: never sent in a Close frame
};

// The one table, in the order of the enum.
std::span<const ReasonInfo> reasons();

const ReasonInfo& info(Reason reason);
inline std::string_view word(Reason reason) {
  return info(reason).word;
}
std::optional<Reason> reason_from_word(std::string_view word);

// The standard phrase of each status in the table, e.g. 404 "Not Found".
std::string_view status_phrase(std::uint16_t status);

}  // namespace drawbridge
