#pragma once

#include "base/time.hpp"
#include "net/forward_request.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>

namespace drawbridge::net {

// SHA-256 of all that a question holds, so that no credential is kept.
using ForwardKey = std::array<std::uint8_t, 32>;
ForwardKey key_of(const ForwardQuestion& question);

// Admissions that hold for a while. One thread at a time.
class ForwardCache {
 public:
  explicit ForwardCache(std::size_t most = 4'096) : most_(most) {}

  // The identity that was admitted; absent: none, or no longer.
  std::optional<std::string> find(const ForwardKey& key, Instant now) const;
  // Until then, or until there are more than may be kept: then the one that came first goes.
  void keep(const ForwardKey& key, std::string identity, Instant now, Instant until);
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    ForwardKey key;
    std::string identity;
    Instant until;
  };
  // The digest is one already; any eight bytes of it will do.
  struct Hash {
    std::size_t operator()(const ForwardKey& key) const;
  };
  void drop_first();

  const std::size_t most_;
  std::list<Entry> entries_;  // as they came
  std::unordered_map<ForwardKey, std::list<Entry>::iterator, Hash> by_key_;
};

}  // namespace drawbridge::net
