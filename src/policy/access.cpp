#include "policy/access.hpp"

#include <algorithm>

namespace drawbridge::policy {

Access access_of(const config::Access& access, const std::optional<client::Address>& client) {
  if (!client) return Access::granted;
  const auto listed = [&](const std::vector<client::Network>& networks) {
    return std::any_of(networks.begin(), networks.end(),
                       [&](const auto& network) { return network.contains(*client); });
  };
  if (listed(access.deny)) return Access::denied;
  return access.allow.empty() || listed(access.allow) ? Access::granted : Access::not_allowed;
}

}  // namespace drawbridge::policy
