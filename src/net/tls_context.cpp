#include "net/tls_context.hpp"

#include "config/load.hpp"
#include "net/client_verification.hpp"
#include "net/peer_certificate.hpp"
#include "net/socket_bio.hpp"

#include <algorithm>
#include <cstring>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

namespace drawbridge::net {
namespace {

// Mozilla's "intermediate" list for TLS 1.2: forward secrecy and AEAD only. TLS 1.3's own suites are all good.
constexpr const char* tls12_ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* groups = "X25519:P-256:P-384";

// Room for three records and their overhead: fewer recv calls on bulk; given back when idle (SSL_MODE_RELEASE_BUFFERS).
constexpr std::size_t read_ahead = 3 * (16'384 + 256);

int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in, unsigned in_size,
                    void*) {
  static constexpr unsigned char ours[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  // Nothing in common is fatal (RFC 7301 §3.2): better no connection than one that speaks another protocol.
  if (SSL_select_next_proto(&chosen, out_size, ours, sizeof(ours) - 1, in, in_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

std::string last_error() {
  char text[256] = "unknown error";
  if (const auto code = ERR_get_error(); code != 0) ERR_error_string_n(code, text, sizeof(text));
  ERR_clear_error();
  return text;
}

// Never asks a terminal for a pass phrase.
int no_pass_phrase(char*, int, int, void*) {
  return -1;
}

void apply_settings(SSL_CTX* context, config::TlsVersion min_version) {
  SSL_CTX_set_min_proto_version(context, min_version == config::TlsVersion::tls1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                   SSL_OP_PRIORITIZE_CHACHA | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context,
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_cipher_list(context, tls12_ciphers);
  SSL_CTX_set1_groups_list(context, groups);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_default_read_buffer_len(context, read_ahead);
  // Resumption by one ticket, which costs the server no memory.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 1);
  SSL_CTX_set_default_passwd_cb(context, no_pass_phrase);
}

// OpenSSL resumes a session only in the context it was made in: another listener, certificate or rule is another one.
bool separate_sessions(SSL_CTX* context, const std::string& bind, const ClientVerification* verification) {
  unsigned char certificate[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (X509_digest(SSL_CTX_get0_certificate(context), EVP_sha256(), certificate, &size) != 1) return false;
  std::string all(reinterpret_cast<const char*>(certificate), size);
  all += std::to_string(bind.size()) + ' ' + bind;
  if (verification != nullptr) all += verification->digest_input();
  unsigned char id[EVP_MAX_MD_SIZE];
  return EVP_Digest(all.data(), all.size(), id, &size, EVP_sha256(), nullptr) == 1 &&
         SSL_CTX_set_session_id_context(context, id, size) == 1;
}

// The host that a ClientHello asks for (RFC 6066 §3). Malformed ones are as none: OpenSSL refuses them afterwards.
std::string server_name_of(SSL* ssl) {
  constexpr std::size_t before_name = 5;  // the list's length, the kind of name (0: a host), the name's length
  const unsigned char* bytes = nullptr;
  std::size_t size = 0;
  if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &bytes, &size) != 1) return {};
  if (size <= before_name || bytes[2] != TLSEXT_NAMETYPE_host_name) return {};
  const std::size_t length = std::size_t{bytes[3]} << 8U | bytes[4];
  if (length != size - before_name || length > TLSEXT_MAXLEN_host_name) return {};
  return {reinterpret_cast<const char*>(bytes + before_name), length};
}

}  // namespace

std::shared_ptr<const TlsContext> TlsContext::make(const config::Tls& tls, const std::string& bind,
                                                   const std::string& credentials_directory, std::string& why) {
  std::shared_ptr<TlsContext> made(new TlsContext);
  std::optional<ClientVerification> verification;
  if (tls.client_certificates) {
    verification = ClientVerification::read(*tls.client_certificates, credentials_directory, why);
    if (!verification) return nullptr;
  }
  for (const config::Certificate& certificate : tls.certificates) {
    ERR_clear_error();
    std::unique_ptr<SSL_CTX, SslContextFree> context(SSL_CTX_new(TLS_server_method()));
    if (!context) {
      why = last_error();
      return nullptr;
    }
    apply_settings(context.get(), tls.min_version);
    const std::string chain = config::file_of(certificate.chain, credentials_directory);
    const std::string key = config::file_of(certificate.key, credentials_directory);
    if (SSL_CTX_use_certificate_chain_file(context.get(), chain.c_str()) != 1) {
      why = "certificate " + chain + ": " + last_error();
      return nullptr;
    }
    if (SSL_CTX_use_PrivateKey_file(context.get(), key.c_str(), SSL_FILETYPE_PEM) != 1) {
      why = "key " + key + ": " + last_error();
      return nullptr;
    }
    if (!separate_sessions(context.get(), bind, verification ? &*verification : nullptr) ||
        (verification && !verification->apply_to(context.get()))) {
      why = last_error();
      return nullptr;
    }
    SSL_CTX_set_client_hello_cb(context.get(), &TlsContext::choose_certificate, made.get());
    made->contexts_.push_back(std::move(context));
  }
  SSL_CTX* first = made->contexts_.front().get();
  // As SSL_CTX_set_tlsext_servername_callback does, whose macro has an old-style cast.
  SSL_CTX_callback_ctrl(first, SSL_CTRL_SET_TLSEXT_SERVERNAME_CB,
                        reinterpret_cast<void (*)()>(&TlsContext::confirm_name));
  SSL_CTX_set_tlsext_servername_arg(first, made.get());
  return made;
}

std::vector<TlsContext::Certificate> TlsContext::certificates() const {
  std::vector<Certificate> all;
  for (const auto& context : contexts_) {
    const PeerCertificate certificate = read_certificate(*SSL_CTX_get0_certificate(context.get()));
    all.push_back({auth::principal_of(certificate).identity, certificate.not_after});
  }
  return all;
}

Ssl TlsContext::accept_on(BioSocket& socket) const {
  ERR_clear_error();
  Ssl ssl(SSL_new(contexts_.front().get()));
  if (!ssl) return nullptr;
  BIO* bio = new_socket_bio(socket);
  if (bio == nullptr) return nullptr;
  SSL_set_bio(ssl.get(), bio, bio);
  SSL_set_accept_state(ssl.get());
  return ssl;
}

// A connection starts with the first context and moves to the one that its server name asks for. Here already, as
// OpenSSL calls the callback that is meant for it after it decided on resumption: it would resume a session of another
// name.
int TlsContext::choose_certificate(SSL* ssl, int* alert, void* self) {
  const auto& context = *static_cast<const TlsContext*>(self);
  SSL_CTX* const chosen = context.context_for(server_name_of(ssl));
  if (SSL_set_SSL_CTX(ssl, chosen != nullptr ? chosen : context.contexts_.front().get()) != nullptr) {
    return SSL_CLIENT_HELLO_SUCCESS;
  }
  *alert = SSL_AD_INTERNAL_ERROR;
  return SSL_CLIENT_HELLO_ERROR;
}

// Tells the client that its name counted (RFC 6066 §3).
int TlsContext::confirm_name(SSL* ssl, int* /*alert*/, void* self) {
  const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  const bool counted = name != nullptr && static_cast<const TlsContext*>(self)->context_for(name) != nullptr;
  return counted ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

SSL_CTX* TlsContext::context_for(const std::string& host) const {
  if (host.empty()) return nullptr;
  for (const auto& candidate : contexts_) {
    if (speaks_for(candidate.get(), host)) return candidate.get();
  }
  return nullptr;
}

bool TlsContext::speaks_for(const SSL_CTX* context, const std::string& host) const {
  X509* certificate = SSL_CTX_get0_certificate(context);
  return X509_check_host(certificate, host.data(), host.size(), 0, nullptr) == 1 ||
         X509_check_ip_asc(certificate, host.c_str(), 0) == 1;
}

bool TlsContext::may_serve(const SSL* ssl, std::string_view host) const {
  return may_serve_with(SSL_get_SSL_CTX(ssl), std::string(host));
}

bool TlsContext::may_serve(const std::string& server_name, std::string_view host) const {
  const SSL_CTX* chosen = context_for(server_name);
  return may_serve_with(chosen != nullptr ? chosen : contexts_.front().get(), std::string(host));
}

bool TlsContext::may_serve_with(const SSL_CTX* chosen, const std::string& host) const {
  if (contexts_.size() < 2 || speaks_for(chosen, host)) return true;
  return std::none_of(contexts_.begin(), contexts_.end(), [&](const auto& candidate) {
    return candidate.get() != chosen && speaks_for(candidate.get(), host);
  });
}

}  // namespace drawbridge::net
