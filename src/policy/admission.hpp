#pragma once

#include "config/config.hpp"
#include "policy/route_table.hpp"
#include "ws/upgrade.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drawbridge::policy {

// What the server knows about the connection, besides the request.
struct Circumstances {
  bool draining = false;
  std::optional<client::Address> client;   // empty: on a Unix socket, or unknown
  const config::Access* access = nullptr;  // of the listener that it came through; null: any may come
  std::optional<Reason> refusal;           // decided at accept: rate or client_sessions, the limiter's; or penalty
  unsigned retry_after = 1;                // seconds, for Reason::rate and Reason::penalty
  bool offers_only_credentials = false;    // its subprotocols were credentials, all of them
  bool full = false;                       // the total of sessions is reached
  // Whether the TLS connection's certificate may speak for a Host: false makes the request misdirected (421).
  std::function<bool(std::string_view host)> host_is_ours = [](std::string_view) { return true; };
  // Whether a route (by index) is to become empty.
  std::function<bool(std::size_t route)> route_is_draining = [](std::size_t) { return false; };
  // Whether it holds as many sessions as it may.
  std::function<bool(std::size_t route)> route_is_full = [](std::size_t) { return false; };
};

// A reason to refuse, and what gave it: the rule and where it stands, "origins (drawbridge.yaml:12:14)". The rule is
// empty where no configuration did.
struct Refusal {
  Reason reason;
  std::string rule;

  bool operator==(const Refusal&) const = default;
};

// What is to be done with a request.
struct Verdict {
  std::optional<Reason> reason;  // absent: admitted
  std::string rule;              // what said no, as in Refusal
  // What would have said no, on its way to the verdict, if it were enforced.
  std::vector<Refusal> only_told;
  // The matching route, also of a request that is refused; none for an ill-formed or misdirected one.
  std::optional<std::size_t> route;
  std::optional<std::string> subprotocol;  // to answer in the 101, also where that only leads to a Close frame
  // The route's `rejection` says: answer 101, then Close 4000 + status with the reason word.
  bool in_close_frame = false;
  unsigned retry_after = 0;  // seconds; 0: none

  bool admitted() const { return !reason; }
};

// "Why was I refused?" The first rule that says no, in this order: the request's form, draining, the client's address
// (at the listener), its rate, misdirected, route, its address (on the route), origin, subprotocol, whether the route
// is draining, room. `form` is what ws::check_upgrade said.
Verdict admit(const std::vector<config::Route>& routes, const RouteTable& table, std::optional<Reason> form,
              const ws::Upgrade& upgrade, const Circumstances& circumstances);

// The same of a request for a file, as far as it concerns one: draining, the client's address (at the listener), its
// rate, misdirected, its address (on the route). `route`: whose files they are; null: the listener's.
Verdict admit_to_files(const config::Route* route, std::string_view host, const Circumstances& circumstances);

// What decided at accept, by its reason: "limits.handshakes_per_client".
std::string_view rule_at_accept(Reason reason);

// A rule as refusals name it.
std::string rule_text(std::string_view key, const config::Position& position);

// For a refusal that comes later, from a credential or the dial (the origin was admitted): how that route tells it.
bool told_in_close_frame(const config::Route& route, Reason reason);

// Seconds that a refused client should wait; 0: no delay is named.
unsigned retry_after(Reason reason);

// 4000 + the HTTP status, and the reason word, followed by ";retry=N" where there is a delay.
std::uint16_t rejection_code(Reason reason);
std::string rejection_text(Reason reason, unsigned retry_after);

}  // namespace drawbridge::policy
