#include "config/bind.hpp"

#include <boost/test/unit_test.hpp>

using namespace drawbridge::config;

namespace {

Bind right(std::string_view text) {
  std::string why;
  const auto bind = parse_bind(text, "/etc/drawbridge", why);
  BOOST_REQUIRE_MESSAGE(bind, text << ": " << why);
  return *bind;
}

std::string wrong(std::string_view text) {
  std::string why;
  BOOST_TEST(!parse_bind(text, "/etc/drawbridge", why), "taken: " << text);
  return why;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bind)

BOOST_AUTO_TEST_CASE(addresses_with_ports) {
  BOOST_TEST(right("0.0.0.0:8443").host == "0.0.0.0");
  BOOST_TEST(right("0.0.0.0:8443").port == 8443);
  BOOST_TEST(right("127.0.0.1:0").port == 0);
  BOOST_TEST(right("*:65535").host == "*");
  BOOST_TEST(right("*:65535").port == 65535);
  BOOST_TEST(right("[::1]:8443").host == "::1");
  BOOST_TEST(right("[2001:DB8:0:0::1]:1").host == "2001:db8::1");
}

BOOST_AUTO_TEST_CASE(socket_files_and_inherited_sockets) {
  BOOST_TEST((right("unix:/run/b.sock").kind == Bind::Kind::unix_socket));
  BOOST_TEST(right("unix:/run/b.sock").path == "/run/b.sock");
  BOOST_TEST(right("unix:b.sock").path == "/etc/drawbridge/b.sock");
  BOOST_TEST(right("unix:/run/b.sock").mode == 0660U);
  BOOST_TEST((right("systemd:bridge.tls").kind == Bind::Kind::systemd));
  BOOST_TEST(right("systemd:bridge.tls").name == "bridge.tls");
}

BOOST_AUTO_TEST_CASE(what_is_wrong_says_what_to_write) {
  const std::string form = "must be address:port, [v6]:port, *:port, unix:/path or systemd:NAME, not ";
  BOOST_TEST(wrong("8443") == form + "`8443`");
  BOOST_TEST(wrong("") == form + "``");
  BOOST_TEST(wrong("[::1]") == form + "`[::1]`");
  BOOST_TEST(wrong("0.0.0.0") == form + "`0.0.0.0`");
  BOOST_TEST(wrong("localhost:8443") == "needs an address, not the name `localhost`; write 127.0.0.1 or [::1]");
  BOOST_TEST(wrong("bridge.example.org:8443") ==
             "needs an address, not `bridge.example.org`; write the one of an interface, or * for all");
  BOOST_TEST(wrong(":8443") == "needs an address, not ``; write the one of an interface, or * for all");
  BOOST_TEST(wrong("127.1:8443") == "needs an address, not `127.1`; write the one of an interface, or * for all");
  BOOST_TEST(wrong("[0.0.0.0]:1") == "needs an address, not `0.0.0.0`; write the one of an interface, or * for all");
  BOOST_TEST(wrong("[fe80::1%eth0]:1") ==
             "needs an address, not `fe80::1%eth0`; write the one of an interface, or * for all");
  BOOST_TEST(wrong("::1") == "needs brackets around an IPv6 address: [::1]:8443");
  BOOST_TEST(wrong("::1:8443") == "needs brackets around an IPv6 address: [::1]:8443");
  BOOST_TEST(wrong("[::ffff:127.0.0.1]:1") == "has an IPv4 address in IPv6 clothes; write 127.0.0.1");
  for (const char* port : {"65536", "-1", "+1", "https", "", "0x50", "80 ", "99999999999"}) {
    BOOST_TEST(wrong("0.0.0.0:" + std::string(port)) ==
               "needs a port from 0 to 65535, not `" + std::string(port) + "`");
  }
  BOOST_TEST(wrong("unix:").starts_with("needs the path of a socket file"));
  BOOST_TEST(wrong("unix:/run/").starts_with("needs the path of a socket file"));
  BOOST_TEST(wrong("systemd:") == "needs the FileDescriptorName of a socket unit after systemd:, not ``");
  BOOST_TEST(wrong("systemd:a:b") == "needs the FileDescriptorName of a socket unit after systemd:, not `a:b`");
}

BOOST_AUTO_TEST_CASE(a_socket_path_fits_into_the_kernels_structure) {
  const std::string longest = "/" + std::string(106, 'x');
  BOOST_TEST(right("unix:" + longest).path == longest);
  BOOST_TEST(wrong("unix:" + longest + "x") ==
             "has a socket path of 108 bytes; the kernel takes 107: " + longest + "x");
}

BOOST_AUTO_TEST_CASE(sockets_that_take_the_same_port_collide) {
  const auto together = [](std::string_view a, std::string_view b) {
    const bool collision = collide(right(a), right(b));
    BOOST_TEST(collision == collide(right(b), right(a)), a << " and " << b);
    return !collision;
  };
  BOOST_TEST(!together("*:8443", "*:8443"));
  BOOST_TEST(!together("*:8443", "0.0.0.0:8443"));
  BOOST_TEST(!together("*:8443", "[::]:8443"));
  BOOST_TEST(!together("*:8443", "127.0.0.1:8443"));
  BOOST_TEST(!together("0.0.0.0:8443", "127.0.0.1:8443"));
  BOOST_TEST(!together("[::]:8443", "[::1]:8443"));
  BOOST_TEST(!together("[::1]:8443", "[0:0::1]:8443"));
  BOOST_TEST(!together("unix:/run/a", "unix:/run/./a"));
  BOOST_TEST(!together("systemd:a", "systemd:a"));

  BOOST_TEST(together("0.0.0.0:8443", "[::]:8443"));
  BOOST_TEST(together("127.0.0.1:8443", "127.0.0.2:8443"));
  BOOST_TEST(together("[::]:8443", "127.0.0.1:8443"));
  BOOST_TEST(together("*:8443", "*:8444"));
  BOOST_TEST(together("*:0", "*:0"));
  BOOST_TEST(together("unix:/run/a", "unix:/run/b"));
  BOOST_TEST(together("systemd:a", "systemd:b"));
  BOOST_TEST(together("unix:/a", "systemd:a"));
}

BOOST_AUTO_TEST_SUITE_END()
