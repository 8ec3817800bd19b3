#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/x509.h>

namespace drawbridge::config {

struct FreePem {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(X509_CRL* list) const { X509_CRL_free(list); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Bio = std::unique_ptr<BIO, FreePem>;
using X509Ptr = std::unique_ptr<X509, FreePem>;
using CrlPtr = std::unique_ptr<X509_CRL, FreePem>;
using KeyPtr = std::unique_ptr<EVP_PKEY, FreePem>;

// Reads from `bytes`, which must outlive it.
Bio bio_of(const std::string& bytes);

// What a PEM text holds of one kind, in its order; of other kinds it may hold what it likes.
template <class T>
struct PemItems {
  std::vector<T> items;    // up to the malformed one
  bool malformed = false;  // the one behind `items`
};
PemItems<X509Ptr> certificates_of(const std::string& bytes);
PemItems<CrlPtr> revocation_lists_of(const std::string& bytes);

// Seconds since 1970; 0 if it is no time.
std::int64_t seconds_of(const ASN1_TIME* time);

}  // namespace drawbridge::config
