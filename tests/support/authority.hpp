#pragma once

#include "support/certificate.hpp"

#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include <openssl/x509.h>

namespace drawbridge::testing {

constexpr long one_day = 24L * 3600;  // seconds

// What is asked of an authority.
struct Wish {
  std::vector<std::string> common_names{"anna"};  // may hold any bytes
  std::string alternatives{};                     // as OpenSSL's subjectAltName has them: "DNS:a.test,email:a@b.test"
  std::string usage = "clientAuth";               // extendedKeyUsage; empty: none is said
  long begin = -one_day;                          // seconds from now
  long end = 90 * one_day;
};

// A certificate authority (P-256), and what it gives out.
class Authority {
 public:
  // A root. `end`: seconds from `now`, which is the moment for all that it gives out.
  explicit Authority(const std::string& name, long end = 365 * one_day, std::time_t now = std::time(nullptr));

  // One below it.
  Authority intermediate(const std::string& name) const;
  // The chain is the certificate alone.
  Certificate issue(const Wish& wish = {}) const;
  // A revocation list in PEM form that is to be replaced in `next` seconds.
  std::string revocation_list(const std::vector<Certificate>& revoked = {}, long next = 30 * one_day) const;
  std::string pem() const;

 private:
  struct Free {
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  };
  using X509Ptr = std::unique_ptr<X509, Free>;
  using Key = std::unique_ptr<EVP_PKEY, Free>;

  Authority(const std::string& name, long end, std::time_t now, const Authority* issuer);
  // Unsigned; with a serial number of its own.
  X509Ptr blank(const std::vector<std::string>& common_names, long begin, long end, EVP_PKEY* key) const;

  std::time_t now_;
  Key key_;
  X509Ptr certificate_;
};

}  // namespace drawbridge::testing
