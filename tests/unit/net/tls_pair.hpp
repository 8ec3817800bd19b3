#pragma once

#include "net/tls_end.hpp"
#include "support/certificate.hpp"
#include "support/temporary_directory.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/socket.h>

namespace drawbridge::test {

// A listener's context, and a client over a socket pair that both sides drive in turn.
struct TlsPair {
  // Whom the listener asks for certificates: the PEM texts.
  struct Asked {
    std::string ca;
    std::string crl{};  // empty: none
    bool required = false;
  };

  explicit TlsPair(const std::vector<std::string>& names, config::TlsVersion min = config::TlsVersion::tls1_2,
                   const std::optional<Asked>& asked = {})
      : client_context(SSL_CTX_new(TLS_client_method())) {
    config::Tls tls;
    tls.min_version = min;
    for (const std::string& name : names) {
      const auto made = testing::make_certificate({name});
      tls.certificates.push_back(
          {directory.write(name + ".pem", made.chain), directory.write(name + ".key", made.key), {}});
    }
    if (asked) {
      const std::string crl = asked->crl.empty() ? "" : directory.write("clients.crl", asked->crl);
      tls.client_certificates = {directory.write("ca.pem", asked->ca), crl, asked->required, {}};
    }
    std::string why;
    context = net::TlsContext::make(tls, "127.0.0.1:0", "", why);
    BOOST_REQUIRE_MESSAGE(context != nullptr, why);
    connect();
  }

  // A new connection to the same listener.
  void connect() {
    int fds[2];
    BOOST_REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
    server.emplace(net::Descriptor(fds[0]), context);
    client_socket = net::Descriptor(fds[1]);
    // One that just breaks off would take its session with it.
    if (client) SSL_set_shutdown(client.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    client.reset(SSL_new(client_context.get()));
    SSL_set_fd(client.get(), client_socket.get());
    SSL_set_connect_state(client.get());
  }

  void ask_for(std::string name) {
    SSL_ctrl(client.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
  }

  // The certificate that the client has; `issuers` go with it.
  void present(const testing::Certificate& certificate, const std::vector<std::string>& issuers = {}) {
    const auto read = [](const std::string& pem, auto parse) {
      const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                          BIO_free);
      return parse(bio.get(), nullptr, nullptr, nullptr);
    };
    const std::unique_ptr<X509, decltype(&X509_free)> leaf(read(certificate.chain, PEM_read_bio_X509), X509_free);
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(read(certificate.key, PEM_read_bio_PrivateKey),
                                                                  EVP_PKEY_free);
    BOOST_REQUIRE(SSL_use_cert_and_key(client.get(), leaf.get(), key.get(), nullptr, 1) == 1);
    for (const std::string& issuer : issuers) {
      SSL_ctrl(client.get(), SSL_CTRL_CHAIN_CERT, 0, read(issuer, PEM_read_bio_X509));
    }
  }

  // The end of the handshake as the server sees it.
  net::IoStatus shake() {
    for (int i = 0; i < 20; ++i) {
      ERR_clear_error();
      const int connected = SSL_do_handshake(client.get());
      const net::IoStatus status = server->handshake();
      if (status != net::IoStatus::again_read && status != net::IoStatus::ok) return status;
      if (status == net::IoStatus::ok && connected == 1) return status;
      const int error = SSL_get_error(client.get(), connected);
      if (connected != 1 && error != SSL_ERROR_WANT_READ) return net::IoStatus::failed;
    }
    return net::IoStatus::failed;
  }

  // Of the handshake that was done; with the ticket that came behind it, if one did.
  std::unique_ptr<SSL_SESSION, decltype(&SSL_SESSION_free)> session() {
    char none = 0;
    ERR_clear_error();
    SSL_peek(client.get(), &none, 1);
    return {SSL_get1_session(client.get()), SSL_SESSION_free};
  }

  std::string presented() const {
    X509* certificate = SSL_get1_peer_certificate(client.get());
    char name[256] = "";
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof(name));
    X509_free(certificate);
    return name;
  }

  testing::TemporaryDirectory directory;
  std::shared_ptr<const net::TlsContext> context;
  std::unique_ptr<SSL_CTX, net::SslContextFree> client_context;
  std::optional<net::TlsEnd> server;
  net::Descriptor client_socket;
  net::Ssl client;
};

}  // namespace drawbridge::test
