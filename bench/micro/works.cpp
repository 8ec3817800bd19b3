#include "micro/works.hpp"

#include "net/head.hpp"
#include "net/splice.hpp"
#include "policy/admission.hpp"
#include "policy/limiter.hpp"
#include "support/frames.hpp"
#include "ws/decoder.hpp"
#include "ws/mask.hpp"
#include "ws/origin.hpp"
#include "ws/upgrade.hpp"
#include "ws/utf8.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <stdexcept>

namespace bench {
namespace {

using namespace drawbridge;
using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t kib = 1024;

Bytes bytes_of(const std::string& text) {
  return {text.begin(), text.end()};
}

void expect(bool holds, const char* what) {
  if (!holds) throw std::logic_error(what);
}

Work copying() {
  const auto from = std::make_shared<Bytes>(64 * kib, 'x');
  const auto to = std::make_shared<Bytes>(64 * kib);
  return {"copy_64k", "KiB", 64, [from, to] {
            std::memcpy(to->data(), from->data(), from->size());
            keep(to->back());
          }};
}

Work unmasking() {
  const auto from = std::make_shared<Bytes>(64 * kib, 'x');
  const auto to = std::make_shared<Bytes>(64 * kib);
  return {"unmask_64k", "KiB", 64, [from, to] {
            ws::unmask(to->data(), from->data(), from->size(), 0x1234'5678, 1);
            keep(to->back());
          }};
}

// Decoding changes its input: that is copied anew each time, which is counted too.
Work decoding(const std::string& name, std::size_t size, std::size_t frames) {
  std::string wire;
  for (std::size_t i = 0; i < frames; ++i) wire += testing::client_frame(ws::Opcode::binary, std::string(size, 'x'));
  const auto given = std::make_shared<Bytes>(bytes_of(wire));
  const auto input = std::make_shared<Bytes>(given->size());
  return {name, "frame", static_cast<double>(frames), [given, input, frames, size] {
            std::copy(given->begin(), given->end(), input->begin());
            ws::Decoder decoder;
            ws::Input window(*input);
            std::size_t payload = 0;
            for (ws::Event event = decoder.next(window); event.kind == ws::Event::Kind::data;
                 event = decoder.next(window)) {
              payload += event.payload.size();
            }
            expect(payload == frames * size, "not all was decoded");
            keep(payload);
          }};
}

Work validating(const std::string& name, const std::string& piece) {
  std::string text;
  while (text.size() < 64 * kib) text += piece;
  const auto bytes = std::make_shared<Bytes>(bytes_of(text));
  return {name, "KiB", static_cast<double>(bytes->size()) / kib, [bytes] {
            ws::Utf8 utf8;
            expect(utf8.feed(*bytes) && utf8.complete(), "valid text was refused");
            keep(utf8.complete());
          }};
}

const std::string browser_head =
    "GET /desk HTTP/1.1\r\n"
    "Host: bridge.example.org:8443\r\n"
    "Connection: keep-alive, Upgrade\r\n"
    "Pragma: no-cache\r\n"
    "Cache-Control: no-cache\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
    "Upgrade: websocket\r\n"
    "Origin: https://app.example.org\r\n"
    "Sec-WebSocket-Version: 13\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Accept-Language: en-US,en;q=0.5\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Extensions: permessage-deflate\r\n"
    "Sec-WebSocket-Protocol: binary\r\n"
    "\r\n";

Work parsing() {
  return {"head", "head", 1, [] {
            const auto head = net::Head::parse(browser_head);
            expect(head.has_value(), "a good head was refused");
            ws::Upgrade upgrade;
            expect(!ws::check_upgrade(head->request(), upgrade), "a good upgrade was refused");
            keep(upgrade.accept.size());
          }};
}

// Of one request among a hundred routes: rate, form, route, origin, subprotocol.
Work admitting() {
  struct World {
    std::vector<config::Route> routes;
    policy::RouteTable table;
    policy::Limiter limiter{{.sessions = 1, .handshakes_per_client = 1e9, .handshake_burst = 1'000'000'000}};
    ws::Upgrade upgrade;
  };
  const auto world = std::make_shared<World>();
  for (int i = 0; i < 100; ++i) {
    config::Route route;
    route.backend.kind = config::Backend::Kind::echo;
    route.name = "route" + std::to_string(i);
    route.path = i == 50 ? "/desk" : "/" + route.name;
    route.origins.push_back(*ws::parse_origin_pattern("https://*.example.org"));
    world->routes.push_back(std::move(route));
  }
  world->table = policy::RouteTable(world->routes);
  const auto head = net::Head::parse(browser_head);
  expect(!ws::check_upgrade(head->request(), world->upgrade), "a good upgrade was refused");
  return {"admission", "request", 1, [world] {
            policy::Entry entry = world->limiter.enter(policy::Address{{1}}, Instant(std::chrono::hours(1)), 0.5);
            expect(entry.action == policy::Entry::Action::proceed, "the limiter refuses");
            const policy::Verdict verdict = policy::admit(world->routes, world->table, {}, world->upgrade, {});
            expect(verdict.admitted() && entry.permit.promote(), "a good request is not admitted");
            keep(*verdict.route);
          }};
}

// An end that has something to say once each time it is asked to, and takes all.
class MemoryEnd : public net::End {
 public:
  void say(std::span<const std::uint8_t> bytes) { bytes_ = bytes; }
  std::size_t taken() const { return taken_; }

  net::IoResult read(std::span<std::uint8_t> into) override {
    if (bytes_.empty()) return {net::IoStatus::again_read};
    const std::size_t size = std::min(bytes_.size(), into.size());
    std::copy_n(bytes_.begin(), size, into.begin());
    bytes_ = bytes_.subspan(size);
    return {net::IoStatus::ok, size, bytes_.empty()};
  }
  net::IoResult write(std::span<const std::uint8_t> bytes) override {
    taken_ += bytes.size();
    return {net::IoStatus::ok, bytes.size()};
  }
  net::IoStatus shut_write() override { return net::IoStatus::ok; }
  net::IoResult discard(std::span<std::uint8_t> scratch) override { return read(scratch); }

 private:
  std::span<const std::uint8_t> bytes_;
  std::size_t taken_ = 0;
};

// Messages up, and as many bytes back down, each in a turn of its own.
Work echoing(const std::string& name, std::size_t size, std::size_t frames_a_turn, int messages) {
  struct World {
    config::Route route;
    MemoryEnd browser;
    MemoryEnd backend;
    net::BufferBudget budget{1 << 20};
    net::Scratch scratch;
    Instant now = Instant(std::chrono::hours(1));
    net::Splice splice{route, browser, &backend, budget, now};
    Bytes frames;
    Bytes payload;
  };
  const auto world = std::make_shared<World>();
  std::string wire;
  for (std::size_t i = 0; i < frames_a_turn; ++i) {
    wire += testing::client_frame(ws::Opcode::binary, std::string(size, 'x'));
  }
  world->frames = bytes_of(wire);
  world->payload = Bytes(size * frames_a_turn, 'x');
  const auto turns = static_cast<std::size_t>(messages) / frames_a_turn;
  return {name, "message", static_cast<double>(messages), [world, turns] {
            const std::size_t before = world->backend.taken();
            for (std::size_t turn = 0; turn < turns; ++turn) {
              world->browser.say(world->frames);
              world->splice.browser_ready({.readable = true});
              while (world->splice.advance(world->now, world->scratch).again) {
              }
              world->backend.say(world->payload);
              world->splice.backend_ready({.readable = true});
              while (world->splice.advance(world->now, world->scratch).again) {
              }
            }
            expect(world->backend.taken() - before == turns * world->payload.size(), "not all came through");
            keep(world->browser.taken());
          }};
}

}  // namespace

std::vector<Work> works() {
  return {copying(),
          unmasking(),
          decoding("decode_64", 64, 1'000),
          decoding("decode_1k", kib, 64),
          decoding("decode_16k", 16 * kib, 4),
          validating("utf8_ascii", "The quick brown fox jumps over the lazy dog. "),
          validating("utf8_mixed", "Zwölf Boxkämpfer jagen Viktor; \u732b\u304c\u597d\u304d \U0001F600. "),
          parsing(),
          admitting(),
          echoing("session_64", 64, 1, 1'000),
          echoing("session_64_many", 64, 100, 1'000),
          echoing("session_16k", 16 * kib, 1, 100)};
}

void keep(std::size_t result) {
  asm volatile("" : : "r"(result) : "memory");
}

}  // namespace bench
