#include "support/backend.hpp"
#include "support/daemon.hpp"
#include "support/raw_client.hpp"

#include <chrono>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace drawbridge::testing;
using std::chrono::steady_clock;

BOOST_TEST_DONT_PRINT_LOG_VALUE(Close)

namespace {

// A backend whose queue is full until `open_up`: dialling it goes on meanwhile.
class SlowPort {
 public:
  SlowPort() : listening_(listen_tcp("127.0.0.1", 0)) {
    for (int i = 0; i < 4; ++i) waiting_.push_back(start_connecting());
  }
  ~SlowPort() {
    ::shutdown(listening_.descriptor, SHUT_RDWR);
    if (acceptor_.joinable()) acceptor_.join();
    let_go();
    ::close(listening_.descriptor);
  }
  SlowPort(const SlowPort&) = delete;
  SlowPort& operator=(const SlowPort&) = delete;

  std::uint16_t port() const { return listening_.port; }
  void open_up() {
    let_go();  // or they take the place of the one that dials, and its next attempt may be seconds away
    acceptor_ = std::thread([this] {
      std::vector<int> accepted;
      for (int one = 0; one >= 0;) {
        one = ::accept4(listening_.descriptor, nullptr, nullptr, SOCK_CLOEXEC);
        if (one >= 0) accepted.push_back(one);
      }
      for (const int descriptor : accepted) ::close(descriptor);
    });
  }

 private:
  void let_go() {
    for (const int descriptor : waiting_) ::close(descriptor);
    waiting_.clear();
  }
  int start_connecting() const {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(listening_.port);
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    ::connect(descriptor, reinterpret_cast<const sockaddr*>(&to), sizeof to);
    return descriptor;
  }

  Listening listening_;
  std::vector<int> waiting_;
  std::thread acceptor_;
};

std::string plain_listener(const std::string& bind) {
  return "  - { bind: \"" + bind + "\" }\n";
}

bool comes_to(Daemon& daemon, std::size_t descriptors) {
  const auto deadline = steady_clock::now() + patience;
  while (daemon.process().open_descriptors() != descriptors) {
    if (steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(reload)

BOOST_AUTO_TEST_CASE(a_route_removed_while_it_was_dialled_drains_too) {
  const Backend backend(echo());
  SlowPort slow;
  const std::string stay = route("stay", backend.port());
  const std::string go = route("go", slow.port(), ", timeouts: { connect: 30s }");
  Daemon daemon(configuration(plain_listener("127.0.0.1:0"), stay + go));
  const std::size_t idle = daemon.process().open_descriptors();
  RawClient client(connect_tcp(daemon.port()));
  client.send(Head("/go").text());
  BOOST_REQUIRE(comes_to(daemon, idle + 2));  // the client's, and the one that dials
  // A worker that hears of both at once may carry it first, and then drains it some time within the window.
  daemon.reload(configuration(plain_listener("127.0.0.1:0"), stay, "timeouts: { drain: 300ms }\n"));
  daemon.wait_for("reloaded");
  slow.open_up();
  BOOST_TEST(client.read_answer().status == 101U);
  BOOST_TEST((client.read_close() == Close{1012, "drain"}));
  client.finish();
  BOOST_TEST(daemon.session("drain")["route"] == "go");
}

BOOST_AUTO_TEST_CASE(listeners_on_free_ports_stay_each_what_it_is) {
  const Backend backend(echo());
  const std::string both = tls_listener("127.0.0.1:0") + plain_listener("127.0.0.1:0");
  Daemon daemon(configuration(both, route("desk", backend.port())));
  daemon.reload(configuration(both, route("desk", backend.port()), "log: { level: debug }\n"));
  daemon.wait_for("reloaded");
  BOOST_TEST(RawClient::open(daemon.port(0)).wire().tls_version() == "TLSv1.3");
  RawClient plain(connect_tcp(daemon.port(1)));
  BOOST_TEST(plain.request(Head()).status == 101U);
}

BOOST_AUTO_TEST_CASE(a_listener_takes_up_tls_and_keeps_who_came_before) {
  const Backend backend(echo());
  Daemon daemon(configuration(plain_listener("127.0.0.1:0"), route("desk", backend.port())));
  RawClient session(connect_tcp(daemon.port()));
  BOOST_TEST(session.request(Head()).status == 101U);
  RawClient opening(connect_tcp(daemon.port()));
  opening.send(Head().text().substr(0, 20));
  daemon.reload(configuration(tls_listener(), route("desk", backend.port())));
  daemon.wait_for("reloaded");
  RawClient::open(daemon.port()).finish();
  opening.send(Head().text().substr(20));
  BOOST_TEST(opening.read_answer().status == 101U);
  session.send_frame(Op::binary, "still here");
  BOOST_TEST(session.read_payload(10) == "still here");
}

BOOST_AUTO_TEST_CASE(a_unix_socket_gets_its_new_mode_goes_and_comes_back) {
  const Backend backend(echo());
  const TemporaryDirectory directory;
  const std::string path = directory.path("bridge.sock");
  const auto with = [&](const std::string& mode) {
    const std::string unix_listener =
        mode.empty() ? "" : "  - { bind: \"unix:" + path + "\", mode: \"" + mode + "\" }\n";
    return configuration(tls_listener() + unix_listener, route("desk", backend.port()));
  };
  struct stat file {};
  Daemon daemon(with("0600"));
  RawClient session(connect_unix(path));
  BOOST_TEST(session.request(Head()).status == 101U);

  daemon.reload(with("0666"));
  daemon.wait_for("reloaded");
  BOOST_REQUIRE(stat(path.c_str(), &file) == 0);
  BOOST_TEST((file.st_mode & 0777U) == 0666U);

  daemon.reload(with(""));
  daemon.wait_for("reloaded");
  BOOST_TEST(stat(path.c_str(), &file) != 0);

  daemon.reload(with("0600"));
  daemon.wait_for("reloaded");
  RawClient fresh(connect_unix(path));
  BOOST_TEST(fresh.request(Head()).status == 101U);
  session.send_frame(Op::binary, "still here");
  BOOST_TEST(session.read_payload(10) == "still here");
}

BOOST_AUTO_TEST_CASE(a_listener_that_cannot_be_had_leaves_nothing_of_the_others) {
  const Backend backend(echo());
  const TemporaryDirectory directory;
  const std::string path = directory.path("bridge.sock");
  Daemon daemon(simple(backend.port()));
  const std::size_t descriptors = daemon.process().open_descriptors();
  daemon.reload(configuration(
      tls_listener() + plain_listener("unix:" + path) + plain_listener("127.0.0.1:" + std::to_string(backend.port())),
      route("desk", backend.port())));
  const std::string message = daemon.wait_for("config_error")["message"];
  daemon.wait_for("reload_failed");
  BOOST_TEST(message.find("drawbridge.yaml:4:5: the listener 127.0.0.1:" + std::to_string(backend.port())) !=
                 std::string::npos,
             message);
  BOOST_TEST(::access(path.c_str(), F_OK) != 0);
  BOOST_TEST(daemon.process().open_descriptors() == descriptors);
}

BOOST_AUTO_TEST_CASE(another_number_of_workers_wants_a_restart) {
  const Backend backend(echo());
  Daemon daemon(simple(backend.port(), "", "workers: 1\n"));
  daemon.reload(simple(backend.port(), "", "workers: 2\n"));
  BOOST_TEST(daemon.wait_for("restart_needed")["key"] == "workers");
  daemon.wait_for("reloaded");
}

BOOST_AUTO_TEST_CASE(a_storm_of_reloads_loses_no_byte_and_no_descriptor) {
  const Backend backend(echo());
  Daemon daemon(simple(backend.port()));
  RawClient session = RawClient::open(daemon.port());
  const std::size_t descriptors = daemon.process().open_descriptors();
  const std::string bytes(20'000, 'x');
  for (int i = 0; i < 100; ++i) {
    daemon.process().signal(SIGHUP);
    session.send_frame(Op::binary, bytes);
    BOOST_REQUIRE((session.read_payload(bytes.size()) == bytes));
    if (i % 10 == 0) RawClient::open(daemon.port()).finish();
  }
  for (int i = 0; i < 10; ++i) daemon.session("client_closed");
  BOOST_TEST(comes_to(daemon, descriptors));
}

BOOST_AUTO_TEST_CASE(sighup_is_heard_although_the_parent_blocked_it) {
  sigset_t hangup;
  sigset_t before;
  sigemptyset(&hangup);
  sigaddset(&hangup, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &hangup, &before);
  const Backend backend(echo());
  Daemon daemon(simple(backend.port()));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  // Blocked, it would never be heard; clang's thread sanitizer now and then sits on a single one.
  for (int tries = 1;; ++tries) {
    daemon.process().signal(SIGHUP);
    try {
      daemon.wait_for("reloaded", {}, std::chrono::seconds(5));
      break;
    } catch (const Timeout& timeout) {
      BOOST_REQUIRE_MESSAGE(tries < 5, timeout.what());
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
