#include "support/certificate.hpp"

#include <memory>
#include <stdexcept>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

namespace drawbridge::testing {
namespace {

template <auto release>
struct Release {
  template <class T>
  void operator()(T* object) const {
    release(object);
  }
};
using Bio = std::unique_ptr<BIO, Release<BIO_free_all>>;
using Key = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using X509Ptr = std::unique_ptr<X509, Release<X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Release<X509_EXTENSION_free>>;

void check(bool good, const char* what) {
  if (!good) throw std::runtime_error(what);
}

std::string text(const Bio& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace

Certificate make_certificate(const std::vector<std::string>& names, int days) {
  const Key key(EVP_EC_gen("P-256"));
  const X509Ptr certificate(X509_new());
  check(key && certificate, "no key");
  X509* x509 = certificate.get();
  constexpr long day = 24L * 3600;
  X509_set_version(x509, 2);
  std::uint64_t serial = 0;
  check(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1, "no random serial");
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509), serial >> 1);
  X509_gmtime_adj(X509_getm_notBefore(x509), (days < 0 ? days - 30 : -1) * day);
  X509_gmtime_adj(X509_getm_notAfter(x509), days * day);
  X509_set_pubkey(x509, key.get());
  X509_NAME* subject = X509_get_subject_name(x509);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(names.at(0).c_str()),
                             -1, -1, 0);
  X509_set_issuer_name(x509, subject);
  std::string alternatives;
  for (const std::string& name : names) alternatives += (alternatives.empty() ? "DNS:" : ",DNS:") + name;
  const Extension san(X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, alternatives.c_str()));
  check(san && X509_add_ext(x509, san.get(), -1) == 1, "no names");
  check(X509_sign(x509, key.get(), EVP_sha256()) > 0, "no signature");

  const Bio chain_text(BIO_new(BIO_s_mem()));
  const Bio key_text(BIO_new(BIO_s_mem()));
  check(PEM_write_bio_X509(chain_text.get(), x509) == 1, "no chain");
  check(PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1, "no PEM key");
  return {text(chain_text), text(key_text)};
}

const Certificate& server_certificate() {
  static const Certificate certificate = make_certificate({"bridge.test"});
  return certificate;
}

}  // namespace drawbridge::testing
