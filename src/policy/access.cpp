#include "policy/access.hpp"

#include <algorithm>

namespace drawbridge::policy {

bool may_come(const config::Access& access, const std::optional<client::Address>& client) {
  if (!client) return true;
  const auto listed = [&](const std::vector<client::Network>& networks) {
    return std::any_of(networks.begin(), networks.end(),
                       [&](const auto& network) { return network.contains(*client); });
  };
  if (listed(access.deny)) return false;
  return access.allow.empty() || listed(access.allow);
}

}  // namespace drawbridge::policy
