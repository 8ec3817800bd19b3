#include "support/daemon.hpp"
#include "support/pattern.hpp"
#include "support/websocket_client.hpp"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <sys/socket.h>
#include <unistd.h>

using namespace drawbridge::testing;

namespace {

// Debian's redis-server on a free port, keeping nothing.
class Redis {
 public:
  Redis() {
    int output[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, output) != 0) throw std::runtime_error(os_error("pair"));
    const Listening free = listen_tcp();
    port_ = free.port;
    close(free.descriptor);
    process_.emplace(
        std::vector<std::string>{"/usr/bin/redis-server", "--port", std::to_string(port_), "--bind", "127.0.0.1",
                                 "--save", "", "--appendonly", "no", "--dir", directory_.path("")},
        ProcessOptions{.standard_output = output[1]});
    close(output[1]);
    output_.emplace(output[0]);
    output_->read_until("Ready to accept connections");
  }
  std::uint16_t port() const { return port_; }

 private:
  TemporaryDirectory directory_;
  std::uint16_t port_ = 0;
  std::optional<Process> process_;
  std::optional<Wire> output_;
};

// RESP: an array of bulk strings, and the answer that is one.
std::string bulk(std::string_view text) {
  return "$" + std::to_string(text.size()) + "\r\n" + std::string(text) + "\r\n";
}
std::string command(const std::vector<std::string_view>& words) {
  std::string result = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string_view word : words) result += bulk(word);
  return result;
}

struct Store {
  Redis redis;
  Daemon daemon{simple(redis.port())};
  WebSocketClient client{daemon.port()};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(redis, Store)

BOOST_AUTO_TEST_CASE(ten_thousand_pipelined_commands_are_answered_in_order) {
  std::string commands;
  std::string answers;
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    const std::string key = "key:" + std::to_string(i);
    const std::string value = pattern(i % 300, i + 1);
    commands += command({"SET", key, value}) + command({"GET", key});
    answers += "+OK\r\n" + bulk(value);
  }
  const std::string received = client.exchange(pieces(commands, 20'000, 1), answers.size());
  BOOST_TEST(first_difference(received, answers) == std::string_view::npos);
}

BOOST_AUTO_TEST_CASE(values_of_32_mebibytes_cross_both_ways) {
  const std::string value = pattern(32 << 20);
  const std::string commands = command({"SET", "large", value}) + command({"GET", "large"});
  const std::string answers = "+OK\r\n" + bulk(value);
  const std::string received = client.exchange(pieces(commands, 1 << 20, 2), answers.size());
  BOOST_TEST(first_difference(received, answers) == std::string_view::npos);
  BOOST_TEST(client.close().code == 1000);
  const Record record = daemon.session("client_closed");
  BOOST_TEST(record.number("up_bytes") == commands.size());
  BOOST_TEST(record.number("down_bytes") == answers.size());
}

BOOST_AUTO_TEST_SUITE_END()
