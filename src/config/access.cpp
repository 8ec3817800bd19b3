#include "base/log_record.hpp"
#include "config/sections.hpp"

#include <fmt/format.h>

namespace drawbridge::config {
namespace {

constexpr std::string_view network_form =
    "an address or a network such as 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32, without bits behind the prefix";

void read_networks(Reading& reading, const Field& field, std::vector<client::Network>& networks) {
  const auto* const items = read_list(reading, field, "a list such as [ 10.0.0.0/8 ]");
  if (items == nullptr) return;
  if (items->empty()) {
    reading.report.error(field.value.position, fmt::format("`{}` is empty; leave the key out", field.key));
  }
  for (const NodePtr& item : *items) {
    const Form<client::Network> form{std::string(network_form), client::parse_network, {}};
    if (auto network = read_value(reading, {field.key, *item, true}, form)) networks.push_back(*network);
  }
}

}  // namespace

void read_peers(Reading& reading, const Field& field, client::Peers& peers) {
  const auto* const items = read_list(reading, field, "a list of peers such as [ 10.0.0.0/8 ] or [ unix ]");
  if (items == nullptr) return;
  if (items->empty()) {
    reading.report.error(field.value.position, fmt::format("`{}` is empty; name those who may say it", field.key));
  }
  for (const NodePtr& item : *items) {
    if (item->kind == Node::Kind::scalar && item->text == "unix") {
      peers.unix_sockets = true;
      continue;
    }
    const Form<client::Network> form{std::string(network_form) + ", or unix", client::parse_network, {}};
    if (auto network = read_value(reading, {field.key, *item, true}, form)) peers.networks.push_back(*network);
  }
}

Written write_networks(const std::vector<client::Network>& networks) {
  if (networks.empty()) return nullptr;
  return write_list<client::Network>(networks, [](const client::Network& network) { return Written(network.text()); });
}

Written write_peers(const client::Peers& peers) {
  Written list = write_networks(peers.networks);
  if (!peers.unix_sockets) return list;
  if (list.is_null()) list.emplace_array();
  list.get_array().push_back("unix");
  return list;
}

void read_allow(Reading& reading, const Field& field, Access& access) {
  access.allow_position = field.value.position;
  read_networks(reading, field, access.allow);
}

void read_deny(Reading& reading, const Field& field, Access& access) {
  access.deny_position = field.value.position;
  read_networks(reading, field, access.deny);
}

}  // namespace drawbridge::config
