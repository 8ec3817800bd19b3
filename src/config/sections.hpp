#pragma once

#include "config/reader.hpp"

namespace drawbridge::config {

// The tables of the long sections, and what is checked of each of their items.
Keys<Listener> listener_keys();
void check_listener(Reading& reading, const Node& node, const Listener& listener);

Keys<AdminListener> admin_keys();
void check_admin(Reading& reading, const Node& node, const AdminListener& listener);

Keys<Route> route_keys();
void check_route(Reading& reading, const Node& node, const Route& route);

// Parts of them.
void read_bind(Reading& reading, const Field& field, Bind& bind);
void read_mode(Reading& reading, const Field& field, Bind& bind);
// What is to be checked of the `bind` of any listener, `node`: whether another has taken it, and its mode.
void claim_bind(Reading& reading, const Node& node, const Bind& bind);
Written write_bind(const Bind& bind);
Written write_mode(const Bind& bind);
void read_peers(Reading& reading, const Field& field, client::Peers& peers);
Written write_peers(const client::Peers& peers);
Written write_networks(const std::vector<client::Network>& networks);
void read_allow(Reading& reading, const Field& field, Access& access);
void read_deny(Reading& reading, const Field& field, Access& access);
// Of what has an `access`.
template <class T>
Key<T> allow() {
  return {"allow", [](Reading& reading, const Field& field, T& out) { read_allow(reading, field, out.access); },
          [](const T& from) { return write_networks(from.access.allow); }};
}
template <class T>
Key<T> deny() {
  return {"deny", [](Reading& reading, const Field& field, T& out) { read_deny(reading, field, out.access); },
          [](const T& from) { return write_networks(from.access.deny); }};
}
// Of its `enforce`.
template <class T>
Key<T> enforce_allow() {
  return {"allow",
          [](Reading& reading, const Field& field, T& out) {
            if (const auto value = read_boolean(reading, field)) out.access.enforce_allow = *value;
          },
          [](const T& from) { return Written(from.access.enforce_allow); }};
}
template <class T>
Key<T> enforce_deny() {
  return {"deny",
          [](Reading& reading, const Field& field, T& out) {
            if (const auto value = read_boolean(reading, field)) out.access.enforce_deny = *value;
          },
          [](const T& from) { return Written(from.access.enforce_deny); }};
}
void read_web(Reading& reading, const Field& field, std::optional<Web>& web);
Written write_web(const std::optional<Web>& web);
std::vector<std::string> names_of_web();  // of the keys in it
// Of what has a `web`.
template <class T>
Key<T> web() {
  return {"web",
          [](Reading& reading, const Field& field, T& out) { read_web(reading, field, out.web); },
          [](const T& from) { return write_web(from.web); },
          {},
          names_of_web()};
}
Form<Backend> tcp_backend();
Keys<Auth> auth_keys();
void check_auth(Reading& reading, const Node& node, const Auth& auth);
// Who could come in that the author of the configuration may not mean.
void check_openness(Reading& reading, const Node& node, const Route& route);
void check_access(Reading& reading, const Node& node, const Access& access);
// Files whose scripts could act with other people's cookies.
void check_shared_origins(const Config& config, Report& report);
// Credentials that would cross a network unencrypted.
void check_clear_text(const Config& config, Report& report);
Keys<Penalties> penalties_keys();
void check_penalties(Reading& reading, const Node& node, const Penalties& penalties);

// All that a configuration may hold.
const Keys<Config>& main_keys();

}  // namespace drawbridge::config
