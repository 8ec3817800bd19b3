// The part of Way that tells what policy::admit says, rule by rule.

#include "auth/credential.hpp"
#include "base/log_record.hpp"
#include "daemon/listed.hpp"
#include "daemon/way.hpp"
#include "policy/access.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace drawbridge::daemon {
namespace {

using policy::rule_text;

std::string pattern_text(const ws::OriginPattern& pattern) {
  return pattern.text();
}

std::string listed_networks(const std::vector<client::Network>& networks) {
  return listed(networks, [](const client::Network& network) { return network.text(); });
}

// Empty if none fits.
std::string fitting_pattern(const config::Route& route, const ws::Origin& origin) {
  const auto fits = [&](const ws::OriginPattern& pattern) { return ws::matches(pattern, origin); };
  const auto found = std::find_if(route.origins.begin(), route.origins.end(), fits);
  return found == route.origins.end() ? "" : found->text();
}

}  // namespace

std::string address_text(const std::optional<client::Address>& address) {
  return address ? client::text(*address) : "a peer on a Unix socket";
}

// Of `deny` and `allow`, as far as they are there.
std::vector<Way::Ruling> Way::rulings(const config::Access& access) const {
  const std::string who = address_text(client_);
  std::vector<Ruling> all;
  if (!access.deny.empty()) {
    const bool denied = policy::is_denied(access, client_);
    all.push_back({rule_text("deny", access.deny_position), denied,
                   fmt::format("{} is {} of {}", who, denied ? "one" : "none", listed_networks(access.deny)),
                   access.enforce_deny});
  }
  if (!access.allow.empty()) {
    const bool left_out = policy::is_not_allowed(access, client_);
    all.push_back({rule_text("allow", access.allow_position), left_out,
                   fmt::format("{} {}", who, left_out ? "is none of " + listed_networks(access.allow) : "may come"),
                   access.enforce_allow});
  }
  return all;
}

bool Way::drop_by(const config::Access& access) {
  for (const Ruling& ruling : rulings(access)) {
    if (ruling.said_no && ruling.enforced) return drop(Reason::client_denied, ruling.rule, ruling.found);
  }
  return true;
}

// What policy::admit says, told rule by rule.
void Way::judge(const ws::Request& request) {
  as_sent_ = upgrade_;
  const bool only_credentials = auth::remove_credentials(upgrade_);
  policy::Circumstances circumstances;
  circumstances.client = client_;
  circumstances.access = &door_.entrance.access;
  circumstances.offers_only_credentials = only_credentials;
  circumstances.host_is_ours = [&](std::string_view host) {
    return !door_.entrance.tls || door_.entrance.tls->may_serve(asked_.server_name, host);
  };
  const policy::Verdict verdict =
      policy::admit(snapshot_.config().routes, snapshot_.table(), {}, upgrade_, circumstances);
  told_.reason = verdict.reason;
  told_.rule = verdict.rule;
  for (const policy::Refusal& told : verdict.only_told) told_.would_refuse.push_back({told.reason, told.rule, {}});
  if (verdict.reason) told_.status = info(*verdict.reason).http_status;
  if (verdict.in_close_frame) told_.close_code = policy::rejection_code(*verdict.reason);
  if (verdict.subprotocol) told_.subprotocol = *verdict.subprotocol;
  list_rules(verdict, only_credentials);
  tell_of_files();
  if (!verdict.route) return;
  const net::ActiveRoute& route = *snapshot_.route(*verdict.route);
  told_.route = route.route.name;
  authenticate(route, request);
  if (!told_.reason && told_.backend.empty()) told_.backend = route.route.backend.text();
  if (told_.admitted()) skip("backend", told_.backend + " is not connected to");
}

// Who asks for no WebSocket may get a file all the same.
void Way::tell_of_files() {
  const config::Web* web = door_.entrance.web ? &*door_.entrance.web : nullptr;
  if (const auto index = snapshot_.table().find_files(upgrade_.host.host, upgrade_.target.path)) {
    web = &*snapshot_.config().routes[*index].web;
  }
  if (web != nullptr) {
    skip(rule_text("web", web->position),
         "a request that asks for no WebSocket gets a file of " + printable(web->directory));
  }
}

// The rules of policy::admit in its order, with what each found.
void Way::list_rules(const policy::Verdict& verdict, bool only_credentials) {
  bool over = false;  // one said no
  const auto rule = [&](std::string name, bool said_no, const std::string& found, bool enforced = true) {
    if (over) return skip(std::move(name));
    const Step::Outcome no = enforced ? Step::Outcome::no : Step::Outcome::would_refuse;
    add(said_no ? no : Step::Outcome::ok, std::move(name), found);
    over = said_no && enforced;
  };
  const auto refuses_with = [&](Reason reason) { return verdict.reason == reason; };
  const auto lists = [&](const config::Access& access) {
    for (const Ruling& one : rulings(access)) rule(one.rule, one.said_no, one.found, one.enforced);
  };
  lists(door_.entrance.access);
  skip("limits, penalties", "only the running daemon knows how often this client came");
  if (!door_.tls_trouble.empty()) {
    skip(rule_text("tls", door_.listener->position), "not readable here: " + door_.tls_trouble);
  } else if (door_.listener->tls && door_.listener->tls->certificates.size() > 1) {
    const bool misdirected = refuses_with(Reason::misdirected);
    rule(rule_text("tls.certificates", door_.listener->position), misdirected,
         fmt::format("the certificate shown for {} {} for {}",
                     asked_.server_name.empty() ? "no name" : printable(asked_.server_name),
                     misdirected ? "is another one than that" : "does", printable(upgrade_.host.host)));
  }
  const std::string sought = printable(upgrade_.host.host + upgrade_.target.path);
  if (!verdict.route) return rule("routes", refuses_with(Reason::no_route), "none is for " + sought);

  const config::Route& route = snapshot_.config().routes[*verdict.route];
  rule(rule_text("routes", route.position), false, fmt::format("{}, for {}", printable(route.name), sought));
  lists(route.access);
  if (!upgrade_.origin) {
    rule(rule_text("allow_missing_origin", route.position), refuses_with(Reason::origin), "no Origin is sent");
  } else {
    const std::string origin = printable(*upgrade_.origin_text);
    const std::string fitting = fitting_pattern(route, *upgrade_.origin);
    rule(rule_text("origins", route.origins_position), fitting.empty(),
         fitting.empty() ? fmt::format("{} is none of: {}", origin, listed(route.origins, pattern_text))
                         : fmt::format("{} fits {}", origin, printable(fitting)),
         route.enforce_origins);
  }
  if (only_credentials || !upgrade_.subprotocols.empty()) {
    const std::string offered =
        only_credentials ? "none is offered besides the credential"
                         : "offered: " + listed(upgrade_.subprotocols, [](const std::string& text) { return text; });
    rule(rule_text("subprotocols", route.subprotocols_position), refuses_with(Reason::subprotocol),
         verdict.reason ? offered : fmt::format("{}; answered: {}", offered, printable(told_.subprotocol)));
  }
}

}  // namespace drawbridge::daemon
