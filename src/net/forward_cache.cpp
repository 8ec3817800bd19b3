#include "net/forward_cache.hpp"

#include <cstring>
#include <stdexcept>
#include <string_view>

#include <openssl/evp.h>

namespace drawbridge::net {
namespace {

// Behind its length, so that no two questions look alike.
void append(std::string& all, std::string_view text) {
  all.append(std::to_string(text.size())).append(":").append(text);
}

}  // namespace

ForwardKey key_of(const ForwardQuestion& question) {
  std::string all(question.tls ? "s" : "-");
  append(all, question.host);
  append(all, question.target);
  append(all, question.client);
  all += question.origin ? 'o' : '-';
  append(all, question.origin.value_or(""));
  for (const auto& [name, value] : question.fields) {
    append(all, name);
    append(all, value);
  }
  ForwardKey key;
  if (EVP_Digest(all.data(), all.size(), key.data(), nullptr, EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error("OpenSSL offers no SHA-256");
  }
  return key;
}

std::size_t ForwardCache::Hash::operator()(const ForwardKey& key) const {
  std::size_t hash = 0;
  std::memcpy(&hash, key.data(), sizeof(hash));
  return hash;
}

std::optional<std::string> ForwardCache::find(const ForwardKey& key, Instant now) const {
  const auto found = by_key_.find(key);
  if (found == by_key_.end() || found->second->until <= now) return std::nullopt;
  return found->second->identity;
}

void ForwardCache::keep(const ForwardKey& key, std::string identity, Instant now, Instant until) {
  if (const auto found = by_key_.find(key); found != by_key_.end()) {
    entries_.erase(found->second);
    by_key_.erase(found);
  }
  while (!entries_.empty() && entries_.front().until <= now) drop_first();
  if (until <= now) return;
  entries_.push_back({key, std::move(identity), until});
  by_key_.emplace(key, std::prev(entries_.end()));
  if (entries_.size() > most_) drop_first();
}

void ForwardCache::drop_first() {
  by_key_.erase(entries_.front().key);
  entries_.pop_front();
}

}  // namespace drawbridge::net
