#include "config/sections.hpp"
#include "config/units.hpp"

#include <fmt/format.h>

namespace drawbridge::config {
namespace {

void read_exempt(Reading& reading, const Field& field, Penalties& penalties) {
  const auto* const items = read_list(reading, field, "a list of networks such as [ 192.0.2.0/24, \"2001:db8::/32\" ]");
  if (items == nullptr) return;
  const Form<client::Network> network{"a network or an address such as 192.0.2.0/24", client::parse_network, {}};
  penalties.exempt.clear();
  for (const NodePtr& item : *items) {
    if (const auto found = read_value(reading, {field.key, *item, true}, network)) penalties.exempt.push_back(*found);
  }
}

}  // namespace

Keys<Penalties> penalties_keys() {
  return {
      boolean("enforce", &Penalties::enforce),
      value_or("none", "credential", &Penalties::credential, duration()),
      value_or("none", "protocol", &Penalties::protocol, duration()),
      value_or("none", "timeout", &Penalties::timeout, duration()),
      value_or("none", "tls", &Penalties::tls, duration()),
      value_or("none", "origin", &Penalties::origin, duration()),
      value_or("none", "request", &Penalties::request, duration()),
      value("minimum", &Penalties::minimum, duration()),
      value("maximum", &Penalties::maximum, duration()),
      value("clients", &Penalties::clients, count(10'000'000)),
      // Also an empty list: it is not the default.
      {"exempt", read_exempt,
       [](const Penalties& from) {
         const Written networks = write_networks(from.exempt);
         return networks.is_null() ? Written(boost::json::array()) : networks;
       }},
  };
}

void check_penalties(Reading& reading, const Node& node, const Penalties& penalties) {
  if (!sound(node, "minimum", duration()) || !sound(node, "maximum", duration())) return;
  if (penalties.minimum <= penalties.maximum) return;
  reading.report.error(position_of(node, node.find("maximum") != nullptr ? "maximum" : "minimum"),
                       fmt::format("`maximum` ({}) must be at least `minimum` ({}), or nobody is shut out",
                                   duration_text(penalties.maximum), duration_text(penalties.minimum)));
}

}  // namespace drawbridge::config
