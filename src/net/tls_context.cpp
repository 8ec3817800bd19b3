#include "net/tls_context.hpp"

#include "config/load.hpp"
#include "net/socket_bio.hpp"

#include <cstring>

#include <openssl/err.h>
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
  static constexpr unsigned char id[] = "drawbridge";
  SSL_CTX_set_session_id_context(context, id, sizeof(id) - 1);
  SSL_CTX_set_default_passwd_cb(context, no_pass_phrase);
}

}  // namespace

std::shared_ptr<const TlsContext> TlsContext::make(const config::Tls& tls, const std::string& credentials_directory,
                                                   std::string& why) {
  std::shared_ptr<TlsContext> made(new TlsContext);
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
    made->contexts_.push_back(std::move(context));
  }
  // A connection starts with the first context; its callback moves it to the one that its server name asks for.
  SSL_CTX* first = made->contexts_.front().get();
  // As SSL_CTX_set_tlsext_servername_callback does, whose macro has an old-style cast.
  SSL_CTX_callback_ctrl(first, SSL_CTRL_SET_TLSEXT_SERVERNAME_CB,
                        reinterpret_cast<void (*)()>(&TlsContext::choose_certificate));
  SSL_CTX_set_tlsext_servername_arg(first, made.get());
  return made;
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

int TlsContext::choose_certificate(SSL* ssl, int* /*alert*/, void* self) {
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (name == nullptr) return SSL_TLSEXT_ERR_NOACK;
  const auto& context = *static_cast<const TlsContext*>(self);
  for (const auto& candidate : context.contexts_) {
    if (!context.speaks_for(candidate.get(), name)) continue;
    SSL_set_SSL_CTX(ssl, candidate.get());
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_NOACK;
}

bool TlsContext::speaks_for(const SSL_CTX* context, const std::string& host) const {
  X509* certificate = SSL_CTX_get0_certificate(context);
  return X509_check_host(certificate, host.data(), host.size(), 0, nullptr) == 1 ||
         X509_check_ip_asc(certificate, host.c_str(), 0) == 1;
}

bool TlsContext::may_serve(const SSL* ssl, std::string_view host) const {
  if (contexts_.size() < 2) return true;
  const SSL_CTX* chosen = SSL_get_SSL_CTX(ssl);
  const std::string name(host);
  if (speaks_for(chosen, name)) return true;
  for (const auto& candidate : contexts_) {
    if (candidate.get() != chosen && speaks_for(candidate.get(), name)) return false;
  }
  return true;
}

}  // namespace drawbridge::net
