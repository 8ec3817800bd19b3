#include "net/listening_socket.hpp"

#include "net/client_address.hpp"
#include "support/temporary_directory.hpp"

#include <cerrno>
#include <cstddef>
#include <iterator>

#include <boost/test/unit_test.hpp>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace drawbridge;
using config::Bind;

namespace {

Bind tcp(const std::string& host) {
  Bind bind;
  bind.host = host;
  return bind;
}

// As systemd's RestrictAddressFamilies= does it: socket(AF_INET6, …) says EAFNOSUPPORT.
bool forbid_ipv6() {
  sock_filter rules[] = {
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},   {BPF_JMP | BPF_JEQ | BPF_K, 0, 3, SYS_socket},
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, args)}, {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, AF_INET6},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | EAFNOSUPPORT},      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
  };
  const sock_fprog program{std::size(rules), rules};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
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

BOOST_AUTO_TEST_CASE(what_is_accepted_sends_at_once_and_keeps_urgent_bytes_in_the_stream) {
  std::string why;
  const net::Descriptor listening = net::listen_on(tcp("127.0.0.1"), {}, why);
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(listening), why);
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  BOOST_REQUIRE(::getsockname(listening.get(), any, &size) == 0);
  const net::Descriptor client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  BOOST_REQUIRE(::connect(client.get(), any, size) == 0);
  const net::Descriptor accepted(::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC));
  for (const auto& [level, option] :
       {std::pair<int, int>{IPPROTO_TCP, TCP_NODELAY}, std::pair<int, int>{SOL_SOCKET, SO_OOBINLINE}}) {
    int value = 0;
    size = sizeof(value);
    BOOST_TEST(::getsockopt(accepted.get(), level, option, &value, &size) == 0);
    BOOST_TEST(value == 1, option);
  }
}

BOOST_AUTO_TEST_CASE(a_taken_port_is_said) {
  std::string why;
  const net::Descriptor first = net::listen_on(tcp("127.0.0.1"), {}, why);
  Bind same = tcp("127.0.0.1");
  const std::string address = net::local_address_text(first.get());
  same.port = static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  BOOST_TEST(!net::listen_on(same, {}, why));
  BOOST_TEST(why.starts_with("bind: Address already in use"), why);
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

BOOST_AUTO_TEST_CASE(a_unix_socket_with_a_full_queue_is_live_and_nobody_waits_for_it) {
  const testing::TemporaryDirectory directory;
  Bind bind;
  bind.kind = Bind::Kind::unix_socket;
  bind.path = directory.path("socket");
  std::string why;
  const net::Descriptor live = net::listen_on(bind, {}, why);
  BOOST_REQUIRE_MESSAGE(static_cast<bool>(live), why);
  BOOST_REQUIRE(::listen(live.get(), 0) == 0);  // the queue holds one more than that
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  bind.path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const net::Descriptor queued(::socket(AF_UNIX, SOCK_STREAM, 0));
  BOOST_REQUIRE(::connect(queued.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  BOOST_TEST(!net::listen_on(bind, {}, why));
  BOOST_TEST(why.starts_with("bind: Address already in use"), why);
}

BOOST_AUTO_TEST_CASE(without_ipv6_a_star_listens_on_ipv4) {
  // The child may not have IPv6 sockets: 0 if it listened all the same.
  const pid_t child = ::fork();
  if (child == 0) {
    std::string why;
    ::_exit(forbid_ipv6() && net::listen_on(tcp("*"), {}, why) && why.empty() ? 0 : 1);
  }
  int status = -1;
  BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
  BOOST_TEST(status == 0);
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
