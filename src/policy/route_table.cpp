#include "policy/route_table.hpp"

#include <algorithm>

namespace drawbridge::policy {

RouteTable::RouteTable(const std::vector<config::Route>& routes) {
  for (std::size_t index = 0; index < routes.size(); ++index) {
    const config::Route& route = routes[index];
    Paths& paths = route.host ? hosts_[*route.host] : any_host_;
    (route.prefix ? paths.prefixes : paths.exact).emplace(route.path, index);
    if (route.prefix) paths.longest_prefix = std::max(paths.longest_prefix, route.path.size());
  }
}

std::optional<std::size_t> RouteTable::find(std::string_view host, std::string_view path) const {
  if (const auto own = hosts_.find(host); own != hosts_.end()) {
    if (const auto index = own->second.find(path)) return index;
  }
  return any_host_.find(path);
}

std::optional<std::size_t> RouteTable::Paths::find(std::string_view path) const {
  if (const auto found = exact.find(path); found != exact.end()) return found->second;
  // A prefix ends in a slash. Beginning at the longest one bounds what a path of thousands of slashes can cost.
  std::string_view candidate = path.substr(0, longest_prefix);
  while (true) {
    candidate = candidate.substr(0, candidate.rfind('/') + 1);  // npos + 1 is 0
    if (candidate.empty()) return std::nullopt;
    if (const auto found = prefixes.find(candidate); found != prefixes.end()) return found->second;
    candidate.remove_suffix(1);
  }
}

}  // namespace drawbridge::policy
