#include "client/network.hpp"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace drawbridge::client;

BOOST_AUTO_TEST_SUITE(network)

BOOST_AUTO_TEST_CASE(is_read_and_written) {
  for (const char* text : {"10.0.0.0/8", "0.0.0.0/0", "192.0.2.1/32", "2001:db8::/32", "::/0", "::1/128"}) {
    const auto network = parse_network(text);
    BOOST_TEST_REQUIRE(network.has_value(), text);
    BOOST_TEST(network->text() == text);
  }
  BOOST_TEST(parse_network("192.0.2.1")->text() == "192.0.2.1/32");
  BOOST_TEST(parse_network("::1")->text() == "::1/128");
  BOOST_TEST(parse_network("::ffff:192.0.2.1")->text() == "192.0.2.1/32");
}

BOOST_AUTO_TEST_CASE(is_refused_when_it_could_mean_something_else) {
  for (const char* text : {"", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/08", "10.0.0.0/+8",
                           "10.0.0.0/8 ", "10.0/8", "010.0.0.0/8", "::/129", "2001:db8::1/32", "[::1]", "fe80::1%eth0",
                           "localhost", "::ffff:10.0.0.0/104", "10.0.0.0/-1", "10.0.0.0/8/8"}) {
    BOOST_TEST(!parse_network(text).has_value(), text);
  }
  BOOST_TEST(!parse_network(std::string_view("::1\0", 4)).has_value());
}

BOOST_AUTO_TEST_CASE(holds_its_own_family_only) {
  const auto in = [](const char* network, const char* address) {
    return parse_network(network)->contains(*parse_address(address));
  };
  BOOST_TEST(in("10.0.0.0/8", "10.255.255.255"));
  BOOST_TEST(!in("10.0.0.0/8", "11.0.0.0"));
  BOOST_TEST(in("10.0.0.0/8", "::ffff:10.1.2.3"));
  BOOST_TEST(in("192.0.2.128/25", "192.0.2.128"));
  BOOST_TEST(!in("192.0.2.128/25", "192.0.2.127"));
  BOOST_TEST(in("0.0.0.0/0", "255.255.255.255"));
  BOOST_TEST(!in("0.0.0.0/0", "::1"));
  BOOST_TEST(!in("::/0", "10.0.0.1"));
  BOOST_TEST(in("::/0", "2001:db8::1"));
  BOOST_TEST(in("2001:db8:8000::/33", "2001:db8:ffff::"));
  BOOST_TEST(!in("2001:db8:8000::/33", "2001:db8:7fff::"));
}

BOOST_AUTO_TEST_CASE(peers_without_an_address_are_on_unix_sockets) {
  const Peers tcp{{*parse_network("127.0.0.0/8")}, false};
  BOOST_TEST(tcp.contains(parse_address("127.0.0.1")));
  BOOST_TEST(!tcp.contains(parse_address("::1")));
  BOOST_TEST(!tcp.contains(std::nullopt));
  BOOST_TEST((Peers{{}, true}.contains(std::nullopt)));
}

BOOST_AUTO_TEST_SUITE_END()
