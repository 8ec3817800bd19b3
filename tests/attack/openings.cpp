// Attacks before there is a session: connections, TLS handshakes and request heads.

#include "attack/siege.hpp"

#include <array>
#include <chrono>

#include <boost/test/unit_test.hpp>
#include <openssl/ssl.h>

using namespace drawbridge::testing;

namespace {

// The limits on waiting, so that a run of seconds sees them pass.
constexpr const char* short_waits = "timeouts: { tls: 1s, head: 1s }\n";

// The beginning of a ClientHello (RFC 8446 §4.1.2) in a record of 512 bytes.
const std::string client_hello =
    std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + std::string(500, 'r');

// Throws if the daemon has ended the connection.
void expect_open(RawClient& client) {
  if (client.wire().readable(std::chrono::milliseconds(0)) && client.wire().read_some().empty()) {
    throw std::runtime_error("ended");
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(openings)

// Below the number from which connections are dropped: all of them are held until their time is up.
BOOST_AUTO_TEST_CASE(slow_tls) {
  endure({.attack =
              [](Attacker& attacker) {
                attacker.hold(
                    1900, [&] { return attacker.connect(); },
                    [](RawClient& client, std::size_t turn) {
                      client.send(client_hello.substr(turn % client_hello.size(), 1));
                    });
              },
          .unit = "openings",
          .most_mib = 256,
          .log = {{"refused", "tls_timeout"}},
          .settings = short_waits});
}

BOOST_AUTO_TEST_CASE(slow_head) {
  endure({.attack =
              [](Attacker& attacker) {
                const std::string head = Head().set("X-Slow", std::string(8192, 'x')).text();
                attacker.hold(
                    1900, [&] { return attacker.shake_hands(); },
                    [&](RawClient& client, std::size_t turn) { client.send(head.substr(turn, 1)); });
              },
          .unit = "openings",
          .most_mib = 128,
          .log = {{"refused", "head_timeout"}},
          .settings = short_waits});
}

// Silent ones, far beyond limits.pending.
BOOST_AUTO_TEST_CASE(half_open) {
  endure({.attack =
              [](Attacker& attacker) {
                attacker.hold(
                    6000, [&] { return attacker.connect(); },
                    [](RawClient& client, std::size_t) { expect_open(client); });
              },
          .unit = "openings",
          .most_mib = 32,  // who says nothing gets nothing of OpenSSL
          .log = {{"refused", "pending_full"}}});
}

BOOST_AUTO_TEST_CASE(connect_and_vanish) {
  endure({.attack =
              [](Attacker& attacker) {
                while (attacker.goes_on()) {
                  // At once, within the ClientHello, and after the handshake.
                  Attacker::attempt([&] { attacker.connect().wire().reset(); });
                  Attacker::attempt([&] {
                    RawClient client = attacker.connect();
                    client.send(client_hello);
                    client.wire().reset();
                  });
                  Attacker::attempt([&] { attacker.shake_hands().wire().reset(); });
                  attacker.counts(3);
                }
              },
          .unit = "openings",
          .most_mib = 32,
          .log = {{"refused", "client_gone"}}});
}

// Each connection is another client's: more of them than the table of clients has places.
BOOST_AUTO_TEST_CASE(many_clients) {
  endure({.attack =
              [](Attacker& attacker) {
                attacker.use_addresses(1 << 22);
                while (attacker.goes_on()) {
                  Attacker::attempt([&] { attacker.connect().wire().reset(); });
                  attacker.counts();
                }
              },
          .unit = "clients",
          .most_mib = 40,  // the table of clients takes 12; openings 1.5 KiB each, up to twice `limits.pending`
          .least = 50'000,
          .log = {{"refused", "client_gone"}}});
}

BOOST_AUTO_TEST_CASE(header_bombs) {
  Head many;
  for (int i = 0; i < 20'000; ++i) many.add_line("A:b");
  const std::array bombs{
      Head().set("X-Long", std::string(1 << 20, 'x')).text(),
      many.text(),
      Head("/" + std::string(1 << 20, 'p')).text(),
      Head().set("Cookie", std::string(15'000, ';')).set("Content-Length", "1").text(),
  };
  endure({.attack =
              [&](Attacker& attacker) {
                while (attacker.goes_on()) {
                  for (const std::string& bomb : bombs) {
                    Attacker::attempt([&] {
                      RawClient client = attacker.shake_hands();
                      client.send(bomb);
                      client.wire().read_to_end_or_reset();
                    });
                    attacker.counts();
                  }
                }
              },
          .unit = "heads",
          .most_mib = 32,
          .log = {{"refused", "head_too_large"}, {"refused", "target_too_long"}, {"refused", "bad_request"}}});
}

BOOST_AUTO_TEST_CASE(tls_downgrade) {
  const std::array offers{
      TlsOptions{.max_version = TLS1_1_VERSION},
      TlsOptions{.max_version = TLS1_VERSION},
      TlsOptions{.max_version = TLS1_2_VERSION, .ciphers = "AES128-SHA:AES256-SHA256"},  // no forward secrecy, CBC
      TlsOptions{.max_version = TLS1_2_VERSION, .ciphers = "ECDHE-ECDSA-AES128-SHA"},    // CBC
      TlsOptions{.max_version = TLS1_2_VERSION, .ciphers = "aNULL:eNULL"},               // nobody, nothing
  };
  endure({.attack =
              [&](Attacker& attacker) {
                while (attacker.goes_on()) {
                  for (const TlsOptions& offer : offers) {
                    const bool agreed = Attacker::attempt([&] { attacker.shake_hands(offer); });
                    if (agreed) throw std::logic_error("the daemon agreed to " + offer.ciphers);
                    attacker.counts();
                  }
                }
              },
          .unit = "offers",
          .most_mib = 32,
          .log = {{"refused", "tls_error"}}});
}

BOOST_AUTO_TEST_SUITE_END()
