#include "net/client_address.hpp"

#include <arpa/inet.h>
#include <boost/test/unit_test.hpp>
#include <netinet/in.h>

using namespace drawbridge;
using config::LogClient;

namespace {

sockaddr_storage v4(const char* text) {
  sockaddr_storage storage{};
  auto& address = reinterpret_cast<sockaddr_in&>(storage);
  address.sin_family = AF_INET;
  ::inet_pton(AF_INET, text, &address.sin_addr);
  return storage;
}

sockaddr_storage v6(const char* text) {
  sockaddr_storage storage{};
  auto& address = reinterpret_cast<sockaddr_in6&>(storage);
  address.sin6_family = AF_INET6;
  ::inet_pton(AF_INET6, text, &address.sin6_addr);
  return storage;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(client_address)

BOOST_AUTO_TEST_CASE(an_ipv4_mapped_peer_is_the_ipv4_client) {
  const auto plain = net::client_address(v4("192.0.2.7"));
  const auto mapped = net::client_address(v6("::ffff:192.0.2.7"));
  BOOST_TEST((plain == mapped));
  BOOST_TEST(net::client_text(mapped, LogClient::full) == "192.0.2.7");
}

BOOST_AUTO_TEST_CASE(the_log_shows_as_much_as_it_may) {
  const auto four = net::client_address(v4("192.0.2.7"));
  const auto six = net::client_address(v6("2001:db8:1:2:3:4:5:6"));
  BOOST_TEST(net::client_text(four, LogClient::prefix) == "192.0.2.0/24");
  BOOST_TEST(net::client_text(six, LogClient::full) == "2001:db8:1:2:3:4:5:6");
  BOOST_TEST(net::client_text(six, LogClient::prefix) == "2001:db8:1::/48");
  BOOST_TEST(net::client_text(four, LogClient::none) == "-");
  BOOST_TEST(net::client_text(std::nullopt, LogClient::full) == "unix");
}

BOOST_AUTO_TEST_CASE(a_unix_peer_has_no_address) {
  sockaddr_storage peer{};
  peer.ss_family = AF_UNIX;
  BOOST_TEST(!net::client_address(peer).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
