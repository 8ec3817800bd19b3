#include "net/tls_end.hpp"

#include "tls_pair.hpp"

#include <array>

using namespace drawbridge;
using net::IoStatus;

namespace {

// A server end and a client over a socket pair, their handshake done.
struct Connection : test::TlsPair {
  Connection() : TlsPair({"a.test"}) {
    BOOST_REQUIRE((shake() == IoStatus::ok));
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

BOOST_AUTO_TEST_CASE(one_read_takes_a_bounded_number_of_records_and_the_next_one_the_others) {
  Connection c;
  constexpr std::size_t sent = 100;
  for (std::size_t i = 0; i < sent; ++i) BOOST_REQUIRE(SSL_write(c.client.get(), "x", 1) == 1);
  std::array<std::uint8_t, 2 * sent> buffer;
  std::size_t received = 0;
  while (received < sent) {
    const net::IoResult result = c.server->read(buffer);
    BOOST_REQUIRE((result.status == IoStatus::ok));
    BOOST_TEST(result.bytes <= 32U);
    received += result.bytes;
  }
  BOOST_TEST((c.server->read(buffer).status == IoStatus::again_read));
}

BOOST_AUTO_TEST_CASE(a_read_says_when_it_took_all_there_was) {
  Connection c;
  const auto send = [&](std::size_t size) {
    const std::string text(size, 'x');
    BOOST_REQUIRE(SSL_write(c.client.get(), text.data(), static_cast<int>(size)) == static_cast<int>(size));
  };
  std::array<std::uint8_t, 100> buffer;
  send(10);
  net::IoResult result = c.server->read(buffer);
  BOOST_TEST(result.bytes == 10U);
  BOOST_TEST(result.drained);
  // The rest of a record waits in TLS, where no change of the socket would tell of it.
  send(150);
  result = c.server->read(buffer);
  BOOST_TEST(result.bytes == 100U);
  BOOST_TEST(!result.drained);
  result = c.server->read(buffer);
  BOOST_TEST(result.bytes == 50U);
  BOOST_TEST(result.drained);
}

BOOST_AUTO_TEST_CASE(what_came_behind_records_that_wait_in_tls_is_not_forgotten) {
  Connection c;
  const auto send = [&](int records) {
    for (int i = 0; i < records; ++i) BOOST_REQUIRE(SSL_write(c.client.get(), "x", 1) == 1);
  };
  std::array<std::uint8_t, 100> buffer;
  send(33);  // one more than a read returns
  BOOST_TEST(c.server->read(buffer).bytes == 32U);
  send(10);
  net::IoResult result = c.server->read(buffer);
  std::size_t received = 32 + result.bytes;
  while (!result.drained && result.status == IoStatus::ok) received += (result = c.server->read(buffer)).bytes;
  BOOST_TEST(received == 43U);
}

BOOST_AUTO_TEST_CASE(records_without_payload_do_not_go_on_for_ever) {
  Connection c;
  const auto update_keys = [&](int times) {
    for (int i = 0; i < times; ++i) {
      BOOST_REQUIRE(SSL_key_update(c.client.get(), SSL_KEY_UPDATE_REQUESTED) == 1);
      BOOST_REQUIRE(SSL_do_handshake(c.client.get()) == 1);
    }
  };
  std::array<std::uint8_t, 100> buffer;
  // New keys now and then are no flood, however long the connection lives.
  for (int i = 0; i < 100; ++i) {
    update_keys(10);
    BOOST_REQUIRE((c.server->read(buffer).status == IoStatus::again_read));
    BOOST_REQUIRE(c.read_all() == SSL_ERROR_WANT_READ);
  }
  update_keys(100);
  BOOST_TEST((c.server->read(buffer).status == IoStatus::broken));
}

BOOST_AUTO_TEST_SUITE_END()
