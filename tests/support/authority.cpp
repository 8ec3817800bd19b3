#include "support/authority.hpp"

#include <stdexcept>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

namespace drawbridge::testing {
namespace {

void check(bool good, const char* what) {
  if (!good) throw std::runtime_error(what);
}

template <class Write>
std::string text_of(const Write& write) {
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> bio(BIO_new(BIO_s_mem()), BIO_free_all);
  check(write(bio.get()) == 1, "cannot write PEM");
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

void add(X509* certificate, int kind, const std::string& value) {
  const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
      X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str()), X509_EXTENSION_free);
  check(extension && X509_add_ext(certificate, extension.get(), -1) == 1, "cannot add the extension");
}

}  // namespace

Authority::Authority(const std::string& name, long end, std::time_t now) : Authority(name, end, now, nullptr) {}

Authority::Authority(const std::string& name, long end, std::time_t now, const Authority* issuer)
    : now_(now), key_(EVP_EC_gen("P-256")), certificate_(blank({name}, -365 * one_day, end, key_.get())) {
  const Authority& signer = issuer == nullptr ? *this : *issuer;
  X509_set_issuer_name(certificate_.get(), X509_get_subject_name(signer.certificate_.get()));
  add(certificate_.get(), NID_basic_constraints, "critical,CA:TRUE");
  add(certificate_.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  check(X509_sign(certificate_.get(), signer.key_.get(), EVP_sha256()) > 0, "cannot sign");
}

Authority Authority::intermediate(const std::string& name) const {
  return {name, 365 * one_day, now_, this};
}

Certificate Authority::issue(const Wish& wish) const {
  const Key key(EVP_EC_gen("P-256"));
  const X509Ptr certificate = blank(wish.common_names, wish.begin, wish.end, key.get());
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate_.get()));
  add(certificate.get(), NID_basic_constraints, "critical,CA:FALSE");
  add(certificate.get(), NID_key_usage, "critical,digitalSignature");
  if (!wish.usage.empty()) add(certificate.get(), NID_ext_key_usage, wish.usage);
  if (!wish.alternatives.empty()) add(certificate.get(), NID_subject_alt_name, wish.alternatives);
  check(X509_sign(certificate.get(), key_.get(), EVP_sha256()) > 0, "cannot sign");
  return {text_of([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate.get()); }), text_of([&](BIO* bio) {
            return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
          })};
}

std::string Authority::revocation_list(const std::vector<Certificate>& revoked, long next) const {
  const std::unique_ptr<X509_CRL, decltype(&X509_CRL_free)> list(X509_CRL_new(), X509_CRL_free);
  const std::unique_ptr<ASN1_TIME, decltype(&ASN1_TIME_free)> time(ASN1_TIME_new(), ASN1_TIME_free);
  X509_CRL_set_version(list.get(), 1);
  X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(certificate_.get()));
  ASN1_TIME_adj(time.get(), now_, 0, -2 * one_day);
  X509_CRL_set1_lastUpdate(list.get(), time.get());
  for (const Certificate& each : revoked) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
        BIO_new_mem_buf(each.chain.data(), static_cast<int>(each.chain.size())), BIO_free);
    const X509Ptr certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    check(certificate != nullptr, "no certificate to revoke");
    X509_REVOKED* const entry = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(certificate.get()));
    X509_REVOKED_set_revocationDate(entry, time.get());
    check(X509_CRL_add0_revoked(list.get(), entry) == 1, "cannot revoke");
  }
  ASN1_TIME_adj(time.get(), now_, 0, next);
  X509_CRL_set1_nextUpdate(list.get(), time.get());
  X509_CRL_sort(list.get());
  check(X509_CRL_sign(list.get(), key_.get(), EVP_sha256()) > 0, "cannot sign the list");
  return text_of([&](BIO* bio) { return PEM_write_bio_X509_CRL(bio, list.get()); });
}

std::string Authority::pem() const {
  return text_of([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate_.get()); });
}

Authority::X509Ptr Authority::blank(const std::vector<std::string>& common_names, long begin, long end,
                                    EVP_PKEY* key) const {
  X509Ptr certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  std::uint64_t serial = 0;
  check(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1, "no random serial");
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial >> 1);
  ASN1_TIME_adj(X509_getm_notBefore(certificate.get()), now_, 0, begin);
  ASN1_TIME_adj(X509_getm_notAfter(certificate.get()), now_, 0, end);
  X509_set_pubkey(certificate.get(), key);
  for (const std::string& name : common_names) {
    check(X509_NAME_add_entry_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, V_ASN1_UTF8STRING,
                                     reinterpret_cast<const unsigned char*>(name.data()), static_cast<int>(name.size()),
                                     -1, 0) == 1,
          "cannot add the common name");
  }
  return certificate;
}

}  // namespace drawbridge::testing
