#pragma once

#include "config/config.hpp"
#include "config/pem.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/ssl.h>

namespace drawbridge::net {

// Whom a listener takes a certificate from: the issuers, what they took back, and the rules of RFC 5280. A chain ends
// at a root in the configured file; with revocation lists, each of its issuers needs one that is up to date.
class ClientVerification {
 public:
  // Absent if a file cannot be used; `why` then says which and why.
  static std::optional<ClientVerification> read(const config::ClientCertificates& asked,
                                                const std::string& credentials_directory, std::string& why);

  // From then on the context asks each client, and no session of it is ever resumed: a certificate may end or be
  // revoked meanwhile. False if there is no memory.
  bool apply_to(SSL_CTX* context) const;

  // Whether a certificate, with those that its owner sends along, would be good at that moment; `why` as OpenSSL says
  // it.
  bool accepts(X509* certificate, const std::vector<config::X509Ptr>& others, std::int64_t unix_time,
               std::string& why) const;

  // All that it follows from: two that are told alike treat each certificate alike.
  const std::string& digest_input() const { return digest_input_; }

 private:
  struct FreeStore {
    void operator()(X509_STORE* store) const { X509_STORE_free(store); }
  };

  ClientVerification() = default;
  bool read_issuers(const std::string& name, const std::string& bytes, std::string& why);
  bool read_lists(const std::string& name, const std::string& bytes, std::string& why);

  std::unique_ptr<X509_STORE, FreeStore> store_;
  std::vector<config::X509Ptr> issuers_;
  bool required_ = false;
  std::string digest_input_;
};

}  // namespace drawbridge::net
