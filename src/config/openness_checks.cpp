// What a configuration lets in that its author may not mean. A rule that is only tried counts as absent.

#include "base/log_record.hpp"
#include "config/sections.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace drawbridge::config {
namespace {

// Whether a browser sends it without the page's doing, so that any page it visits could use it (RFC 6455 §10.2). An
// asked service sees cookies, and may go by the address alone.
bool travels_by_itself(const Auth& auth) {
  if (!std::holds_alternative<JwtAuth>(auth.how) && !std::holds_alternative<TokensAuth>(auth.how)) return true;
  return std::any_of(auth.from.begin(), auth.from.end(),
                     [](const CredentialPlace& place) { return place.kind == CredentialPlace::Kind::cookie; });
}

// Credentials that travel by themselves, and pages that must not use them. Also where `auth` is only tried: they still
// name who it is, and may choose the backend.
void check_hijacking(Reading& reading, const Node& node, const Route& route) {
  const auto own = std::find_if(route.auth.begin(), route.auth.end(), travels_by_itself);
  if (own == route.auth.end()) return;
  const Position& position = own->position;
  constexpr std::string_view because = "browsers send this credential by themselves, so";
  using Kind = ws::OriginPattern::Kind;
  if (!route.enforce_origins) {
    reading.report.error(tried_at(node, "origins"),
                         "browsers send a credential of this route by themselves, so while `origins` is not enforced "
                         "every web page could use it (cross-site WebSocket hijacking); enforce it");
    return;
  }
  for (const ws::OriginPattern& origin : route.origins) {
    if (origin.kind == Kind::any || (origin.kind == Kind::exact && origin.origin.is_null())) {
      reading.report.error(position,
                           fmt::format("{} with `origins` holding \"{}\" every web page could use it (cross-site "
                                       "WebSocket hijacking); name the pages' origins",
                                       because, origin.text()));
    } else if (origin.kind == Kind::subdomains) {
      reading.report.warning(position, fmt::format("{} every page below `{}` can use it; name the origins if any of "
                                                   "those hosts is less trusted",
                                                   because, origin.text()));
    }
  }
  if (route.allow_missing_origin) {
    reading.report.error(position,
                         fmt::format("{} with `allow_missing_origin: true` nothing keeps foreign pages out; give "
                                     "clients that are no browsers a route of their own with `jwt` or `tokens`",
                                     because));
  }
}

bool crosses_networks(const Listener& listener) {
  if (listener.tls || listener.bind.kind == Bind::Kind::unix_socket) return false;
  return listener.bind.kind == Bind::Kind::systemd || !listener.bind.loopback();
}

// A certificate proves something without being told: it is the only credential that nobody can copy on its way.
bool can_be_overheard(const Auth& auth) {
  return !std::holds_alternative<ClientCertificateAuth>(auth.how);
}

}  // namespace

void check_openness(Reading& reading, const Node& node, const Route& route) {
  check_hijacking(reading, node, route);
  if (!route.enforce_origins) {
    reading.report.warning(tried_at(node, "origins"),
                           "`origins` is not enforced: pages of every origin can connect, and the log only tells of "
                           "those that are not listed");
  }
  if (!route.enforce_auth && !route.auth.empty()) {
    reading.report.warning(tried_at(node, "auth"),
                           "`auth` is not enforced: whoever comes without a good credential crosses all the same, and "
                           "the log only tells of it");
  }
  if (route.trace_payload) {
    reading.report.warning(position_of(node, "trace_payload"),
                           "`trace_payload` is on: operators can read what people send and receive on this route");
  }
  check_access(reading, node, route.access);
}

void check_access(Reading& reading, const Node& node, const Access& access) {
  const auto warn = [&](std::string_view rule) {
    reading.report.warning(
        tried_at(node, rule),
        fmt::format("`{}` is not enforced: whom it keeps out can come, and the log only tells of it", rule));
  };
  if (!access.enforce_allow && !access.allow.empty()) warn("allow");
  if (!access.enforce_deny && !access.deny.empty()) warn("deny");
}

void check_clear_text(const Config& config, Report& report) {
  const auto open = std::find_if(config.listeners.begin(), config.listeners.end(), [](const Listener& listener) {
    return listener.plaintext && crosses_networks(listener);
  });
  if (open == config.listeners.end()) return;
  for (const Route& route : config.routes) {
    const auto secret = std::find_if(route.auth.begin(), route.auth.end(), can_be_overheard);
    if (secret == route.auth.end()) continue;
    report.warning(
        secret->position,
        fmt::format("through the listener `{}` ({}) this credential comes unencrypted, for whoever listens on "
                    "the way; give it `tls`, or an address that only a proxy on this machine reaches",
                    printable(open->bind.text()), place(open->position, secret->position)));
  }
}

}  // namespace drawbridge::config
