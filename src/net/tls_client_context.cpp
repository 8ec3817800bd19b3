#include "net/tls_client_context.hpp"

#include "client/address.hpp"

#include <utility>

#include <openssl/err.h>
#include <openssl/x509v3.h>

namespace drawbridge::net {
namespace {

void apply_settings(SSL_CTX* context) {
  static constexpr unsigned char http_1_1[] = "\x08http/1.1";
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_protos(context, http_1_1, sizeof(http_1_1) - 1);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
}

}  // namespace

std::shared_ptr<const TlsClientContext> TlsClientContext::make(std::string host, const std::string& ca,
                                                               std::string& why) {
  ERR_clear_error();
  std::shared_ptr<TlsClientContext> made(new TlsClientContext);
  made->context_.reset(SSL_CTX_new(TLS_client_method()));
  if (!made->context_) {
    why = "OpenSSL has no memory for a client";
    return nullptr;
  }
  apply_settings(made->context_.get());
  const int loaded = ca.empty() ? SSL_CTX_set_default_verify_paths(made->context_.get())
                                : SSL_CTX_load_verify_file(made->context_.get(), ca.c_str());
  ERR_clear_error();
  if (loaded != 1) {
    why = ca.empty() ? "the system's certificates cannot be read" : "no certificates in PEM can be read from " + ca;
    return nullptr;
  }
  made->is_address_ = client::parse_address(host).has_value();
  made->host_ = std::move(host);
  return made;
}

Ssl TlsClientContext::connect_on(BioSocket& socket) const {
  ERR_clear_error();
  Ssl ssl(SSL_new(context_.get()));
  if (!ssl) return nullptr;
  // A name is looked for among the alternative names only, as browsers do (RFC 9110 §4.3.4).
  SSL_set_hostflags(ssl.get(), X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const int expects = is_address_ ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), host_.c_str())
                                  : SSL_set1_host(ssl.get(), host_.c_str());
  if (expects != 1) return nullptr;
  // As SSL_set_tlsext_host_name does, whose macro has an old-style cast. An address is no server name (RFC 6066 §3).
  if (!is_address_ && SSL_ctrl(ssl.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                               const_cast<char*>(host_.c_str())) != 1) {
    return nullptr;
  }
  BIO* bio = new_socket_bio(socket);
  if (bio == nullptr) return nullptr;
  SSL_set_bio(ssl.get(), bio, bio);
  SSL_set_connect_state(ssl.get());
  return ssl;
}

}  // namespace drawbridge::net
