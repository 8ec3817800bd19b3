#include "support/backend.hpp"
#include "support/daemon.hpp"
#include "support/raw_client.hpp"

#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace drawbridge::testing;

namespace {

std::string tls_listener_with(const std::string& more) {
  return "  - { bind: \"127.0.0.1:0\", tls: { certificates: [ { chain: server.crt, key: server.key } ] }, " + more +
         " }\n";
}
std::string plain_listener_with(const std::string& more) {
  return "  - { bind: \"127.0.0.1:0\", " + more + " }\n";
}

// Debian's HAProxy on free ports in front of a port of the bridge.
class Haproxy {
 public:
  // `server`: what it says of the server, such as send-proxy.
  Haproxy(std::uint16_t bridge, const std::string& mode, const std::string& server, const std::string& more = "") {
    const Listening free = listen_tcp();
    port_ = free.port;
    close(free.descriptor);
    directory_.write("haproxy.cfg", "global\n  maxconn 200\ndefaults\n  mode " + mode +
                                        "\n  timeout connect 5s\n  timeout client 60s\n  timeout server 60s\n" +
                                        "listen front\n  bind 127.0.0.1:" + std::to_string(port_) + "\n" + more +
                                        "  server bridge 127.0.0.1:" + std::to_string(bridge) + " " + server + "\n");
    process_.emplace(std::vector<std::string>{"/usr/sbin/haproxy", "-db", "-f", directory_.path("haproxy.cfg")},
                     ProcessOptions{});
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!listens() && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  }

  std::uint16_t port() const { return port_; }

 private:
  bool listens() const {
    try {
      connect_tcp(port_, "127.0.0.1", "127.0.0.99");
      return true;
    } catch (const std::exception&) {
      return false;
    }
  }

  TemporaryDirectory directory_;
  std::uint16_t port_ = 0;
  std::optional<Process> process_;
};

const std::string v2_signature("\r\n\r\n\0\r\nQUIT\n", 12);

// Version 2 of a PROXY header for a connection from this IPv4 address.
std::string proxy_v2(const std::string& four_bytes) {
  return v2_signature + std::string("\x21\x11\x00\x0c", 4) + four_bytes + std::string("\x7f\0\0\1\x30\x39\x01\xbb", 8);
}
const std::string proxy_v2_local = v2_signature + std::string("\x20\x00\x00\x00", 4);

}  // namespace

BOOST_AUTO_TEST_SUITE(naming)

BOOST_AUTO_TEST_CASE(haproxy_says_who_comes_in_both_versions_of_the_proxy_header) {
  const Backend backend(echo());
  Daemon daemon(configuration(tls_listener_with("proxy_protocol: [ 127.0.0.1 ]"), route("desk", backend.port())));
  for (const char* version : {"send-proxy", "send-proxy-v2", "send-proxy-v2-ssl"}) {
    const Haproxy haproxy(daemon.port(), "tcp", version);
    RawClient client(Address{.port = haproxy.port(), .source = "127.0.0.5"}, {});
    BOOST_TEST(client.request(Head()).status == 101U, version);
    client.send_frame(Op::binary, "across");
    BOOST_TEST(client.read_payload(6) == "across");
    client.finish();
    const Record session = daemon.session("client_closed");
    BOOST_TEST(session["client"] == "127.0.0.5");
    BOOST_TEST(session["via"] == "127.0.0.1");
  }
}

BOOST_AUTO_TEST_CASE(only_named_peers_may_come_and_only_with_a_header) {
  const Backend backend(echo());
  Daemon daemon(configuration(
      tls_listener_with("proxy_protocol: [ 127.0.0.1 ]") + plain_listener_with("proxy_protocol: [ 127.0.0.0/8 ]"),
      route("desk", backend.port())));
  Wire stranger = connect_tcp(daemon.port(), "127.0.0.1", "127.0.0.9");
  stranger.write(proxy_v2(std::string("\x0a\0\0\1", 4)));
  BOOST_TEST(stranger.read_to_end_or_reset().empty());
  const Record denied = daemon.refused("client_denied");
  BOOST_TEST(denied["client"] == "127.0.0.9");
  BOOST_TEST(denied["status"] == "0");

  Wire without = connect_tcp(daemon.port());
  BOOST_CHECK_THROW(without.start_tls({}), std::exception);
  BOOST_TEST(daemon.refused("bad_request")["detail"] == "no PROXY header");

  RawClient head_first(connect_tcp(daemon.port(1)));
  head_first.send(Head().text());
  BOOST_TEST(head_first.wire().read_to_end_or_reset().empty());
  daemon.refused("bad_request");
}

BOOST_AUTO_TEST_CASE(a_header_may_come_byte_by_byte_and_tls_right_behind_it) {
  const Backend backend(echo());
  Daemon daemon(configuration(tls_listener_with("proxy_protocol: [ 127.0.0.1 ]"), route("desk", backend.port())));
  Wire slow = connect_tcp(daemon.port());
  for (const char byte : proxy_v2(std::string("\xc0\0\2\7", 4))) {
    slow.write(std::string(1, byte));
    // Nobody waits for it.
    if (byte == 'Q') {
      Wire fast = connect_tcp(daemon.port());
      fast.write("PROXY TCP4 192.0.2.8 192.0.2.1 1 443\r\n");
      fast.start_tls({});
      RawClient client(std::move(fast));
      BOOST_TEST(client.request(Head()).status == 101U);
      client.finish();
      BOOST_TEST(daemon.session("client_closed")["client"] == "192.0.2.8");
    }
  }
  slow.start_tls({});
  RawClient client(std::move(slow));
  BOOST_TEST(client.request(Head()).status == 101U);
  client.finish();
  BOOST_TEST(daemon.session("client_closed")["client"] == "192.0.2.7");
}

BOOST_AUTO_TEST_CASE(a_header_may_come_with_what_follows_it) {
  const Backend backend(echo());
  Daemon daemon(configuration(tls_listener_with("proxy_protocol: [ 127.0.0.1 ]"), route("desk", backend.port())));
  // Held together by the kernel, so that both come in one piece.
  for (int i = 0; i < 20; ++i) {
    Wire wire = connect_tcp(daemon.port());
    const int hold = 1;
    setsockopt(wire.descriptor(), IPPROTO_TCP, TCP_CORK, &hold, sizeof(hold));
    wire.write("PROXY TCP4 192.0.2.8 192.0.2.1 1 443\r\n");
    wire.start_tls({});
    RawClient client(std::move(wire));
    BOOST_TEST(client.request(Head()).status == 101U);
  }
}

BOOST_AUTO_TEST_CASE(a_header_that_stops_is_given_up_and_costs_nothing_meanwhile) {
  const Backend backend(echo());
  Daemon daemon(configuration(tls_listener_with("proxy_protocol: [ 127.0.0.1 ]"), route("desk", backend.port()),
                              "timeouts: { tls: 700ms }\n"));
  const double before = daemon.process().cpu_seconds();
  std::vector<Wire> stuck;
  for (int i = 0; i < 20; ++i) {
    stuck.push_back(connect_tcp(daemon.port()));
    stuck.back().write("PROXY TCP4 192.0.2");
  }
  for (Wire& wire : stuck) BOOST_TEST(wire.read_to_end_or_reset().empty());
  BOOST_TEST(daemon.refused("tls_timeout")["detail"] == "no PROXY header");
  // Turning over them all that time, a thread would have used most of it.
  BOOST_TEST(daemon.process().cpu_seconds() - before < 0.35);
}

BOOST_AUTO_TEST_CASE(a_proxy_that_speaks_for_itself_is_the_client) {
  const Backend backend(echo());
  Daemon daemon(configuration(plain_listener_with("proxy_protocol: [ 127.0.0.1 ]"), route("desk", backend.port())));
  for (const std::string& header : {proxy_v2_local, std::string("PROXY UNKNOWN\r\n")}) {
    RawClient client(connect_tcp(daemon.port()));
    client.send(header + Head().text());
    BOOST_TEST(client.read_answer().status == 101U);
    client.finish();
    const Record session = daemon.session("client_closed");
    BOOST_TEST(session["client"] == "127.0.0.1");
    BOOST_TEST(session["via"].empty());
  }
}

BOOST_AUTO_TEST_CASE(limits_and_lists_hold_for_whom_the_header_names) {
  const Backend backend(echo());
  Daemon daemon(
      configuration(plain_listener_with("proxy_protocol: [ 127.0.0.1 ], deny: [ 192.0.2.66 ]"),
                    route("desk", backend.port(), ", allow: [ 192.0.2.0/24, 198.51.100.0/24 ], deny: [ 192.0.2.13 ]"),
                    "limits: { sessions_per_client: 1 }\n"));
  const auto come = [&](const std::string& address) {
    RawClient client(connect_tcp(daemon.port()));
    client.send("PROXY TCP4 " + address + " 127.0.0.1 1 443\r\n" + Head().text());
    return client;
  };
  RawClient first = come("192.0.2.1");
  BOOST_TEST(first.read_answer().status == 101U);
  RawClient second = come("192.0.2.1");
  BOOST_TEST(second.read_answer().reason() == "client_sessions");
  RawClient other = come("198.51.100.1");
  BOOST_TEST(other.read_answer().status == 101U);

  // By the listener: before anything is spent on it.
  RawClient denied = come("192.0.2.66");
  BOOST_TEST(denied.wire().read_to_end_or_reset().empty());
  BOOST_TEST(daemon.refused("client_denied")["client"] == "192.0.2.66");
  // By the route.
  for (const auto& [address, key] : {std::pair{"192.0.2.13", "deny"}, std::pair{"203.0.113.1", "allow"}}) {
    RawClient client = come(address);
    const Answer answer = client.read_answer();
    BOOST_TEST(answer.status == 403U);
    BOOST_TEST(answer.reason() == "client_denied");
    const Record refused = daemon.refused("client_denied");
    BOOST_TEST(refused["client"] == address);
    BOOST_TEST(refused["rule"].starts_with(key), refused.line);
  }
}

BOOST_AUTO_TEST_CASE(a_denied_peer_is_dropped_at_accept) {
  const Backend backend(echo());
  Daemon daemon(configuration(tls_listener_with("deny: [ 127.0.0.9 ]"), route("desk", backend.port())));
  Wire denied = connect_tcp(daemon.port(), "127.0.0.1", "127.0.0.9");
  BOOST_TEST(denied.read_to_end_or_reset().empty());
  daemon.refused("client_denied");
  BOOST_TEST(RawClient(Address{.port = daemon.port(), .source = "127.0.0.8"}, {}).request(Head()).status == 101U);
}

BOOST_AUTO_TEST_CASE(haproxy_says_who_comes_in_x_forwarded_for_whatever_the_client_claims) {
  const Backend backend(echo());
  Daemon daemon(
      configuration(plain_listener_with("trusted_proxies: { from: [ 127.0.0.1 ] }"), route("desk", backend.port())));
  const Haproxy haproxy(daemon.port(), "http", "", "  option forwardfor\n");
  for (const char* claim :
       {"", "10.9.9.9", "10.9.9.9, 127.0.0.1", "rubbish", "127.0.0.1,,,", "\"", "[::1", "unknown"}) {
    RawClient client(connect_tcp(haproxy.port(), "127.0.0.1", "127.0.0.5"));
    Head head;
    if (*claim != 0) head.set("X-Forwarded-For", claim);
    head.set("Forwarded", "for=10.8.8.8");  // not the header that this proxy sets
    BOOST_TEST(client.request(head).status == 101U, claim);
    client.finish();
    const Record session = daemon.session("client_closed");
    BOOST_TEST(session["client"] == "127.0.0.5", claim << ": " << session.line);
    BOOST_TEST(session["via"] == "127.0.0.1");
  }
}

BOOST_AUTO_TEST_CASE(forwarded_is_taken_from_trusted_peers_only) {
  const Backend backend(echo());
  Daemon daemon(
      configuration(plain_listener_with("trusted_proxies: { from: [ 127.0.0.1, 192.0.2.0/24 ], header: forwarded }"),
                    route("desk", backend.port(), ", allow: [ 127.0.0.0/8, 198.51.100.0/24 ]"),
                    "limits: { sessions_per_client: 1 }\n"));
  const auto come = [&](const std::string& source, const std::string& forwarded) {
    RawClient client(connect_tcp(daemon.port(), "127.0.0.1", source));
    Head head;
    client.send(head.set("Forwarded", forwarded).text());
    return client;
  };
  // Through a second proxy, which is trusted too.
  RawClient named = come("127.0.0.1", "for=10.0.0.1, for=198.51.100.7, for=192.0.2.4");
  BOOST_TEST(named.read_answer().status == 101U);
  RawClient again = come("127.0.0.1", "for=198.51.100.7");
  BOOST_TEST(again.read_answer().reason() == "client_sessions");

  RawClient spoofed = come("127.0.0.6", "for=198.51.100.8");
  BOOST_TEST(spoofed.read_answer().status == 101U);
  spoofed.finish();
  const Record session = daemon.session("client_closed");
  BOOST_TEST(session["client"] == "127.0.0.6");
  BOOST_TEST(session["via"].empty());

  RawClient denied = come("127.0.0.1", "for=203.0.113.9");
  BOOST_TEST(denied.read_answer().reason() == "client_denied");
  RawClient malformed = come("127.0.0.1", "for=300.1.1.1");
  BOOST_TEST(malformed.read_answer().reason() == "bad_request");
  BOOST_TEST(daemon.refused("bad_request")["detail"] == "malformed Forwarded");
}

BOOST_AUTO_TEST_CASE(also_a_malformed_request_is_its_clients) {
  const Backend backend(echo());
  Daemon daemon(
      configuration(plain_listener_with("trusted_proxies: { from: [ 127.0.0.1 ] }"), route("desk", backend.port())));
  RawClient client(connect_tcp(daemon.port()));
  BOOST_TEST(client.request(Head().set("X-Forwarded-For", "192.0.2.7").without("Sec-WebSocket-Key")).status == 400U);
  const Record refused = daemon.refused("bad_request");
  BOOST_TEST(refused["client"] == "192.0.2.7");
  BOOST_TEST(refused["via"] == "127.0.0.1");
}

BOOST_AUTO_TEST_SUITE_END()
