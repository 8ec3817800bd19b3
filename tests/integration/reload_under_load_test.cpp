#include "support/backend.hpp"
#include "support/channel.hpp"
#include "support/daemon.hpp"
#include "support/pattern.hpp"
#include "support/raw_client.hpp"

#include <algorithm>
#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace drawbridge::testing;

BOOST_TEST_DONT_PRINT_LOG_VALUE(Close)

namespace {

constexpr int reloads = 100;

// An endless text that a whole number of frames or reads does not fit into.
class Endless {
 public:
  explicit Endless(std::uint64_t seed) : text_(pattern((1U << 20) + 7, seed)) {}

  std::string_view next(std::size_t most) {
    const std::string_view piece = std::string_view(text_).substr(total_ % text_.size(), most);
    total_ += piece.size();
    return piece;
  }
  // Whether it goes on with these bytes.
  bool goes_on_with(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::string_view expected = next(bytes.size());
      if (bytes.substr(0, expected.size()) != expected) return false;
      bytes.remove_prefix(expected.size());
    }
    return true;
  }
  std::uint64_t total() const { return total_; }

 private:
  const std::string text_;
  std::uint64_t total_ = 0;
};

// What one end of a transfer came to.
struct Carried {
  std::uint64_t bytes = 0;
  std::string wrong{};
};

// Runs `body`, and tells what it throws.
template <class Body>
Carried told(Body body) {
  try {
    return body();
  } catch (const std::exception& error) {
    return {0, error.what()};
  }
}

Carried take_all(Wire& wire, std::uint64_t seed) {
  Endless expected(seed);
  for (std::string bytes = wire.read_some(); !bytes.empty(); bytes = wire.read_some()) {
    if (!expected.goes_on_with(bytes)) return {expected.total(), "other bytes than were sent"};
  }
  return {expected.total()};
}

Carried read_down(std::uint16_t port, std::uint64_t seed) {
  RawClient client = RawClient::open(port, Head("/down"));
  Endless expected(seed);
  for (;;) {
    const Frame frame = client.read_frame();
    if (frame.opcode == Op::ping) continue;
    if (frame.opcode == Op::close) break;
    if (!expected.goes_on_with(frame.payload)) return {expected.total(), "other bytes than were sent"};
  }
  client.finish();
  return {expected.total()};
}

Carried send_up(std::uint16_t port, std::uint64_t seed, const std::atomic<bool>& enough) {
  RawClient client = RawClient::open(port, Head("/up"));
  Endless text(seed);
  while (!enough) client.send_frame(Op::binary, text.next(64 << 10));
  client.finish();
  return {text.total()};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(reload_under_load)

BOOST_AUTO_TEST_CASE(a_hundred_reloads_at_full_speed_lose_no_byte_and_end_only_what_was_removed) {
  std::atomic<bool> enough = false;
  Channel<Carried> arrived_up;
  Channel<Carried> sent_down;
  const Backend up([&](Wire& wire) { arrived_up.push(told([&] { return take_all(wire, 1); })); });
  const Backend down([&](Wire& wire) {
    sent_down.push(told([&]() -> Carried {
      Endless text(2);
      while (!enough) wire.write(text.next(64 << 10));
      wire.shutdown_write();
      wire.read_to_end();
      return {text.total()};
    }));
  });
  const Backend idle(read_until_stopped);
  const std::string stay = route("up", up.port()) + route("down", down.port());
  const std::string top = "timeouts: { drain: 100ms }\n";
  const std::string with = configuration(tls_listener(), stay + route("go", idle.port()), top);
  const std::string without = configuration(tls_listener(), stay, top);
  Daemon daemon(with);

  Channel<Carried> sent_up;
  Channel<Carried> arrived_down;
  std::vector<std::thread> browsers;
  for (int i = 0; i < 2; ++i) {
    browsers.emplace_back([&] { sent_up.push(told([&] { return send_up(daemon.port(), 1, enough); })); });
    browsers.emplace_back([&] { arrived_down.push(told([&] { return read_down(daemon.port(), 2); })); });
  }
  int drained = 0;
  for (int i = 0; i < reloads; i += 2) {
    RawClient leaving = RawClient::open(daemon.port(), Head("/go"));
    daemon.reload(without);
    daemon.wait_for("reloaded");
    if (leaving.read_close() == Close{1012, "drain"}) ++drained;
    leaving.finish();
    daemon.reload(with);
    daemon.wait_for("reloaded");
  }
  enough = true;
  for (std::thread& browser : browsers) browser.join();

  BOOST_TEST(drained == reloads / 2);
  std::uint64_t carried = 0;
  for (auto [from, to] : {std::pair{&sent_up, &arrived_up}, std::pair{&sent_down, &arrived_down}}) {
    std::vector<std::uint64_t> sent;
    std::vector<std::uint64_t> arrived;
    for (int i = 0; i < 2; ++i) {
      for (const auto& [channel, counts] : {std::pair{from, &sent}, std::pair{to, &arrived}}) {
        const Carried one = channel->pop();
        BOOST_TEST(one.wrong == "");
        counts->push_back(one.bytes);
        carried += one.bytes;
      }
    }
    std::sort(sent.begin(), sent.end());
    std::sort(arrived.begin(), arrived.end());
    BOOST_TEST(sent == arrived, boost::test_tools::per_element());
    BOOST_TEST(sent.front() > 0U);
  }
  BOOST_TEST_MESSAGE((carried >> 21) << " MiB crossed during " << reloads << " reloads");
  for (int i = 0; i < 2; ++i) {
    daemon.wait_for("session", {{"route", "up"}, {"reason", "client_closed"}});
    daemon.wait_for("session", {{"route", "down"}, {"reason", "backend_closed"}});
  }
  // Nobody else's session ended.
  std::map<std::string, int> ends;
  for (const Record& record : daemon.records()) {
    if (record["event"] == "session") ++ends[record["route"] + " " + record["reason"]];
  }
  BOOST_TEST(ends.size() == 3U);
  BOOST_TEST(ends["go drain"] == reloads / 2);
}

BOOST_AUTO_TEST_SUITE_END()
