#include "config/config.hpp"

#include <boost/test/unit_test.hpp>

using namespace drawbridge::config;

namespace {

Bind tcp(const std::string& host) {
  Bind bind;
  bind.host = host;
  bind.port = 8443;
  return bind;
}

Bind unix_socket(const std::string& path) {
  Bind bind;
  bind.kind = Bind::Kind::unix_socket;
  bind.path = path;
  return bind;
}

Bind systemd(const std::string& name) {
  Bind bind;
  bind.kind = Bind::Kind::systemd;
  bind.name = name;
  return bind;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(config)

BOOST_AUTO_TEST_CASE(only_127_8_and_colon_colon_1_are_loopback) {
  for (const char* host : {"127.0.0.1", "127.255.0.3", "::1"}) {
    BOOST_TEST(tcp(host).loopback(), host);
  }
  for (const char* host : {"*", "0.0.0.0", "::", "128.0.0.1", "12.7.0.1", "::127.0.0.1", "fe80::1"}) {
    BOOST_TEST(!tcp(host).loopback(), host);
  }
  BOOST_TEST(!unix_socket("/127.0.0.1").loopback());
}

BOOST_AUTO_TEST_CASE(binds_and_backends_are_written_as_in_the_file) {
  BOOST_TEST(tcp("*").text() == "*:8443");
  BOOST_TEST(tcp("::1").text() == "[::1]:8443");
  BOOST_TEST(unix_socket("/run/b.sock").text() == "unix:/run/b.sock");
  BOOST_TEST(systemd("bridge").text() == "systemd:bridge");
  BOOST_TEST((Backend{"db.internal", 5432}.text()) == "tcp://db.internal:5432");
  BOOST_TEST((Backend{"::1", 5432}.text()) == "tcp://[::1]:5432");
  BOOST_TEST((Backend{.kind = Backend::Kind::echo}.text()) == "echo:");
}

BOOST_AUTO_TEST_SUITE_END()
