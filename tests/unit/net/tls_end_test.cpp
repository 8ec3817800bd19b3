#include "net/tls_end.hpp"

#include "support/certificate.hpp"
#include "support/temporary_directory.hpp"

#include <array>
#include <optional>
#include <string>

#include <boost/test/unit_test.hpp>
#include <openssl/err.h>
#include <sys/socket.h>

using namespace drawbridge;
using net::IoStatus;

namespace {

// A server end and a client over a socket pair, their handshake done.
struct Connection {
  Connection() {
    const auto made = testing::make_certificate({"a.test"});
    config::Tls tls;
    tls.certificates.push_back({directory.write("a.pem", made.chain), directory.write("a.key", made.key), {}});
    std::string why;
    const auto context = net::TlsContext::make(tls, "", why);
    BOOST_REQUIRE_MESSAGE(context != nullptr, why);
    int fds[2];
    BOOST_REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
    server.emplace(net::Descriptor(fds[0]), context);
    client_socket = net::Descriptor(fds[1]);
    client_context.reset(SSL_CTX_new(TLS_client_method()));
    client.reset(SSL_new(client_context.get()));
    SSL_set_fd(client.get(), client_socket.get());
    SSL_set_connect_state(client.get());
    bool done = false;
    for (int i = 0; i < 20 && !done; ++i) {
      const int connected = SSL_do_handshake(client.get());
      done = server->handshake() == IoStatus::ok && connected == 1;
    }
    BOOST_REQUIRE(done);
    BOOST_REQUIRE(read_all() == SSL_ERROR_WANT_READ);  // its session ticket
  }

  // Records of one byte until the kernel takes no more: the last one waits in TLS.
  void fill() {
    while (server->write(byte).status == IoStatus::ok) {
    }
    BOOST_REQUIRE((server->write(byte).status == IoStatus::again_write));
  }
  // Makes room for one record, which the one that waits then takes.
  void let_the_last_one_out() {
    BOOST_REQUIRE(read_one() == 1);
    BOOST_REQUIRE((server->write(byte).status == IoStatus::ok));
  }
  int read_one() {
    ERR_clear_error();
    char got = 0;
    return SSL_read(client.get(), &got, 1);
  }
  // How the client's stream stops, once it read all there is: an SSL_ERROR.
  int read_all() {
    for (;;) {
      if (const int result = read_one(); result <= 0) return SSL_get_error(client.get(), result);
    }
  }

  std::array<std::uint8_t, 1> byte{'x'};
  testing::TemporaryDirectory directory;
  std::optional<net::TlsEnd> server;
  net::Descriptor client_socket;
  std::unique_ptr<SSL_CTX, net::SslContextFree> client_context;
  net::Ssl client;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(tls_end)

BOOST_AUTO_TEST_CASE(a_close_notify_that_found_no_room_is_sent_later) {
  Connection c;
  c.fill();
  c.let_the_last_one_out();
  BOOST_REQUIRE((c.server->shut_write() == IoStatus::again_write));
  BOOST_TEST((c.server->shut_write() == IoStatus::again_write));
  BOOST_REQUIRE(c.read_all() == SSL_ERROR_WANT_READ);
  BOOST_TEST((c.server->shut_write() == IoStatus::ok));
  BOOST_TEST(c.read_all() == SSL_ERROR_ZERO_RETURN);
}

BOOST_AUTO_TEST_CASE(a_key_update_while_a_record_waits_harms_neither) {
  Connection c;
  c.fill();
  BOOST_REQUIRE(SSL_key_update(c.client.get(), SSL_KEY_UPDATE_REQUESTED) == 1);
  BOOST_REQUIRE(SSL_write(c.client.get(), "after", 5) == 5);
  std::array<std::uint8_t, 100> buffer;
  BOOST_TEST(c.server->read(buffer).bytes == 5U);
  BOOST_TEST(c.read_all() == SSL_ERROR_WANT_READ);
  BOOST_TEST((c.server->write(c.byte).status == IoStatus::ok));
  BOOST_TEST((c.server->write(c.byte).status == IoStatus::ok));
  BOOST_TEST(c.read_one() == 1);
  BOOST_TEST(c.read_one() == 1);
}

BOOST_AUTO_TEST_SUITE_END()
