#include "net/resolver.hpp"

#include <future>

#include <boost/test/unit_test.hpp>

using namespace drawbridge;

namespace {

std::size_t look_up(net::Resolver& resolver, const std::string& host) {
  std::promise<std::size_t> found;
  resolver.look_up(host, [&](const net::Resolver::Addresses& addresses) { found.set_value(addresses.size()); });
  return found.get_future().get();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(resolver)

BOOST_AUTO_TEST_CASE(numeric_addresses_need_no_look_up) {
  net::Resolver resolver;
  BOOST_TEST(resolver.known("127.0.0.1").size() == 1U);
  BOOST_TEST(resolver.known("::1").size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_name_is_known_after_it_was_looked_up) {
  net::Resolver resolver;
  BOOST_TEST(resolver.known("localhost").empty());
  BOOST_TEST(look_up(resolver, "localhost") >= 1U);
  BOOST_TEST(!resolver.known("localhost").empty());
}

BOOST_AUTO_TEST_CASE(a_name_that_does_not_exist_answers_empty) {
  net::Resolver resolver;
  BOOST_TEST(look_up(resolver, "no-such-host.invalid") == 0U);
  BOOST_TEST(resolver.known("no-such-host.invalid").empty());
}

BOOST_AUTO_TEST_CASE(a_port_is_set_for_both_families) {
  net::Resolver resolver;
  for (const char* host : {"127.0.0.1", "::1"}) {
    net::SocketAddress address = resolver.known(host).at(0);
    address.set_port(0x1234);
    // sin_port and sin6_port stand at the same place, in network order.
    BOOST_TEST(ntohs(reinterpret_cast<const sockaddr_in*>(address.get())->sin_port) == 0x1234);
  }
}

BOOST_AUTO_TEST_SUITE_END()
