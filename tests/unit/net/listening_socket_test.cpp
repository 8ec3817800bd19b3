#include "net/listening_socket.hpp"

#include "net/client_address.hpp"
#include "support/temporary_directory.hpp"

#include <boost/test/unit_test.hpp>
#include <sys/socket.h>
#include <sys/stat.h>

using namespace drawbridge;
using config::Bind;

namespace {

Bind tcp(const std::string& host) {
  Bind bind;
  bind.host = host;
  return bind;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(listening_socket)

BOOST_AUTO_TEST_CASE(it_listens_on_what_it_was_told) {
  for (const auto& [host, expected] :
       {std::pair{"127.0.0.1", "127.0.0.1:"}, std::pair{"::1", "[::1]:"}, std::pair{"*", "[::]:"}}) {
    std::string why;
    const net::Descriptor socket = net::listen_on(tcp(host), {}, why);
    BOOST_TEST_CONTEXT(host << ": " << why) {
      BOOST_REQUIRE(static_cast<bool>(socket));
      BOOST_TEST(net::local_address_text(socket.get()).starts_with(expected));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_taken_port_is_said) {
  std::string why;
  const net::Descriptor first = net::listen_on(tcp("127.0.0.1"), {}, why);
  Bind same = tcp("127.0.0.1");
  const std::string address = net::local_address_text(first.get());
  same.port = static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  BOOST_TEST(!net::listen_on(same, {}, why));
  BOOST_TEST(why == "bind: Address already in use");
}

BOOST_AUTO_TEST_CASE(a_stale_unix_socket_is_replaced_and_a_live_one_is_not) {
  const testing::TemporaryDirectory directory;
  Bind bind;
  bind.kind = Bind::Kind::unix_socket;
  bind.path = directory.path("socket");
  bind.mode = 0620;
  std::string why;
  {
    const net::Descriptor first = net::listen_on(bind, {}, why);
    BOOST_REQUIRE_MESSAGE(static_cast<bool>(first), why);
    BOOST_TEST(!net::listen_on(bind, {}, why));
  }
  const net::Descriptor again = net::listen_on(bind, {}, why);
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(again), why);
  struct stat file {};
  BOOST_REQUIRE(::stat(bind.path.c_str(), &file) == 0);
  BOOST_TEST((file.st_mode & 0777) == 0620U);
}

BOOST_AUTO_TEST_CASE(an_inherited_socket_is_found_by_name) {
  std::string why;
  const net::Descriptor original = net::listen_on(tcp("127.0.0.1"), {}, why);
  Bind bind;
  bind.kind = Bind::Kind::systemd;
  bind.name = "web";
  const net::Descriptor found = net::listen_on(bind, {{"web", original.get()}}, why);
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(found), why);
  BOOST_TEST(found.get() != original.get());
  BOOST_TEST(net::local_address_text(found.get()) == net::local_address_text(original.get()));
  bind.name = "other";
  BOOST_TEST(!net::listen_on(bind, {{"web", original.get()}}, why));
  BOOST_TEST(why.find("FileDescriptorName") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_inherited_descriptor_that_does_not_listen_is_refused) {
  const net::Descriptor datagram(::socket(AF_INET, SOCK_DGRAM, 0));
  Bind bind;
  bind.kind = Bind::Kind::systemd;
  bind.name = "web";
  std::string why;
  BOOST_TEST(!net::listen_on(bind, {{"web", datagram.get()}}, why));
  BOOST_TEST(why.find("not a listening") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
