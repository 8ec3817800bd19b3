#pragma once

#include "config/reader.hpp"

namespace drawbridge::config {

// The tables of the long sections, and what is checked of each of their items.
Keys<Listener> listener_keys();
void check_listener(Reading& reading, const Node& node, const Listener& listener);

Keys<Route> route_keys();
void check_route(Reading& reading, const Node& node, const Route& route);

// Parts of them.
void read_peers(Reading& reading, const Field& field, client::Peers& peers);
void read_allow(Reading& reading, const Field& field, Access& access);
void read_deny(Reading& reading, const Field& field, Access& access);
Form<Backend> tcp_backend();
Keys<Auth> auth_keys();
void check_auth(Reading& reading, const Node& node, const Auth& auth);
// Credentials that travel by themselves, and pages that must not use them.
void check_hijacking(Reading& reading, const Node& node, const Route& route);
Keys<Penalties> penalties_keys();
void check_penalties(Reading& reading, const Node& node, const Penalties& penalties);

// All that a configuration may hold.
const Keys<Config>& main_keys();

}  // namespace drawbridge::config
