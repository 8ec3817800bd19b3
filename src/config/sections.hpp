#pragma once

#include "config/reader.hpp"

namespace drawbridge::config {

// The tables of the two long sections, and what is checked of each of their items.
Keys<Listener> listener_keys();
void check_listener(Reading& reading, const Node& node, const Listener& listener);

Keys<Route> route_keys();
void check_route(Reading& reading, const Node& node, const Route& route);

// All that a configuration may hold.
const Keys<Config>& main_keys();

}  // namespace drawbridge::config
