#include "net/client_verification.hpp"

#include "config/disk.hpp"

#include <new>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

namespace drawbridge::net {
namespace {

// Between the client's certificate and the root. Each costs a signature to check.
constexpr int most_intermediates = 5;
// All that a client sends of his chain; five generous certificates. Anybody may send so much and make us read it.
constexpr long largest_chain = 32 * 1024;
// The names of the issuers go out with each handshake, and have 64 KiB there (RFC 8446 §4.2.4).
constexpr int largest_names = 32 * 1024;

std::optional<std::string> read_file(const std::string& name, const std::string& credentials_directory,
                                     std::string& why) {
  const std::string path = config::file_of(name, credentials_directory);
  auto content = config::read_regular_file(path, why);
  if (content) return std::move(content->bytes);
  why = "cannot read " + path + ": " + why;
  return {};
}

template <class T>
bool usable(const config::PemItems<T>& found, const std::string& name, const char* what, std::string& why) {
  if (!found.malformed && !found.items.empty()) return true;
  why = name + (found.malformed ? " holds a malformed " : " holds no ") + what;
  return false;
}

}  // namespace

std::optional<ClientVerification> ClientVerification::read(const config::ClientCertificates& asked,
                                                           const std::string& credentials_directory, std::string& why) {
  ClientVerification made;
  made.store_.reset(X509_STORE_new());
  if (!made.store_) {
    why = "no memory";
    return {};
  }
  made.required_ = asked.required;
  // No X509_V_FLAG_X509_STRICT: it refuses what many private CAs leave out (key identifiers, keyUsage), and all that it
  // would keep out was signed by one of them. No X509_V_FLAG_PARTIAL_CHAIN: where the chain stops at an intermediate,
  // OpenSSL does not find whose revocation list that one is in.
  X509_STORE_set_depth(made.store_.get(), most_intermediates);
  const auto ca = read_file(asked.ca, credentials_directory, why);
  if (!ca || !made.read_issuers(asked.ca, *ca, why)) return {};
  std::optional<std::string> crl = std::string();
  if (!asked.crl.empty()) {
    crl = read_file(asked.crl, credentials_directory, why);
    if (!crl || !made.read_lists(asked.crl, *crl, why)) return {};
  }
  made.digest_input_ = std::to_string(ca->size()) + (asked.required ? " required " : " asked ") + *ca + *crl;
  return made;
}

bool ClientVerification::read_issuers(const std::string& name, const std::string& bytes, std::string& why) {
  auto found = config::certificates_of(bytes);
  if (!usable(found, name, "certificate", why)) return false;
  issuers_ = std::move(found.items);
  int size_of_names = 0;
  for (const config::X509Ptr& issuer : issuers_) {
    if (X509_STORE_add_cert(store_.get(), issuer.get()) != 1) {
      why = name + ": no memory";
      return false;
    }
    size_of_names += i2d_X509_NAME(X509_get_subject_name(issuer.get()), nullptr);
  }
  if (size_of_names <= largest_names) return true;
  why = name + " holds too many issuers: their names take more than 32 KiB of each handshake";
  return false;
}

bool ClientVerification::read_lists(const std::string& name, const std::string& bytes, std::string& why) {
  const auto found = config::revocation_lists_of(bytes);
  if (!usable(found, name, "revocation list", why)) return false;
  for (const config::CrlPtr& list : found.items) {
    if (X509_STORE_add_crl(store_.get(), list.get()) != 1) {
      why = name + ": no memory";
      return false;
    }
  }
  X509_STORE_set_flags(store_.get(), X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  return true;
}

bool ClientVerification::accepts(X509* certificate, const std::vector<config::X509Ptr>& others, std::int64_t unix_time,
                                 std::string& why) const {
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(X509_STORE_CTX* context) const { X509_STORE_CTX_free(context); }
    void operator()(STACK_OF(X509) * certificates) const { sk_X509_free(certificates); }
  };
  const std::unique_ptr<STACK_OF(X509), Free> untrusted(sk_X509_new_null());
  for (const config::X509Ptr& other : others) {
    if (!untrusted || sk_X509_push(untrusted.get(), other.get()) == 0) throw std::bad_alloc();
  }
  const std::unique_ptr<X509_STORE_CTX, Free> context(X509_STORE_CTX_new());
  // As ssl_verify_cert_chain of OpenSSL does at a server: its security level is that of any context made here.
  const std::unique_ptr<SSL_CTX, Free> server(SSL_CTX_new(TLS_server_method()));
  if (!server || !context || X509_STORE_CTX_init(context.get(), store_.get(), certificate, untrusted.get()) != 1 ||
      X509_STORE_CTX_set_default(context.get(), "ssl_client") != 1) {
    throw std::bad_alloc();
  }
  X509_VERIFY_PARAM_set_auth_level(X509_STORE_CTX_get0_param(context.get()), SSL_CTX_get_security_level(server.get()));
  X509_STORE_CTX_set_time(context.get(), 0, unix_time);
  const bool good = X509_verify_cert(context.get()) == 1;
  if (!good) why = X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
  ERR_clear_error();
  return good;
}

// OpenSSL takes some of this from the SSL_CTX that SNI picked (the store, the names) and some from the one that the
// connection began with (the mode, the options, the number of tickets): all of a listener's are to have the same.
bool ClientVerification::apply_to(SSL_CTX* context) const {
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | (required_ ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), nullptr);
  // As SSL_CTX_set1_verify_cert_store and SSL_CTX_set_max_cert_list, whose macros have old-style casts. Not the
  // context's own store, from which OpenSSL would complete the chain that we present.
  if (SSL_CTX_ctrl(context, SSL_CTRL_SET_VERIFY_CERT_STORE, 1, store_.get()) != 1) return false;
  SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_CERT_LIST, largest_chain, nullptr);
  for (const config::X509Ptr& issuer : issuers_) {
    if (SSL_CTX_add_client_CA(context, issuer.get()) != 1) return false;
  }
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  return SSL_CTX_set_num_tickets(context, 0) == 1;
}

}  // namespace drawbridge::net
