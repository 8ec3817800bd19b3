#pragma once

#include "config/config.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace drawbridge::policy {

// Finds the route for a host and a path. The most specific wins: host, then exact path, then longest prefix; a host's
// own routes are tried first and any-host routes after them, so that a host's prefix goes before an any-host exact
// path. The order of the file never matters. Looking up costs a few hashes however many routes there are.
class RouteTable {
 public:
  RouteTable() = default;
  // Indexes refer to this vector; nothing else of it is kept.
  explicit RouteTable(const std::vector<config::Route>& routes);

  // The index of the route that sessions are on. `path` is canonical (ws/target), `host` lower case without port and
  // trailing dot.
  std::optional<std::size_t> find(std::string_view host, std::string_view path) const;

  // The index of the route that has the files there.
  std::optional<std::size_t> find_files(std::string_view host, std::string_view path) const;
  bool has_files() const { return has_files_; }

 private:
  // Lets a string_view look up a string without a copy.
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };
  template <class Value>
  using ByText = std::unordered_map<std::string, Value, Hash, std::equal_to<>>;

  struct Paths {
    ByText<std::size_t> exact;
    ByText<std::size_t> prefixes;
    std::size_t longest_prefix = 0;  // bytes

    void add_prefix(const std::string& path, std::size_t index);
    std::optional<std::size_t> find(std::string_view path) const;
  };

  struct Places {
    ByText<Paths> hosts;
    Paths any_host;

    Paths& of(const config::Route& route) { return route.host ? hosts[*route.host] : any_host; }
    std::optional<std::size_t> find(std::string_view host, std::string_view path) const;
  };

  Places sessions_;
  Places files_;  // folders are prefixes; they are known by their path without the slash, too
  bool has_files_ = false;
};

}  // namespace drawbridge::policy
