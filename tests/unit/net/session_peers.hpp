#pragma once

#include "config/config.hpp"
#include "support/choices.hpp"
#include "support/frames.hpp"
#include "ws/decoder.hpp"

#include <array>
#include <stdexcept>
#include <string>
#include <vector>

namespace drawbridge::testing {

// Peers that do all that is expected of them, or anything.
enum class Manners : std::uint8_t { good, any };

// What is behind the route: a service, or nothing, so that messages go back.
enum class Behind : std::uint8_t { service, echo };

// Whether a trace hears of what crosses.
enum class Heard : std::uint8_t { no, yes };

// Throws what is broken: a finding of a fuzzer, a failure of a test.
inline void promise(bool kept, const std::string& what) {
  if (!kept) throw std::logic_error(what);
}

// A byte of text for each place, so that lost, doubled or moved ones show.
inline char letter(std::size_t place) {
  return static_cast<char>(' ' + (place * 0x9E3779B97F4A7C15U >> 40U) % 90);
}

inline config::Route chosen_route(Choices& choices, Manners manners) {
  config::Route route;
  if (choices.one_in(3)) route.message_type = config::MessageType::text;
  if (choices.one_in(6)) route.limits.upstream_rate = choices.one_of({400.0, 3'000.0, 1e9});
  if (choices.one_in(6)) route.limits.downstream_rate = choices.one_of({400.0, 3'000.0, 1e9});
  if (choices.one_in(6)) route.limits.messages_per_second = choices.one_of({0.5, 20.0, 1e6});
  if (manners == Manners::good) return route;

  using Limit = std::optional<config::Milliseconds>;
  if (choices.one_in(8)) route.limits.session_bytes = 1 + choices.size(40'000);
  if (choices.one_in(8)) route.limits.frame = 1 + choices.size(5'000);
  if (choices.one_in(8)) route.limits.message = 1 + choices.size(5'000);
  if (choices.one_in(8)) route.accepts = choices.one_of({ws::Accepts::binary, ws::Accepts::text});
  route.timeouts.idle = choices.one_of({Limit(), Limit(), Limit(700), Limit(30'000)});
  route.timeouts.lifetime = choices.one_of({Limit(), Limit(), Limit(5'000), Limit(3'600'000)});
  route.timeouts.ping = choices.one_of({Limit(), Limit(300), Limit(20'000)});
  route.timeouts.dead = choices.one_of({Limit(), Limit(1'000), Limit(60'000)});
  route.timeouts.stall = choices.one_of({Limit(), Limit(900), Limit(60'000)});
  route.timeouts.close =
      choices.one_of({config::Milliseconds(1), config::Milliseconds(400), config::Milliseconds(5'000)});
  return route;
}

// All that a browser has to say.
struct BrowserScript {
  std::string wire;
  std::string payload;                // of the data frames
  std::vector<std::string> messages;  // finished ones, each behind its type: "1" text, "2" binary
  bool closes = false;
};

inline BrowserScript chosen_browser(Choices& choices, Manners manners, Behind behind) {
  using ws::Opcode;
  BrowserScript script;
  std::string message;
  const std::size_t frames = choices.size(60);
  bool in_message = false;
  for (std::size_t i = 0; i < frames; ++i) {
    if (choices.one_in(6)) {
      script.wire += client_frame(choices.one_of({Opcode::ping, Opcode::pong}), std::string(choices.below(126), 'p'));
      continue;
    }
    std::string payload(choices.one_in(40) ? 70'000 : choices.size(3'000), '\0');
    for (std::size_t at = 0; at < payload.size(); ++at) payload[at] = letter(script.payload.size() + at);
    const bool fin = !choices.one_in(3);
    const Opcode first = choices.one_of({Opcode::text, Opcode::binary});
    script.wire += client_frame(in_message ? Opcode::continuation : first, payload, fin);
    script.payload += payload;
    if (!in_message) message = first == Opcode::text ? "1" : "2";
    message += payload;
    if (fin) script.messages.push_back(message);
    in_message = !fin;
  }
  if (manners == Manners::any && choices.one_in(6)) {
    script.wire += choices.one_of({"\x82\x01x",                       // not masked
                                   "\xC2\x80\x01\x02\x03\x04",        // a reserved bit
                                   "\x81\x81\x01\x01\x01\x01\xFE",    // not UTF-8, or a message in a message
                                   "\x88\x81\x01\x01\x01\x01\x01"});  // a Close with half a code
  }
  // Nobody else would end an echo.
  script.closes = choices.one_in(2) || (behind == Behind::echo && manners == Manners::good);
  if (script.closes) {
    script.wire += choices.one_in(3) ? client_frame(Opcode::close, "")
                                     : client_close(choices.one_of<std::uint16_t>({1000, 1001, 3000}), "bye");
    if (choices.one_in(4)) script.wire += client_frame(Opcode::binary, "after the end");
  }
  return script;
}

inline std::string chosen_backend(Choices& choices, Manners manners) {
  std::string bytes;
  const std::size_t size = choices.one_in(30) ? 200'000 : choices.size(20'000);
  constexpr std::array<std::string_view, 5> texts{"a", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x8C\x89", "plain ascii"};
  for (std::size_t i = 0; bytes.size() < size; ++i)
    bytes += texts[static_cast<unsigned char>(letter(i)) % texts.size()];
  if (manners == Manners::any && choices.one_in(5)) bytes.resize(size);  // perhaps inside a code point
  if (manners == Manners::any && choices.one_in(8)) bytes += "\xFF...";
  return bytes;
}

// What a browser sees.
struct Seen {
  std::string payload;            // that of a frame which is cut included
  std::vector<ServerFrame> data;  // whole frames
  std::size_t closes = 0;
  int close_code = 0;
  bool cut = false;
};

inline Seen look_at(const std::string& bytes) {
  Seen seen;
  for (ServerFrame& frame : server_frames(bytes)) {
    promise(seen.closes == 0, "nothing follows the Close frame");
    if (frame.opcode == -1) {
      seen.cut = true;
      const std::size_t second = frame.payload.size() < 2 ? 0 : static_cast<unsigned char>(frame.payload[1]);
      const std::size_t header = second == 127 ? 10 : second == 126 ? 4 : 2;
      const bool data = (static_cast<unsigned char>(frame.payload[0]) & 0xF) < 8;
      if (data && frame.payload.size() > header) seen.payload += frame.payload.substr(header);
    } else if (frame.opcode == 8) {
      ++seen.closes;
      seen.close_code = frame.code();
    } else if (frame.opcode <= 2) {
      seen.payload += frame.payload;
      seen.data.push_back(std::move(frame));
    } else {
      promise(frame.fin && (frame.opcode == 9 || frame.opcode == 10), "no opcode is made up");
    }
  }
  return seen;
}

// Frames made of a service's bytes are whole messages of the route's type.
inline void check_messages(const std::vector<ServerFrame>& frames, bool text) {
  for (const ServerFrame& frame : frames) {
    ws::Utf8 whole;
    const auto* payload = reinterpret_cast<const std::uint8_t*>(frame.payload.data());
    promise(frame.fin && frame.opcode == (text ? 1 : 2), "every frame is a message of the route's type");
    promise(!text || (whole.feed({payload, frame.payload.size()}) && whole.complete()), "text is UTF-8");
    promise(!frame.payload.empty(), "no empty message is made up");
  }
}

// Frames of an echo are the messages that were sent, in their order.
inline void check_echoes(const std::vector<ServerFrame>& frames, const std::vector<std::string>& sent) {
  std::string message;
  auto expected = sent.begin();
  for (const ServerFrame& frame : frames) {
    promise((frame.opcode == 0) == !message.empty(), "fragments follow each other");
    if (message.empty()) message = std::to_string(frame.opcode);
    message += frame.payload;
    if (!frame.fin) continue;
    promise(expected != sent.end() && message == *expected++, "an echo keeps type and boundaries");
    message.clear();
  }
}

// The payload in what was read of a browser, by an independent run of the decoder.
inline std::uint64_t payload_in(std::string wire, const config::Route& route) {
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

}  // namespace drawbridge::testing
