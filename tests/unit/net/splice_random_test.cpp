// Random peers, limits and moments around one splice, which is advanced as a worker does: only when something that it
// wants came true or its deadline passed. A wake-up that it forgets to ask for shows as a session that never ends.

#include "splice_fixture.hpp"

#include <random>

using namespace drawbridge;
using namespace drawbridge::test;
using net::IoStatus;
using testing::client_close;
using testing::client_frame;
using testing::ScriptedEnd;
using ws::Opcode;

namespace {

// A worker does not act on a deadline that is due before its next round.
constexpr Duration soonest = 1ms;
// Longer than any session takes that its peers left, shaped ones included.
constexpr Duration patience = 10h;

class Dice {
 public:
  explicit Dice(std::uint32_t seed) : random_(seed) {}
  std::size_t below(std::size_t n) { return random_() % n; }
  bool one_in(std::size_t n) { return below(n) == 0; }
  template <class T>
  T one_of(std::initializer_list<T> values) {
    return *(values.begin() + below(values.size()));
  }
  // Mostly small.
  std::size_t size(std::size_t most) { return below(1 + below(1 + below(1 + most))); }

 private:
  std::mt19937 random_;
};

// Peers that do all that is expected of them, or anything.
enum class Manners : std::uint8_t { good, any };

config::Route random_route(Dice& dice, Manners manners) {
  config::Route route;
  if (dice.one_in(3)) route.message_type = config::MessageType::text;
  if (dice.one_in(6)) route.limits.upstream_rate = dice.one_of({40.0, 3'000.0, 1e9});
  if (dice.one_in(6)) route.limits.downstream_rate = dice.one_of({40.0, 3'000.0, 1e9});
  if (dice.one_in(6)) route.limits.messages_per_second = dice.one_of({0.5, 20.0, 1e6});
  if (manners == Manners::good) return route;

  using Limit = std::optional<config::Milliseconds>;
  if (dice.one_in(8)) route.limits.session_bytes = 1 + dice.size(40'000);
  if (dice.one_in(8)) route.limits.frame = 1 + dice.size(5'000);
  if (dice.one_in(8)) route.limits.message = 1 + dice.size(5'000);
  route.timeouts.idle = dice.one_of({Limit(), Limit(), Limit(700), Limit(30'000)});
  route.timeouts.lifetime = dice.one_of({Limit(), Limit(), Limit(5'000), Limit(3'600'000)});
  route.timeouts.ping = dice.one_of({Limit(), Limit(300), Limit(20'000)});
  route.timeouts.dead = dice.one_of({Limit(), Limit(1'000), Limit(60'000)});
  route.timeouts.stall = dice.one_of({Limit(), Limit(900), Limit(60'000)});
  route.timeouts.close = dice.one_of({config::Milliseconds(1), config::Milliseconds(400), config::Milliseconds(5'000)});
  return route;
}

struct BrowserScript {
  std::string wire;
  std::string payload;  // of the data frames
  bool closes = false;
};

BrowserScript random_browser(Dice& dice, Manners manners) {
  BrowserScript script;
  const std::size_t frames = dice.size(60);
  bool in_message = false;
  for (std::size_t i = 0; i < frames; ++i) {
    if (dice.one_in(6)) {
      script.wire += client_frame(dice.one_of({Opcode::ping, Opcode::pong}), std::string(dice.below(126), 'p'));
      continue;
    }
    std::string payload(dice.one_in(40) ? 70'000 : dice.size(3'000), '\0');
    for (char& byte : payload) byte = static_cast<char>(' ' + dice.below(90));
    const bool fin = !dice.one_in(3);
    const Opcode first = dice.one_of({Opcode::text, Opcode::binary});
    script.wire += client_frame(in_message ? Opcode::continuation : first, payload, fin);
    script.payload += payload;
    in_message = !fin;
  }
  if (manners == Manners::any && dice.one_in(6)) script.wire += "\x82\x01x";
  script.closes = dice.one_in(2);
  if (script.closes) {
    script.wire += dice.one_in(3) ? client_frame(Opcode::close, "")
                                  : client_close(dice.one_of<std::uint16_t>({1000, 1001, 3000}), "bye");
  }
  if (script.closes && dice.one_in(4)) script.wire += client_frame(Opcode::binary, "after the end");
  return script;
}

std::string random_backend(Dice& dice, Manners manners) {
  std::string bytes;
  const std::size_t size = dice.one_in(30) ? 200'000 : dice.size(20'000);
  while (bytes.size() < size)
    bytes += dice.one_of({"a", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x8C\x89", "plain ascii"});
  if (manners == Manners::any && dice.one_in(5)) bytes.resize(size);  // perhaps inside a code point
  if (manners == Manners::any && dice.one_in(8)) bytes += "\xFF...";
  return bytes;
}

// What a browser sees.
struct Seen {
  std::string payload;  // that of a frame which is cut included
  std::size_t closes = 0;
  int close_code = 0;
  bool cut = false;
};

Seen look_at(const std::string& bytes, bool text) {
  Seen seen;
  for (const auto& frame : testing::server_frames(bytes)) {
    BOOST_TEST(seen.closes == 0U, "something follows the Close frame");
    if (frame.opcode == -1) {
      seen.cut = true;
      const std::size_t second = frame.payload.size() < 2 ? 0 : static_cast<unsigned char>(frame.payload[1]);
      const std::size_t header = second == 127 ? 10 : second == 126 ? 4 : 2;
      const bool data = (static_cast<unsigned char>(frame.payload[0]) & 0xF) < 8;
      if (data && frame.payload.size() > header) seen.payload += frame.payload.substr(header);
      continue;
    }
    BOOST_TEST(frame.fin);
    if (frame.opcode == 8) {
      ++seen.closes;
      seen.close_code = frame.code();
    } else if (frame.opcode == (text ? 1 : 2)) {
      ws::Utf8 whole;
      const auto* payload = reinterpret_cast<const std::uint8_t*>(frame.payload.data());
      if (text) BOOST_TEST((whole.feed({payload, frame.payload.size()}) && whole.complete()));
      BOOST_TEST(!frame.payload.empty());
      seen.payload += frame.payload;
    } else {
      BOOST_TEST((frame.opcode == 9 || frame.opcode == 10), "opcode " << frame.opcode);
    }
  }
  return seen;
}

// The payload in what was read of a browser, by an independent run of the decoder.
std::uint64_t payload_in(std::string wire, const config::Route& route) {
  ws::Decoder decoder({route.limits.frame, route.limits.message, route.accepts});
  ws::Input input({reinterpret_cast<std::uint8_t*>(wire.data()), wire.size()});
  std::uint64_t size = 0;
  for (;;) {
    const ws::Event event = decoder.next(input);
    if (event.kind == ws::Event::Kind::data) size += event.payload.size();
    if (event.kind != ws::Event::Kind::data && event.kind != ws::Event::Kind::ping &&
        event.kind != ws::Event::Kind::pong) {
      return size;
    }
  }
}

class World {
 public:
  World(std::uint32_t seed, Manners its_manners)
      : dice_(seed),
        manners_(its_manners),
        route_(random_route(dice_, manners_)),
        script_(random_browser(dice_, manners_)),
        backend_bytes_(random_backend(dice_, manners_)),
        budget_(manners_ == Manners::any && dice_.one_in(8) ? dice_.size(3'000) : 1 << 30),
        splice_(route_, browser_, &backend_, budget_, now_) {
    if (dice_.one_in(2)) browser_.report_drained();
    if (dice_.one_in(2)) backend_.report_drained();
    if (dice_.one_in(2)) browser_.buffer_inside();
    if (dice_.one_in(2)) browser_.shut_takes_room();
    if (dice_.one_in(3)) browser_.take_at_once(1 + dice_.size(20'000));
    if (dice_.one_in(3)) backend_.take_at_once(1 + dice_.size(20'000));
    if (dice_.one_in(3)) browser_.take_nothing();
    if (dice_.one_in(3)) backend_.take_nothing();
    browser_reads_ = manners_ == Manners::good || !dice_.one_in(8);
    backend_reads_ = manners_ == Manners::good || !dice_.one_in(8);
    polite_ = manners_ == Manners::good || !dice_.one_in(3);
    backend_ends_ = dice_.one_in(2);
    if (manners_ == Manners::good && !script_.closes) backend_ends_ = true;
  }

  void run() {
    if (dice_.one_in(3)) {
      first_ = script_.wire.substr(0, dice_.size(4'000));
      wire_at_ = first_.size();
      splice_.take_first({reinterpret_cast<const std::uint8_t*>(first_.data()), first_.size()}, *scratch_, now_);
    }
    advance();
    settle();
    for (int step = 0; step < 120 && !wants_.over; ++step) {
      wait_until(now_ + std::chrono::milliseconds(dice_.size(300)));
      if (wants_.over) break;
      act();
      settle();
    }
    if (!wants_.over) {
      leave();
      settle();
      wait_until(now_ + patience);
    }
    check();
  }

 private:
  std::size_t moves() const { return browser_.moves() + backend_.moves(); }

  void advance() {
    const std::size_t moves_before = moves();
    const auto reason_before = splice_.lifecycle().reason();
    const auto state_before = splice_.lifecycle().state();
    wants_ = splice_.advance(now_, *scratch_);
    const auto reason = splice_.lifecycle().reason();
    BOOST_REQUIRE_MESSAGE(!reason_before || reason == reason_before, "a second reason");
    BOOST_REQUIRE((splice_.lifecycle().state() >= state_before));
    const bool useful = moves() > moves_before || splice_.lifecycle().state() != state_before || wants_.over;
    useless_in_a_row_ = useful ? 0 : useless_in_a_row_ + 1;
    // Two for what no longer helps when it comes true, and one at each of a few deadlines.
    BOOST_REQUIRE_MESSAGE(useless_in_a_row_ < 12, "it spins");
  }

  // One round of a worker; false if nothing came true.
  bool wake() {
    bool woken = wants_.again;
    if (wants_.browser_readable && browser_.readable()) splice_.browser_readable(), woken = true;
    if (wants_.browser_writable && browser_.writable()) splice_.browser_writable(), woken = true;
    if (wants_.backend_readable && backend_.readable()) splice_.backend_readable(), woken = true;
    if (wants_.backend_writable && backend_.writable()) splice_.backend_writable(), woken = true;
    if (woken) advance();
    return woken;
  }

  void settle() {
    while (!wants_.over && wake()) {
    }
  }

  void wait_until(Instant then) {
    while (!wants_.over && wants_.deadline <= then) {
      now_ = std::max(wants_.deadline, now_ + soonest);
      advance();
      settle();
    }
    if (!wants_.over) now_ = std::max(now_, then);
  }

  // Something happens.
  void act() {
    useless_in_a_row_ = 0;
    if (dice_.one_in(2)) send_some();
    if (dice_.one_in(3) && browser_reads_) browser_.allow(dice_.size(30'000));
    if (dice_.one_in(3) && backend_reads_) backend_.allow(dice_.size(30'000));
    if (dice_.one_in(10) && browser_reads_) browser_.take_all();
    if (dice_.one_in(10) && backend_reads_) backend_.take_all();
    if (dice_.one_in(30)) browser_.cross_reads();
    answer();
    if (manners_ == Manners::good) return;
    if (dice_.one_in(150)) browser_.cross_writes();
    if (dice_.one_in(100)) browser_.take_nothing();
    if (dice_.one_in(100)) backend_.take_nothing();
    if (dice_.one_in(200)) backend_.refuse_writes();
    if (dice_.one_in(200)) backend_.finish(dice_.one_of({IoStatus::end, IoStatus::failed}));
    if (dice_.one_in(200)) browser_.finish(dice_.one_of({IoStatus::end, IoStatus::failed, IoStatus::broken}));
    if (dice_.one_in(300)) browser_.refuse_writes();
    if (dice_.one_in(200)) {
      splice_.decide(dice_.one_of({Reason::drain, Reason::killed, Reason::revoked}), now_);
      advance();
    }
    if (dice_.one_in(400)) {
      splice_.abandon(Reason::drain);
      wants_.over = true;
    }
  }

  void send_some() {
    if (wire_at_ < script_.wire.size() && !browser_answered_) {
      const std::size_t size = 1 + dice_.size(10'000);
      browser_.send(std::string_view(script_.wire).substr(wire_at_, size));
      wire_at_ += size;
    }
    if (backend_at_ < backend_bytes_.size()) {
      const std::size_t size = 1 + dice_.size(10'000);
      backend_.send(std::string_view(backend_bytes_).substr(backend_at_, size));
      backend_at_ += size;
    } else if (backend_ends_ && !backend_ended_) {
      backend_ended_ = true;
      backend_.finish();
    }
  }

  // What peers do when they hear of an end.
  void answer() {
    if (!polite_) return;
    // Perhaps it was a ping.
    if (browser_.received().size() > heard_ && wire_at_ >= script_.wire.size() && !script_.closes &&
        !browser_answered_) {
      heard_ = browser_.received().size();
      browser_.send(client_frame(Opcode::pong, ""));
    }
    if (splice_.lifecycle().state() != ws::Lifecycle::State::open && wire_at_ >= script_.wire.size() &&
        !browser_answered_) {
      browser_answered_ = true;
      if (!script_.closes) browser_.send(client_close(1000));
      browser_.finish();
    }
    if (backend_.shut() && !backend_ended_) {
      backend_ended_ = true;
      backend_.finish();
    }
  }

  // The end of the story: peers with good manners finish it, others vanish.
  void leave() {
    useless_in_a_row_ = 0;
    if (manners_ == Manners::good) {
      browser_.take_all();
      backend_.take_all();
      for (int i = 0; i < 20'000 && !wants_.over; ++i) {
        useless_in_a_row_ = 0;
        send_some();
        answer();
        if (browser_answered_ && backend_ended_) all_said_ = std::min(all_said_, now_);
        settle();
        wait_until(now_ + 20ms);
      }
      return;
    }
    const bool abruptly = dice_.one_in(2);
    browser_.finish(abruptly ? IoStatus::failed : IoStatus::end);
    backend_.finish(abruptly ? IoStatus::failed : IoStatus::end);
    if (abruptly) {
      browser_.refuse_writes();
      backend_.refuse_writes();
    } else {
      browser_.take_all();
      backend_.take_all();
    }
  }

  void check() const {
    BOOST_REQUIRE_MESSAGE(wants_.over, "the session never ended");
    BOOST_REQUIRE(splice_.lifecycle().reason().has_value());
    const Reason reason = *splice_.lifecycle().reason();
    BOOST_TEST_CONTEXT("reason " << reason) {
      const net::Counts& counts = splice_.counts();
      const bool text = route_.message_type == config::MessageType::text;
      const Seen seen = look_at(browser_.received(), text);

      BOOST_TEST((backend_.received() == script_.payload.substr(0, backend_.received().size())));
      BOOST_TEST((seen.payload == backend_bytes_.substr(0, seen.payload.size())));
      BOOST_TEST(counts.up_bytes == backend_.received().size());
      BOOST_TEST(counts.up_bytes + counts.up_discarded == payload_in(first_ + browser_.given(), route_));
      BOOST_TEST(counts.down_bytes == seen.payload.size());
      BOOST_TEST(counts.down_bytes + counts.down_discarded == backend_.given().size());
      BOOST_TEST(budget_.used() == 0U);
      if (route_.limits.session_bytes) BOOST_TEST(counts.up_bytes + counts.down_bytes <= *route_.limits.session_bytes);
      if (seen.closes > 0) BOOST_TEST(seen.close_code == splice_.lifecycle().close_code().value());

      if (manners_ == Manners::any) return;
      BOOST_TEST((reason == Reason::client_closed || reason == Reason::backend_closed));
      BOOST_TEST(!seen.cut);
      BOOST_TEST(seen.closes == 1U);
      BOOST_TEST(browser_.shut());
      BOOST_TEST(backend_.shut());
      // After the backend's end the browser has `timeouts.close`, however slow its route is.
      const bool slow = route_.limits.upstream_rate || route_.limits.messages_per_second;
      if (!slow || reason == Reason::client_closed) BOOST_TEST(counts.up_discarded == 0U);
      if (!slow) BOOST_TEST((all_said_ == never || now_ <= all_said_ + 100ms), "it waits for peers that are done");
      if (reason == Reason::client_closed) BOOST_TEST((backend_.received() == script_.payload));
      if (reason == Reason::backend_closed) BOOST_TEST((seen.payload == backend_bytes_));
    }
  }

  Dice dice_;
  const Manners manners_;
  const config::Route route_;
  const BrowserScript script_;
  const std::string backend_bytes_;
  ScriptedEnd browser_;
  ScriptedEnd backend_;
  net::BufferBudget budget_;
  Instant now_ = Instant(1h);
  std::unique_ptr<net::Scratch> scratch_ = std::make_unique<net::Scratch>();
  net::Splice splice_;
  net::Wants wants_;
  std::string first_;         // came behind the request's head
  Instant all_said_ = never;  // when both peers had said their last and took all
  std::size_t wire_at_ = 0;
  std::size_t backend_at_ = 0;
  std::size_t heard_ = 0;  // by the browser, when it last said so
  int useless_in_a_row_ = 0;
  bool browser_reads_ = true;
  bool backend_reads_ = true;
  bool polite_ = true;
  bool backend_ends_ = false;
  bool backend_ended_ = false;
  bool browser_answered_ = false;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(splice_random)

BOOST_AUTO_TEST_CASE(peers_with_good_manners_lose_nothing) {
  for (std::uint32_t seed = 1; seed <= 400; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) World(seed, Manners::good).run();
  }
}

BOOST_AUTO_TEST_CASE(every_session_ends_once_with_one_reason_and_true_counts) {
  for (std::uint32_t seed = 1; seed <= 3'000; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) World(seed, Manners::any).run();
  }
}

BOOST_AUTO_TEST_SUITE_END()
