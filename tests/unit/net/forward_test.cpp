#include "net/forward.hpp"

#include "net/parked.hpp"
#include "net/socket_wait.hpp"
#include "net/tls_end.hpp"
#include "support/backend.hpp"
#include "support/certificate.hpp"
#include "support/temporary_directory.hpp"

#include <cerrno>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

using namespace drawbridge;
using namespace std::chrono_literals;
using net::ForwardAnswer;
using net::ForwardGate;
using net::ForwardQuestion;

namespace {

// What a service does with a connection.
struct Script {
  std::vector<std::string> pieces;  // of its answer, each a write of its own
  bool reads = true;                // the request's head, before it answers
  bool stays = false;               // does not close before the other side does
};

class Alarm : public net::Deadlines::Waiter {
 public:
  explicit Alarm(std::function<void()> what) : what_(std::move(what)) {}

 private:
  void on_deadline(Instant /*now*/) override { what_(); }
  std::function<void()> what_;
};

// A service on the loop of who asks it.
struct Service {
  Service(net::Loop& its_loop, net::Descriptor socket, Script its_script)
      : loop(its_loop), listening(std::move(socket)), script(std::move(its_script)) {
    BOOST_REQUIRE(::listen(listening.get(), 16) == 0);
    tasks.start(accept_all(*this));
  }

  static net::Task<> accept_all(Service& service);
  static net::Task<> serve(Service& service, net::Descriptor socket);

  std::uint16_t port() const {
    sockaddr_in address{};
    socklen_t size = sizeof(address);
    BOOST_REQUIRE(::getsockname(listening.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    return ntohs(address.sin_port);
  }

  net::Loop& loop;
  net::Descriptor listening;
  Script script;
  std::shared_ptr<const net::TlsContext> tls;
  unsigned accepted = 0;
  std::string heard;        // from the last one
  std::size_t written = 0;  // to all of them
  net::Tasks tasks;         // after what they refer to
};

net::Task<bool> ready_again(net::End& end, net::SocketWait& wait, net::IoStatus status) {
  if (end.lacked_memory()) wait.look_again();
  if (status == net::IoStatus::again_read) co_return co_await wait.readable();
  if (status == net::IoStatus::again_write) co_return co_await wait.writable();
  co_return false;
}

net::Task<bool> read_until(net::End& end, net::SocketWait& wait, std::string& heard, const char* mark) {
  std::array<std::uint8_t, 512> buffer;
  while (heard.find(mark) == std::string::npos) {
    const net::IoResult result = end.read(buffer);
    if (result.status == net::IoStatus::ok) {
      heard.append(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(result.bytes));
      continue;
    }
    const bool again = co_await ready_again(end, wait, result.status);
    if (!again) co_return false;
  }
  co_return true;
}

net::Task<bool> write_all(Service& service, net::End& end, net::SocketWait& wait, const std::string& text) {
  auto bytes = std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  while (!bytes.empty()) {
    const net::IoResult result = end.write(bytes);
    if (result.status == net::IoStatus::ok) {
      bytes = bytes.subspan(result.bytes);
      service.written += result.bytes;
      continue;
    }
    const bool again = co_await ready_again(end, wait, result.status);
    if (!again) co_return false;
  }
  co_return true;
}

net::Task<> Service::serve(Service& service, net::Descriptor socket) {
  const int fd = socket.get();
  std::unique_ptr<net::End> end;
  net::TlsEnd* tls = nullptr;
  if (service.tls) {
    auto made = std::make_unique<net::TlsEnd>(std::move(socket), service.tls);
    tls = made.get();
    end = std::move(made);
  } else {
    end = std::make_unique<net::PlainEnd>(std::move(socket));
  }
  net::SocketWait wait(service.loop, fd, never);
  while (tls != nullptr) {
    const net::IoStatus status = tls->handshake();
    if (status == net::IoStatus::ok) break;
    const bool again = co_await ready_again(*end, wait, status);
    if (!again) co_return;
  }
  service.heard.clear();
  if (service.script.reads) {
    const bool whole = co_await read_until(*end, wait, service.heard, "\r\n\r\n");
    if (!whole) co_return;
  }
  for (const std::string& piece : service.script.pieces) {
    const bool taken = co_await write_all(service, *end, wait, piece);
    if (!taken) co_return;
    // The next one in a later round of the loop.
    net::Parked parked(service.loop.deadlines(), Clock::now());
    co_await parked.wait();
  }
  std::string rest;
  if (service.script.stays) co_await read_until(*end, wait, rest, "never");
}

net::Task<> Service::accept_all(Service& service) {
  net::SocketWait wait(service.loop, service.listening.get(), never);
  for (;;) {
    net::Descriptor socket(::accept4(service.listening.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket) {
      ++service.accepted;
      service.tasks.start(serve(service, std::move(socket)));
      continue;
    }
    const bool again = co_await wait.readable();
    if (!again) co_return;
  }
}

net::Descriptor loopback() {
  net::Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  BOOST_REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  return socket;
}

net::Descriptor socket_file(const std::string& path) {
  net::Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  BOOST_REQUIRE(path.size() < sizeof(address.sun_path));
  std::memcpy(address.sun_path, path.data(), path.size());
  BOOST_REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  return socket;
}

net::Task<> ask_into(net::Loop& loop, net::Resolver& resolver, std::shared_ptr<ForwardGate> gate,
                     ForwardQuestion question, std::optional<ForwardAnswer>& answer) {
  ForwardAnswer got = co_await net::ask_forward(loop, resolver, std::move(gate), std::move(question), {});
  answer = std::move(got);
  loop.stop();
}

std::string text_of(const ForwardAnswer& answer) {
  return answer.who ? "+" + answer.who->identity : std::string(word(answer.who.error())) + "|" + answer.why;
}

struct Fixture {
  Fixture() {
    question.host = "app.test";
    question.target = "/desk?x=y";
    question.client = "192.0.2.1";
  }

  std::shared_ptr<ForwardGate> gate(std::string url) {
    auth.url = std::move(url);
    std::string why;
    auto made = ForwardGate::make(auth, "", why);
    BOOST_REQUIRE_MESSAGE(made, why);
    return made;
  }
  std::shared_ptr<ForwardGate> gate_to(std::uint16_t port, const std::string& scheme_and_host = "http://127.0.0.1") {
    return gate(scheme_and_host + ":" + std::to_string(port) + "/verify");
  }
  Service& service(Script script) {
    services.push_back(std::make_unique<Service>(loop, loopback(), std::move(script)));
    return *services.back();
  }
  Service& tls_service(const std::vector<testing::Certificate>& certificates, Script script) {
    Service& made = service(std::move(script));
    config::Tls tls;
    for (const testing::Certificate& one : certificates) {
      const std::string name = std::to_string(tls.certificates.size());
      tls.certificates.push_back(
          {directory.write(name + ".pem", one.chain), directory.write(name + ".key", one.key), {}});
    }
    std::string why;
    made.tls = net::TlsContext::make(tls, "127.0.0.1:0", "", why);
    BOOST_REQUIRE_MESSAGE(made.tls, why);
    return made;
  }
  // "+identity", or "reason|why".
  std::string ask(const std::shared_ptr<ForwardGate>& whom) {
    std::optional<ForwardAnswer> answer;
    Alarm too_late([&] { loop.stop(); });
    loop.deadlines().expect_by(too_late, Clock::now() + testing::patience);
    {
      net::Tasks tasks;
      tasks.start(ask_into(loop, resolver, whom, question, answer));
      loop.run();
    }
    loop.deadlines().forget(too_late);
    BOOST_TEST(whom->asking() == 0U);
    return answer ? text_of(*answer) : "nothing";
  }
  std::string answer_to(Script script) { return ask(gate_to(service(std::move(script)).port())); }
  // Lets the loop do `rounds` rounds.
  void let_go_round(unsigned rounds) {
    std::function<void()> round = [&] {
      if (rounds-- == 0) return loop.stop();
      loop.post(round);
    };
    loop.post(round);
    loop.run();
  }

  testing::TemporaryDirectory directory;
  net::Resolver resolver;
  config::ForwardAuth auth;
  ForwardQuestion question;
  net::Loop loop;
  std::vector<std::unique_ptr<Service>> services;
};

const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nRemote-User: ada\r\n\r\n";

std::vector<std::string> byte_by_byte(const std::string& text) {
  std::vector<std::string> pieces;
  for (const char c : text) pieces.emplace_back(1, c);
  return pieces;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(forward, Fixture)

BOOST_AUTO_TEST_CASE(the_service_hears_the_question_and_its_word_counts) {
  question.fields = {{"cookie", "session=1"}};
  Service& asked = service({{ok}});
  BOOST_TEST(ask(gate_to(asked.port())) == "+ada");
  BOOST_TEST(asked.heard.starts_with("GET /verify HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(asked.port())));
  BOOST_TEST(asked.heard.find("\r\nX-Forwarded-Uri: /desk?x=y\r\n") != std::string::npos);
  BOOST_TEST(asked.heard.ends_with("\r\ncookie: session=1\r\n\r\n"));
}

BOOST_AUTO_TEST_CASE(each_answer_has_its_meaning) {
  BOOST_TEST(answer_to({{"HTTP/1.1 200 OK\r\n\r\n"}}) == "+forward");
  BOOST_TEST(answer_to({{"HTTP/1.0 200 OK\r\n\r\n"}}) == "+forward");
  BOOST_TEST(answer_to({{"HTTP/1.1 401 Unauthorized\r\n\r\n"}}) == "credential_missing|");
  BOOST_TEST(answer_to({{"HTTP/1.1 403 Forbidden\r\n\r\n"}}) == "not_permitted|");
  BOOST_TEST(answer_to({{"HTTP/1.1 500 Oh\r\n\r\n"}}) == "auth_unavailable|answered 500");
  BOOST_TEST(answer_to({{"garbage\r\n\r\n"}}) == "auth_unavailable|does not speak HTTP/1.1");
  BOOST_TEST(answer_to({{"HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Early Hints\r\n\r\n", ok}}) == "+ada");
  question.fields = {{"cookie", "old"}};
  BOOST_TEST(answer_to({{"HTTP/1.1 401 Unauthorized\r\n\r\n"}}) == "credential_invalid|");
}

BOOST_AUTO_TEST_CASE(a_redirect_is_a_refusal_and_not_followed) {
  Service& elsewhere = service({{ok}});
  const std::string location = "http://127.0.0.1:" + std::to_string(elsewhere.port()) + "/";
  BOOST_TEST(answer_to({{"HTTP/1.1 302 Found\r\nLocation: " + location + "\r\n\r\n"}}) == "credential_missing|");
  let_go_round(10);
  BOOST_TEST(elsewhere.accepted == 0U);
}

BOOST_AUTO_TEST_CASE(an_answer_may_come_byte_by_byte_and_from_one_who_does_not_close) {
  BOOST_TEST(answer_to({.pieces = byte_by_byte(ok), .reads = true, .stays = true}) == "+ada");
}

BOOST_AUTO_TEST_CASE(an_answer_may_come_before_the_question_was_read) {
  BOOST_TEST(answer_to({.pieces = {ok}, .reads = false, .stays = true}) == "+ada");
}

BOOST_AUTO_TEST_CASE(a_service_that_says_nothing_is_waited_for_until_the_deadline) {
  auth.timeout = 50ms;
  const Instant began = Clock::now();
  BOOST_TEST(answer_to({.pieces = {}, .reads = true, .stays = true}) == "auth_unavailable|did not answer in time");
  BOOST_TEST((Clock::now() - began >= 50ms));
  BOOST_TEST(answer_to({.pieces = {"HTTP/1.1 200 OK\r\nA: "}, .reads = true, .stays = true}) ==
             "auth_unavailable|did not answer in time");
}

BOOST_AUTO_TEST_CASE(a_service_that_closes_has_not_answered) {
  const std::string closed = "auth_unavailable|closed the connection before it had answered";
  BOOST_TEST(answer_to({}) == closed);
  BOOST_TEST(answer_to({.pieces = {}, .reads = false}) == closed);
  BOOST_TEST(answer_to({{ok.substr(0, ok.size() - 2)}}) == closed);
}

BOOST_AUTO_TEST_CASE(a_service_that_is_not_there) {
  const testing::ClosedPort closed;
  BOOST_TEST(ask(gate_to(closed.port())) == "auth_unavailable|does not accept connections");
  BOOST_TEST(ask(gate("http://nowhere.invalid/")) == "auth_unavailable|has a name that does not resolve");
  const testing::FullPort full;
  auth.timeout = 50ms;
  BOOST_TEST(ask(gate_to(full.port())) == "auth_unavailable|cannot be reached in time");
}

BOOST_AUTO_TEST_CASE(a_head_that_never_ends_is_cut_off) {
  const std::vector<std::string> endless(10'000, "X-A: 0123456789012345678901234567890123456789\r\n");
  Script script{{"HTTP/1.1 200 OK\r\n"}};
  script.pieces.insert(script.pieces.end(), endless.begin(), endless.end());
  BOOST_TEST(answer_to(script) == "auth_unavailable|answered with a head of more than 32 KiB");
}

BOOST_AUTO_TEST_CASE(a_large_body_is_not_read) {
  const std::size_t size = 10 << 20;
  Service& asked = service({{"HTTP/1.1 200 OK\r\nContent-Length: 10485760\r\n\r\n", std::string(size, 'x')}});
  BOOST_TEST(ask(gate_to(asked.port())) == "+forward");
  let_go_round(100);
  BOOST_TEST(asked.written < size);
}

BOOST_AUTO_TEST_CASE(over_a_unix_socket) {
  const std::string path = directory.path("auth.sock");
  services.push_back(std::make_unique<Service>(loop, socket_file(path), Script{{ok}}));
  BOOST_TEST(ask(gate("unix:" + path + ":/verify?a=b")) == "+ada");
  BOOST_TEST(services[0]->heard.starts_with("GET /verify?a=b HTTP/1.1\r\nHost: localhost\r\n"));
  BOOST_TEST(ask(gate("unix:" + directory.path("nobody.sock") + ":/")) ==
             "auth_unavailable|does not accept connections");
}

BOOST_AUTO_TEST_CASE(over_https_with_a_certificate_of_the_right_name) {
  const auto certificate = testing::make_certificate({"localhost"});
  auth.ca = directory.write("ca.pem", certificate.chain);
  Service& asked = tls_service({certificate}, {{ok}});
  BOOST_TEST(ask(gate_to(asked.port(), "https://localhost")) == "+ada");
  BOOST_TEST(asked.heard.starts_with("GET /verify HTTP/1.1\r\n"));
  asked.script = {.pieces = byte_by_byte(ok), .reads = true, .stays = true};
  BOOST_TEST(ask(gate_to(asked.port(), "https://localhost")) == "+ada");
}

BOOST_AUTO_TEST_CASE(over_https_the_service_is_called_by_its_name) {
  const auto certificate = testing::make_certificate({"localhost"});
  auth.ca = directory.write("ca.pem", certificate.chain);
  Service& asked = tls_service({testing::make_certificate({"other.test"}), certificate}, {{ok}});
  BOOST_TEST(ask(gate_to(asked.port(), "https://localhost")) == "+ada");
}

BOOST_AUTO_TEST_CASE(over_https_with_a_certificate_for_an_address) {
  const auto certificate = testing::make_certificate({"localhost,IP:127.0.0.1"});
  auth.ca = directory.write("ca.pem", certificate.chain);
  BOOST_TEST(ask(gate_to(tls_service({certificate}, {{ok}}).port(), "https://127.0.0.1")) == "+ada");
}

BOOST_AUTO_TEST_CASE(over_https_nobody_else_is_told_anything) {
  const auto refused = [&](const testing::Certificate& certificate, const std::string& ca, const std::string& host) {
    auth.ca = ca.empty() ? "" : directory.write("ca.pem", ca);
    Service& asked = tls_service({certificate}, {{ok}});
    const std::string answer = ask(gate_to(asked.port(), "https://" + host));
    BOOST_TEST(asked.accepted == 1U);
    BOOST_TEST(asked.heard == "");
    const std::string beginning = "auth_unavailable|has a certificate that is not trusted: ";
    BOOST_TEST(answer.starts_with(beginning), answer);
    return answer.substr(std::min(answer.size(), beginning.size()));
  };
  const auto good = testing::make_certificate({"localhost"});
  const auto other = testing::make_certificate({"other.test"});
  const auto expired = testing::make_certificate({"localhost"}, -1);
  BOOST_TEST(refused(other, other.chain, "localhost") == "hostname mismatch");
  BOOST_TEST(refused(good, good.chain, "127.0.0.1") == "IP address mismatch");
  BOOST_TEST(refused(expired, expired.chain, "localhost") == "certificate has expired");
  BOOST_TEST(refused(good, other.chain, "localhost") == "self-signed certificate");
  BOOST_TEST(refused(good, "", "localhost") == "self-signed certificate");
}

BOOST_AUTO_TEST_CASE(https_to_one_who_speaks_no_tls_and_the_other_way_round) {
  const std::string answer =
      ask(gate_to(service({.pieces = {ok}, .reads = false, .stays = true}).port(), "https://127.0.0.1"));
  BOOST_TEST(answer == "auth_unavailable|does not agree on TLS");
  const std::string plain = ask(gate_to(tls_service({testing::server_certificate()}, {{ok}}).port()));
  BOOST_TEST(plain.starts_with("auth_unavailable|"), plain);
  auth.timeout = 50ms;
  Service& silent = service({.pieces = {}, .reads = false, .stays = true});
  BOOST_TEST(ask(gate_to(silent.port(), "https://127.0.0.1")) == "auth_unavailable|did not answer in time");
}

BOOST_AUTO_TEST_CASE(more_at_once_than_may_ask_hear_so_at_once) {
  auth.concurrency = 1;
  Service& asked = service({.pieces = {}, .reads = true, .stays = true});
  const auto whom = gate_to(asked.port());
  std::optional<ForwardAnswer> first;
  std::optional<ForwardAnswer> second;
  {
    net::Tasks tasks;
    tasks.start(ask_into(loop, resolver, whom, question, first));
    tasks.start(ask_into(loop, resolver, whom, question, second));
    loop.run();
    BOOST_TEST(!first);
    BOOST_REQUIRE(second);
    BOOST_TEST(text_of(*second) == "auth_unavailable|is asked by as many at once as `concurrency` says");
    BOOST_TEST(whom->asking() == 1U);
  }
  BOOST_TEST(whom->asking() == 0U);
  asked.script = {{ok}};
  BOOST_TEST(ask(whom) == "+ada");
}

BOOST_AUTO_TEST_CASE(an_admission_is_asked_for_once_and_a_refusal_each_time) {
  auth.cache = 1h;
  Service& asked = service({{ok}});
  const auto whom = gate_to(asked.port());
  BOOST_TEST(ask(whom) == "+ada");
  BOOST_TEST(ask(whom) == "+ada");
  BOOST_TEST(asked.accepted == 1U);
  question.fields = {{"cookie", "another"}};
  BOOST_TEST(ask(whom) == "+ada");
  BOOST_TEST(asked.accepted == 2U);

  asked.script = {{"HTTP/1.1 403 Forbidden\r\n\r\n"}};
  question.fields = {{"cookie", "a third"}};
  BOOST_TEST(ask(whom) == "not_permitted|");
  BOOST_TEST(ask(whom) == "not_permitted|");
  BOOST_TEST(asked.accepted == 4U);
}

BOOST_AUTO_TEST_CASE(a_question_with_a_line_end_in_it_is_not_asked) {
  Service& asked = service({{ok}});
  question.fields = {{"cookie", "a\r\nX-Forwarded-For: 127.0.0.1"}};
  BOOST_TEST(ask(gate_to(asked.port())) == "bad_request|");
  BOOST_TEST(asked.accepted == 0U);
}

BOOST_AUTO_TEST_CASE(whoever_asks_may_be_gone_at_any_moment) {
  const auto certificate = testing::make_certificate({"localhost"});
  auth.ca = directory.write("ca.pem", certificate.chain);
  Service& asked = tls_service({certificate}, {byte_by_byte(ok)});
  const auto whom = gate_to(asked.port(), "https://localhost");
  bool answered = false;
  unsigned rounds = 0;
  while (!answered) {
    BOOST_REQUIRE(rounds < 10'000);
    std::optional<ForwardAnswer> answer;
    {
      net::Tasks tasks;
      tasks.start(ask_into(loop, resolver, whom, question, answer));
      let_go_round(rounds++);
      answered = answer.has_value();
    }
    BOOST_TEST(whom->asking() == 0U);
    let_go_round(3);
  }
  BOOST_TEST(rounds > 20U);
}

BOOST_AUTO_TEST_CASE(whoever_waits_for_a_name_may_be_gone_before_it_comes) {
  const auto whom = gate("http://localhost:9/");
  std::optional<ForwardAnswer> answer;
  {
    net::Tasks tasks;
    tasks.start(ask_into(loop, resolver, whom, question, answer));
  }
  BOOST_TEST(whom->asking() == 0U);
  // Told behind the one who is gone.
  resolver.look_up("localhost", [&](const net::Resolver::Addresses&) { loop.post([&] { loop.stop(); }); });
  loop.run();
  BOOST_TEST(!answer);
}

BOOST_AUTO_TEST_SUITE_END()
