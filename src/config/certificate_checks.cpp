#include "config/certificate_checks.hpp"

#include "base/log_record.hpp"
#include "config/disk.hpp"
#include "config/pem.hpp"

#include <algorithm>
#include <ctime>
#include <utility>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

namespace drawbridge::config {
namespace {

constexpr std::int64_t day = 24 * 3600;  // seconds
constexpr std::int64_t soon = 30 * day;
constexpr std::string_view credential_prefix = "credential:";

// Called for an encrypted key; without it OpenSSL would ask on the terminal.
int note_encryption(char* /*buffer*/, int /*size*/, int /*writing*/, void* encrypted) {
  *static_cast<bool*>(encrypted) = true;
  return -1;
}

std::string date_of(std::int64_t unix_time) {
  const std::time_t time = unix_time;
  std::tm calendar{};
  gmtime_r(&time, &calendar);
  return fmt::format("{:04}-{:02}-{:02}", calendar.tm_year + 1900, calendar.tm_mon + 1, calendar.tm_mday);
}

// Which one of a file that is meant to hold several.
std::string numbered(std::string_view what, std::size_t index, const std::string& name) {
  return fmt::format("{} {} in `{}`", what, index + 1, printable(name));
}

// The files of one setting. Names are as the configuration has them.
class FileCheck {
 public:
  FileCheck(const Position& position, const Environment& environment, Report& report)
      : position_(position), environment_(environment), report_(report) {}

  std::optional<Content> read(const std::string& name) {
    if (name.starts_with(credential_prefix) && environment_.credentials_directory.empty()) {
      error(fmt::format("`{}` needs LoadCredential= and exists only while systemd runs the service", printable(name)));
      return {};
    }
    std::string why;
    auto content = read_regular_file(file_of(name, environment_.credentials_directory), why);
    if (!content) error(fmt::format("cannot read `{}`: {}", printable(name), why));
    return content;
  }

  // Empty, and reported, unless all is well with them.
  std::vector<X509Ptr> read_certificates(const std::string& name) {
    const auto content = read(name);
    if (!content) return {};
    return sound(certificates_of(content->bytes), name, "certificate", "CERTIFICATE");
  }
  std::vector<CrlPtr> read_revocation_lists(const std::string& name) {
    const auto content = read(name);
    if (!content) return {};
    return sound(revocation_lists_of(content->bytes), name, "revocation list", "X509 CRL");
  }

  void check_dates(const X509& certificate, const std::string& which) {
    const std::int64_t begin = seconds_of(X509_get0_notBefore(&certificate));
    const std::int64_t end = seconds_of(X509_get0_notAfter(&certificate));
    if (now() > end) {
      warning(fmt::format("{} expired on {}", which, date_of(end)));
    } else if (now() < begin) {
      warning(fmt::format("{} is not valid before {}", which, date_of(begin)));
    } else if (end - now() < soon) {
      warning(fmt::format("{} expires on {}, in {} days", which, date_of(end), (end - now()) / day));
    }
  }

  std::int64_t now() const { return environment_.unix_time; }
  void error(std::string message) { report_.error(position_, std::move(message)); }
  void warning(std::string message) { report_.warning(position_, std::move(message)); }

 private:
  template <class T>
  std::vector<T> sound(PemItems<T> found, const std::string& name, std::string_view what, std::string_view label) {
    if (found.malformed) {
      error(fmt::format("{} is malformed", numbered(what, found.items.size(), name)));
      return {};
    }
    if (found.items.empty()) {
      error(fmt::format("`{}` holds no {} in PEM form (-----BEGIN {}-----)", printable(name), what, label));
    }
    return std::move(found.items);
  }

  const Position& position_;
  const Environment& environment_;
  Report& report_;
};

KeyPtr parse_key(FileCheck& check, const std::string& name, const std::string& bytes) {
  bool encrypted = false;
  const Bio bio = bio_of(bytes);
  KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, note_encryption, &encrypted));
  ERR_clear_error();
  if (!key && encrypted) {
    check.error(fmt::format("the key `{}` is encrypted, and nobody is there to type its passphrase; store it decrypted",
                            printable(name)));
  } else if (!key) {
    check.error(fmt::format("`{}` holds no private key in PEM form (-----BEGIN PRIVATE KEY-----)", printable(name)));
  }
  return key;
}

using Certificates = std::vector<X509Ptr>;

// Whether a bundle holds who issued a certificate; a root is its own issuer.
bool issued_within(const Certificates& bundle, X509* certificate) {
  return std::any_of(bundle.begin(), bundle.end(),
                     [&](const X509Ptr& issuer) { return X509_check_issued(issuer.get(), certificate) == X509_V_OK; });
}

void check_issuers(FileCheck& check, const std::string& name, const Certificates& bundle) {
  for (std::size_t i = 0; i < bundle.size(); ++i) {
    X509* certificate = bundle[i].get();
    const std::string which = numbered("certificate", i, name);
    check.check_dates(*certificate, which);
    if (X509_check_ca(certificate) == 0) {
      check.warning(fmt::format("{} is none of a CA: it makes nobody else's pass", which));
    } else if (!issued_within(bundle, certificate)) {
      check.warning(fmt::format("{} does not count: its issuer is not there, up to the root", which));
    }
  }
}

bool signed_by(X509_CRL* list, const X509* issuer) {
  return X509_NAME_cmp(X509_CRL_get_issuer(list), X509_get_subject_name(issuer)) == 0 &&
         X509_CRL_verify(list, X509_get0_pubkey(issuer)) == 1;
}

void check_revocation_lists(FileCheck& check, const ClientCertificates& asked, const Certificates& bundle,
                            const std::vector<CrlPtr>& lists) {
  for (std::size_t i = 0; i < lists.size(); ++i) {
    X509_CRL* list = lists[i].get();
    const std::string which = numbered("revocation list", i, asked.crl);
    const ASN1_TIME* const next = X509_CRL_get0_nextUpdate(list);
    const std::int64_t begin = seconds_of(X509_CRL_get0_lastUpdate(list));
    if (next != nullptr && check.now() > seconds_of(next)) {
      check.warning(fmt::format("{} is outdated since {}: every certificate of its issuer is refused", which,
                                date_of(seconds_of(next))));
    } else if (check.now() < begin) {
      check.warning(
          fmt::format("{} is not valid before {}: every certificate of its issuer is refused", which, date_of(begin)));
    }
    if (std::none_of(bundle.begin(), bundle.end(), [&](const X509Ptr& ca) { return signed_by(list, ca.get()); })) {
      check.warning(fmt::format("{} is signed by none of the certificates in `{}`", which, printable(asked.ca)));
    }
  }
  for (std::size_t i = 0; i < bundle.size(); ++i) {
    X509* const issuer = bundle[i].get();
    if (X509_check_ca(issuer) == 0) continue;
    if (std::none_of(lists.begin(), lists.end(), [&](const CrlPtr& list) { return signed_by(list.get(), issuer); })) {
      check.warning(fmt::format("{} has no revocation list in `{}`: every certificate that it issued is refused",
                                numbered("certificate", i, asked.ca), printable(asked.crl)));
    }
  }
}

}  // namespace

void check_certificate(const Certificate& certificate, const Environment& environment, Report& report) {
  FileCheck check(certificate.position, environment, report);
  const Certificates chain = check.read_certificates(certificate.chain);
  const auto key = check.read(certificate.key);
  const KeyPtr private_key = key ? parse_key(check, certificate.key, key->bytes) : nullptr;
  if (!chain.empty() && private_key && X509_check_private_key(chain.front().get(), private_key.get()) != 1) {
    check.error(fmt::format("the key `{}` does not belong to the first certificate of `{}`", printable(certificate.key),
                            printable(certificate.chain)));
  }
  ERR_clear_error();
  if (key && (key->mode & S_IROTH) != 0) {
    check.warning(
        fmt::format("everybody on this machine can read the key `{}`; chmod o-r it", printable(certificate.key)));
  }
  for (std::size_t i = 0; i < chain.size(); ++i) {
    check.check_dates(*chain[i], i == 0 ? fmt::format("the certificate `{}`", printable(certificate.chain))
                                        : numbered("certificate", i, certificate.chain));
  }
}

void check_client_certificates(const ClientCertificates& asked, const Environment& environment, Report& report) {
  FileCheck check(asked.position, environment, report);
  const Certificates bundle = check.read_certificates(asked.ca);
  check_issuers(check, asked.ca, bundle);
  if (!asked.crl.empty()) {
    const std::vector<CrlPtr> lists = check.read_revocation_lists(asked.crl);
    if (!bundle.empty() && !lists.empty()) check_revocation_lists(check, asked, bundle, lists);
  }
  ERR_clear_error();
}

}  // namespace drawbridge::config
