#include "policy/access.hpp"

#include <algorithm>

namespace drawbridge::policy {
namespace {

bool lists(const std::vector<client::Network>& networks, const client::Address& client) {
  return std::any_of(networks.begin(), networks.end(),
                     [&](const client::Network& network) { return network.contains(client); });
}

}  // namespace

bool is_denied(const config::Access& access, const std::optional<client::Address>& client) {
  return client && lists(access.deny, *client);
}

bool is_not_allowed(const config::Access& access, const std::optional<client::Address>& client) {
  return client && !access.allow.empty() && !lists(access.allow, *client);
}

bool may_come(const config::Access& access, const std::optional<client::Address>& client) {
  return !(access.enforce_deny && is_denied(access, client)) &&
         !(access.enforce_allow && is_not_allowed(access, client));
}

}  // namespace drawbridge::policy
