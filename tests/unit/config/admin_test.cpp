#include "unit/config/memory_files.hpp"

#include <boost/test/unit_test.hpp>

using namespace drawbridge::config;

namespace {

constexpr std::string_view bridge =
    "listeners: [ { bind: 127.0.0.1:1 } ]\n"
    "routes: [ { name: n, path: /p, origins: [ '*' ], backend: 'tcp://b:1' } ]\n";

Loaded with_admin(std::string_view listeners) {
  return load_text(std::string(bridge) + "admin: [ " + std::string(listeners) + " ]\n");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(admin)

BOOST_AUTO_TEST_CASE(a_unix_socket_is_its_owners) {
  const Loaded loaded = with_admin("{ bind: 'unix:/run/a.sock' }, { bind: 'unix:/run/b.sock', mode: 0660 }");
  BOOST_TEST(told(loaded) == "");
  BOOST_REQUIRE(loaded.config.admin.size() == 2U);
  BOOST_TEST(loaded.config.admin[0].bind.mode == 0600U);
  BOOST_TEST(loaded.config.admin[1].bind.mode == 0660U);
  BOOST_TEST(load_text(std::string(bridge)).config.admin.empty());
}

BOOST_AUTO_TEST_CASE(an_address_needs_a_token_and_stays_on_the_machine) {
  const Loaded right = with_admin("{ bind: '127.0.0.1:9180', token: t, hosts: [ Admin.Example.org ] }");
  BOOST_TEST(told(right) == "");
  BOOST_TEST(right.config.admin.front().hosts.front() == "admin.example.org");
  BOOST_TEST(told(with_admin("{ bind: '0.0.0.0:9180', token: t, plaintext: true }")) == "");

  BOOST_TEST(told(with_admin("{ bind: '127.0.0.1:9180' }")) ==
             "3:18: `127.0.0.1:9180` needs `token`, a file that holds the bearer token of those who may ask\n");
  BOOST_TEST(told(with_admin("{ bind: '0.0.0.0:9180', token: t }")) ==
             "3:18: `0.0.0.0:9180` may be reachable from other machines, and would show the token to the network: bind "
             "it to 127.0.0.1, behind a proxy with TLS, or say `plaintext: true`\n");
  BOOST_TEST(told(with_admin("{ bind: 'systemd:admin', token: t }")).starts_with("3:18: `systemd:admin` may be"));
}

BOOST_AUTO_TEST_CASE(mistakes_are_named) {
  BOOST_TEST(told(with_admin("{}")).starts_with("3:10: missing key `bind`: where `drawbridge ctl` finds the daemon"));
  BOOST_TEST(told(with_admin("{ bind: 'unix:/a', hosts: [ x ] }")) ==
             "3:36: `hosts` is for addresses that browsers reach, not unix: sockets\n");
  BOOST_TEST(told(with_admin("{ bind: '127.0.0.1:2', token: t, hosts: [ 'http://x' ] }")) ==
             "3:52: an item of `hosts` must be a host as browsers send it, such as bridge.example.org:8443, not "
             "`http://x`\n");
  BOOST_TEST(told(with_admin("{ bind: '127.0.0.1:1', token: t }")) ==
             "3:18: `127.0.0.1:1` is already taken by `127.0.0.1:1` on line 1\n");
  BOOST_TEST(told(with_admin("{ bind: '127.0.0.1:2', token: t, mode: 0600 }")) ==
             "3:49: `mode` is only for the file of a unix: socket\n");
}

BOOST_AUTO_TEST_SUITE_END()
