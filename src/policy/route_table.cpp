#include "policy/route_table.hpp"

#include <algorithm>

namespace drawbridge::policy {

RouteTable::RouteTable(const std::vector<config::Route>& routes) {
  for (std::size_t index = 0; index < routes.size(); ++index) {
    const config::Route& route = routes[index];
    if (route.has_sessions()) {
      Paths& paths = sessions_.of(route);
      if (route.prefix) {
        paths.add_prefix(route.path, index);
      } else {
        paths.exact.emplace(route.path, index);
      }
    }
    if (route.web) {
      has_files_ = true;
      Paths& paths = files_.of(route);
      const std::string folder = config::folder_of(route);
      if (folder != route.path) paths.exact.emplace(route.path, index);
      paths.add_prefix(folder, index);
    }
  }
}

std::optional<std::size_t> RouteTable::find(std::string_view host, std::string_view path) const {
  return sessions_.find(host, path);
}

std::optional<std::size_t> RouteTable::find_files(std::string_view host, std::string_view path) const {
  return files_.find(host, path);
}

std::optional<std::size_t> RouteTable::Places::find(std::string_view host, std::string_view path) const {
  if (const auto own = hosts.find(host); own != hosts.end()) {
    if (const auto index = own->second.find(path)) return index;
  }
  return any_host.find(path);
}

void RouteTable::Paths::add_prefix(const std::string& path, std::size_t index) {
  prefixes.emplace(path, index);
  longest_prefix = std::max(longest_prefix, path.size());
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
