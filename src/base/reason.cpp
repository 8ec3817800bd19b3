#include "base/reason.hpp"

#include <array>

namespace drawbridge {
namespace {

constexpr std::array table{
    ReasonInfo{Reason::bad_request, "bad_request", 400, 0},
    ReasonInfo{Reason::plain_http, "plain_http", 400, 0},
    ReasonInfo{Reason::subprotocol, "subprotocol", 400, 0},
    ReasonInfo{Reason::credential_missing, "credential_missing", 401, 0},
    ReasonInfo{Reason::credential_invalid, "credential_invalid", 401, 0},
    ReasonInfo{Reason::credential_expired, "credential_expired", 401, 1008},
    ReasonInfo{Reason::origin, "origin", 403, 0},
    ReasonInfo{Reason::client_denied, "client_denied", 403, 0},
    ReasonInfo{Reason::not_permitted, "not_permitted", 403, 0},
    ReasonInfo{Reason::revoked, "revoked", 403, 1008},
    ReasonInfo{Reason::no_route, "no_route", 404, 0},
    ReasonInfo{Reason::method, "method", 405, 0},
    ReasonInfo{Reason::misdirected, "misdirected", 421, 0},
    ReasonInfo{Reason::head_timeout, "head_timeout", 408, 0},
    ReasonInfo{Reason::target_too_long, "target_too_long", 414, 0},
    ReasonInfo{Reason::head_too_large, "head_too_large", 431, 0},
    ReasonInfo{Reason::upgrade_required, "upgrade_required", 426, 0},
    ReasonInfo{Reason::rate, "rate", 429, 0},
    ReasonInfo{Reason::client_sessions, "client_sessions", 429, 0},
    ReasonInfo{Reason::quota, "quota", 429, 1008},
    ReasonInfo{Reason::penalty, "penalty", 429, 0},
    ReasonInfo{Reason::backend_refused, "backend_refused", 502, 0},
    ReasonInfo{Reason::backend_unresolved, "backend_unresolved", 502, 0},
    ReasonInfo{Reason::backend_timeout, "backend_timeout", 504, 0},
    ReasonInfo{Reason::auth_unavailable, "auth_unavailable", 503, 0},
    ReasonInfo{Reason::full, "full", 503, 0},
    ReasonInfo{Reason::route_full, "route_full", 503, 0},
    ReasonInfo{Reason::draining, "draining", 503, 0},
    ReasonInfo{Reason::backend_closed, "backend_closed", 0, 1000},
    ReasonInfo{Reason::client_closed, "client_closed", 0, 1000},
    ReasonInfo{Reason::idle, "idle", 0, 1001},
    ReasonInfo{Reason::lifetime, "lifetime", 0, 1001},
    ReasonInfo{Reason::dead, "dead", 0, 1001},
    ReasonInfo{Reason::protocol_error, "protocol_error", 0, 1002},
    ReasonInfo{Reason::data_type, "data_type", 0, 1003},
    ReasonInfo{Reason::utf8, "utf8", 0, 1007},
    ReasonInfo{Reason::killed, "killed", 0, 1008},
    ReasonInfo{Reason::session_bytes, "session_bytes", 0, 1008},
    ReasonInfo{Reason::frame_too_big, "frame_too_big", 0, 1009},
    ReasonInfo{Reason::message_too_big, "message_too_big", 0, 1009},
    ReasonInfo{Reason::backend_reset, "backend_reset", 0, 1011},
    ReasonInfo{Reason::backend_text, "backend_text", 0, 1011},
    ReasonInfo{Reason::drain, "drain", 0, 1012},
    ReasonInfo{Reason::stall, "stall", 0, 1013},
    ReasonInfo{Reason::overload, "overload", 0, 1013},
    ReasonInfo{Reason::client_gone, "client_gone", 0, 0},
    ReasonInfo{Reason::tls_error, "tls_error", 0, 0},
    ReasonInfo{Reason::tls_timeout, "tls_timeout", 0, 0},
    ReasonInfo{Reason::pending_full, "pending_full", 0, 0},
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (static_cast<std::size_t>(table[i].reason) != i) return false;
  }
  return table.size() == static_cast<std::size_t>(Reason::pending_full) + 1;
}
static_assert(in_order(), "the table has one row a reason, in the order of the enum");

}  // namespace

std::span<const ReasonInfo> reasons() {
  return table;
}

const ReasonInfo& info(Reason reason) {
  return table[static_cast<std::size_t>(reason)];
}

std::optional<Reason> reason_from_word(std::string_view word) {
  for (const ReasonInfo& row : table) {
    if (row.word == word) return row.reason;
  }
  return std::nullopt;
}

std::string_view status_phrase(std::uint16_t status) {
  switch (status) {
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 414: return "URI Too Long";
    case 421: return "Misdirected Request";
    case 426: return "Upgrade Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "Error";
  }
}

}  // namespace drawbridge
