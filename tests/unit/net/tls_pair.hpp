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
#include <sys/socket.h>

namespace drawbridge::test {

// A listener's context, and a client over a socket pair that both sides drive in turn.
struct TlsPair {
  explicit TlsPair(const std::vector<std::string>& names, config::TlsVersion min = config::TlsVersion::tls1_2) {
    config::Tls tls;
    tls.min_version = min;
    for (const std::string& name : names) {
      const auto made = testing::make_certificate({name});
      tls.certificates.push_back(
          {directory.write(name + ".pem", made.chain), directory.write(name + ".key", made.key), {}});
    }
    std::string why;
    context = net::TlsContext::make(tls, "127.0.0.1:0", "", why);
    BOOST_REQUIRE_MESSAGE(context != nullptr, why);
    int fds[2];
    BOOST_REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
    server.emplace(net::Descriptor(fds[0]), context);
    client_socket = net::Descriptor(fds[1]);
    client_context.reset(SSL_CTX_new(TLS_client_method()));
    client.reset(SSL_new(client_context.get()));
    SSL_set_fd(client.get(), client_socket.get());
    SSL_set_connect_state(client.get());
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

  std::string presented() const {
    X509* certificate = SSL_get1_peer_certificate(client.get());
    char name[256] = "";
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof(name));
    X509_free(certificate);
    return name;
  }

  testing::TemporaryDirectory directory;
  std::shared_ptr<const net::TlsContext> context;
  std::optional<net::TlsEnd> server;
  net::Descriptor client_socket;
  std::unique_ptr<SSL_CTX, net::SslContextFree> client_context;
  net::Ssl client;
};

}  // namespace drawbridge::test
