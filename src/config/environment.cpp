#include "base/log_record.hpp"
#include "config/disk.hpp"
#include "config/load.hpp"
#include "config/report.hpp"

#include <ctime>
#include <map>
#include <memory>
#include <set>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>

namespace drawbridge::config {
namespace {

constexpr std::int64_t day = 24 * 3600;  // seconds
constexpr std::int64_t soon = 30 * day;
constexpr std::string_view credential_prefix = "credential:";

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Bio = std::unique_ptr<BIO, Free>;
using X509Ptr = std::unique_ptr<X509, Free>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Free>;

Bio bio_of(const std::string& bytes) {
  return Bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

// Called for an encrypted key; without it OpenSSL would ask on the terminal.
int note_encryption(char* /*buffer*/, int /*size*/, int /*writing*/, void* encrypted) {
  *static_cast<bool*>(encrypted) = true;
  return -1;
}

std::int64_t seconds_of(const ASN1_TIME* time) {
  std::tm calendar{};
  if (ASN1_TIME_to_tm(time, &calendar) != 1) return 0;
  return timegm(&calendar);
}

std::string date_of(std::int64_t unix_time) {
  const std::time_t time = unix_time;
  std::tm calendar{};
  gmtime_r(&time, &calendar);
  return fmt::format("{:04}-{:02}-{:02}", calendar.tm_year + 1900, calendar.tm_mon + 1, calendar.tm_mday);
}

class CertificateCheck {
 public:
  CertificateCheck(const Certificate& certificate, const Environment& environment, Report& report)
      : certificate_(certificate), environment_(environment), report_(report) {}

  void run() {
    const auto chain = read(certificate_.chain);
    const auto key = read(certificate_.key);
    const std::vector<X509Ptr> certificates = chain ? parse_chain(chain->bytes) : std::vector<X509Ptr>{};
    const KeyPtr private_key = key ? parse_key(key->bytes) : nullptr;
    if (!certificates.empty() && private_key &&
        X509_check_private_key(certificates.front().get(), private_key.get()) != 1) {
      error(fmt::format("the key `{}` does not belong to the first certificate of `{}`", printable(certificate_.key),
                        printable(certificate_.chain)));
    }
    ERR_clear_error();
    if (key && (key->mode & S_IROTH) != 0) {
      warning(
          fmt::format("everybody on this machine can read the key `{}`; chmod o-r it", printable(certificate_.key)));
    }
    for (std::size_t i = 0; i < certificates.size(); ++i) check_dates(*certificates[i], i);
  }

 private:
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

  std::vector<X509Ptr> parse_chain(const std::string& bytes) {
    ERR_clear_error();
    std::vector<X509Ptr> certificates;
    const Bio bio = bio_of(bytes);
    while (auto certificate = X509Ptr(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr))) {
      certificates.push_back(std::move(certificate));
    }
    const unsigned long last = ERR_peek_last_error();
    const bool at_end = ERR_GET_LIB(last) == ERR_LIB_PEM && ERR_GET_REASON(last) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    if (!at_end) {
      error(fmt::format("certificate {} in `{}` is malformed", certificates.size() + 1, printable(certificate_.chain)));
      certificates.clear();
    } else if (certificates.empty()) {
      error(fmt::format("`{}` holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)",
                        printable(certificate_.chain)));
    }
    return certificates;
  }

  KeyPtr parse_key(const std::string& bytes) {
    bool encrypted = false;
    const Bio bio = bio_of(bytes);
    KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, note_encryption, &encrypted));
    ERR_clear_error();
    if (!key && encrypted) {
      error(fmt::format("the key `{}` is encrypted, and nobody is there to type its passphrase; store it decrypted",
                        printable(certificate_.key)));
    } else if (!key) {
      error(fmt::format("`{}` holds no private key in PEM form (-----BEGIN PRIVATE KEY-----)",
                        printable(certificate_.key)));
    }
    return key;
  }

  void check_dates(const X509& certificate, std::size_t index) {
    const std::string which = index == 0
                                  ? fmt::format("the certificate `{}`", printable(certificate_.chain))
                                  : fmt::format("certificate {} in `{}`", index + 1, printable(certificate_.chain));
    const std::int64_t now = environment_.unix_time;
    const std::int64_t begin = seconds_of(X509_get0_notBefore(&certificate));
    const std::int64_t end = seconds_of(X509_get0_notAfter(&certificate));
    if (now > end) {
      warning(fmt::format("{} expired on {}", which, date_of(end)));
    } else if (now < begin) {
      warning(fmt::format("{} is not valid before {}", which, date_of(begin)));
    } else if (end - now < soon) {
      warning(fmt::format("{} expires on {}, in {} days", which, date_of(end), (end - now) / day));
    }
  }

  void error(std::string message) { report_.error(certificate_.position, std::move(message)); }
  void warning(std::string message) { report_.warning(certificate_.position, std::move(message)); }

  const Certificate& certificate_;
  const Environment& environment_;
  Report& report_;
};

bool is_numeric(const std::string& host) {
  in6_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1 || inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

void check_backends(const Config& config, Report& report) {
  std::set<std::string> seen;
  for (const Route& route : config.routes) {
    if (route.backend.kind != Backend::Kind::tcp) continue;
    const std::string& host = route.backend.host;
    // localhost is the loopback address even where the resolver does not know it (RFC 6761 §6.3).
    if (is_numeric(host) || host == "localhost" || !seen.insert(host).second) continue;
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int failure = getaddrinfo(host.c_str(), nullptr, &hints, &found);
    if (failure == 0) {
      freeaddrinfo(found);
    } else {
      report.warning(route.position,
                     fmt::format("the backend `{}` does not resolve now: {}", printable(host), gai_strerror(failure)));
    }
  }
}

void check_descriptors(const Config& config, const Environment& environment, Report& report) {
  constexpr std::uint64_t reserved = 64;  // for all but sessions, which hold two each
  if (!config.limits.sessions || environment.descriptor_limit == 0) return;
  const std::uint64_t sessions = *config.limits.sessions;
  const std::uint64_t limit = environment.descriptor_limit;
  const std::uint64_t fitting = limit < reserved ? 0 : (limit - reserved) / 2;
  if (sessions <= fitting) return;
  report.warning(config.sessions_position,
                 fmt::format("{} sessions need {} descriptors, and a process may have {}; {} sessions would fit",
                             sessions, sessions * 2 + reserved, limit, fitting));
}

}  // namespace

std::vector<Diagnostic> check_environment(const Config& config, const Environment& environment) {
  Report report;
  for (const Listener& listener : config.listeners) {
    if (!listener.tls) continue;
    for (const Certificate& certificate : listener.tls->certificates) {
      CertificateCheck(certificate, environment, report).run();
    }
  }
  if (environment.resolve_backends) check_backends(config, report);
  check_descriptors(config, environment, report);
  return std::move(report).sorted();
}

std::string file_of(const std::string& chain_or_key, const std::string& credentials_directory) {
  if (!chain_or_key.starts_with(credential_prefix)) return chain_or_key;
  return credentials_directory + "/" + chain_or_key.substr(credential_prefix.size());
}

}  // namespace drawbridge::config
