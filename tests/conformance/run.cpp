#include "conformance/run.hpp"

#include "conformance/incoming.hpp"
#include "support/pattern.hpp"
#include "support/raw_client.hpp"

#include <exception>
#include <sstream>

#include <boost/test/unit_test.hpp>

namespace drawbridge::conformance {
namespace {

using testing::Wire;

// No limit on handshakes: a case is a connection.
std::string configuration(Transport transport) {
  return "listeners:\n" + (transport == Transport::tls ? testing::tls_listener() : "  - { bind: \"127.0.0.1:0\" }\n") +
         "routes:\n  - { name: echo, path: /echo, origins: [ \"" + std::string(testing::usual_origin) +
         "\" ], backend: \"echo:\" }\n" + "limits: { handshake_burst: 100000 }\n";
}

struct Outcome {
  Incoming incoming;
  std::string end;         // of the connection
  testing::Record record;  // in the log
};

template <class Condition>
void read_while(Wire& wire, Incoming& incoming, Condition condition) {
  while (condition()) {
    const std::string piece = wire.read_some();
    if (piece.empty()) throw testing::EndOfStream("it ended without a Close");
    incoming.take(piece);
  }
}

// Sends the steps, and reads as far as they wait for events.
void play(const Case& each, Wire& wire, Incoming& incoming) {
  std::size_t wanted = 0;
  const auto waits = [&] { return incoming.events().size() < wanted && !incoming.close(); };
  for (const Step& step : each.sends) {
    wanted = &step == &each.sends.back() ? each.expected.size() : step.await;
    std::string_view left = step.bytes;
    const auto next = [&] {
      const std::string_view piece = left.substr(0, step.chop == 0 ? left.size() : step.chop);
      left.remove_prefix(piece.size());
      return piece;
    };
    if (waits()) {
      wire.exchange(next, [&](std::string_view bytes) {
        incoming.take(bytes);
        return waits();
      });
    } else {
      while (!left.empty()) wire.write(next());
    }
  }
  wanted = each.expected.size();
  read_while(wire, incoming, waits);  // where all was sent behind the head
}

// The closing handshake; it is the server that closes the connection (RFC 6455 §7.1.1).
void end(const Ending& ending, Wire& wire, Incoming& incoming) {
  if (ending.starts == Ending::Starts::client) wire.write(testing::client_close(1000));
  read_while(wire, incoming, [&] { return !incoming.close(); });
  for (std::string piece = wire.read_some(); !piece.empty(); piece = wire.read_some()) incoming.take(piece);
}

// A server that fails the connection need not wait for the answer (§7.1.7): the answer may come too late.
void answer_close(Wire& wire, const Incoming& incoming) {
  try {
    wire.write(testing::client_close(static_cast<std::uint16_t>(incoming.close()->code)));
  } catch (const testing::ConnectionReset&) {
  }
}

Outcome converse(const Case& each, Bridge& bridge) {
  Outcome outcome;
  try {
    Wire wire = bridge.open(each.behind_head);
    try {
      play(each, wire, outcome.incoming);
    } catch (const testing::ConnectionReset&) {  // the server may close while the rest is sent: its words count
    } catch (const testing::EndOfStream&) {
    }
    end(each.ending, wire, outcome.incoming);
    outcome.end = "closed";
    if (each.ending.starts == Ending::Starts::server) answer_close(wire, outcome.incoming);
  } catch (const std::exception& error) {
    outcome.end = error.what();
  }
  outcome.record = bridge.daemon().wait_for("session");
  return outcome;
}

std::string describe(std::string_view payload) {
  std::ostringstream out;
  out << '"';
  for (const char byte : payload.substr(0, 40)) {
    constexpr const char* digits = "0123456789ABCDEF";
    const auto value = static_cast<unsigned char>(byte);
    if (value >= ' ' && value < 0x7F)
      out << byte;
    else
      out << "\\x" << digits[value >> 4U] << digits[value & 15U];
  }
  out << (payload.size() > 40 ? "\"... (" : "\" (") << payload.size() << ')';
  return out.str();
}

std::string describe(const std::vector<Event>& events) {
  std::string out;
  for (std::size_t i = 0; i < events.size() && i < 12; ++i) {
    const Event& event = events[i];
    out += event.kind == Op::pong ? "pong " : event.kind == Op::text ? "text " : "binary ";
    out += describe(event.payload) + "; ";
  }
  return out + "in all " + std::to_string(events.size());
}

std::string describe(const std::optional<Close>& close) {
  return close ? "Close " + std::to_string(close->code) + " " + describe(close->text) : "no Close";
}

// Where the events begin to differ, which two long payloads do not show.
std::string difference(const std::vector<Event>& expected, const std::vector<Event>& got) {
  for (std::size_t i = 0; i < expected.size() && i < got.size(); ++i) {
    if (expected[i] == got[i]) continue;
    const std::size_t at = testing::first_difference(expected[i].payload, got[i].payload);
    return "event " + std::to_string(i + 1) +
           (at == std::string_view::npos ? ": its kind" : ", byte " + std::to_string(at));
  }
  return "their number";
}

void judge(const Case& each, const Outcome& outcome) {
  const Incoming& got = outcome.incoming;
  if (got.events() != each.expected) {
    BOOST_ERROR("events: expected " << describe(each.expected) << "\n  got " << describe(got.events())
                                    << "\n  first difference: " << difference(each.expected, got.events()));
  }
  const std::string_view begun = got.begun().value_or("");
  if (begun != each.begun) {
    BOOST_ERROR("of a message without end: expected " << describe(each.begun) << ", got " << describe(begun));
  }
  const std::optional<Close> close = Close{each.ending.code, std::string(each.ending.text)};
  if (got.close() != close) BOOST_ERROR("expected " << describe(close) << ", got " << describe(got.close()));
  if (outcome.end != "closed") BOOST_ERROR("the connection: expected the server to close it, got: " << outcome.end);
  BOOST_TEST(outcome.record["reason"] == each.ending.reason);
  BOOST_TEST(outcome.record["code"] == std::to_string(each.ending.code));
  std::size_t payload = begun.size();
  for (const Event& event : got.events()) payload += event.kind == Op::pong ? 0 : event.payload.size();
  BOOST_TEST(outcome.record.number("down_bytes") == payload);
}

}  // namespace

Bridge::Bridge(Transport transport) : transport_(transport), daemon_(configuration(transport)) {}

Wire Bridge::open(std::string_view behind_head) {
  Wire wire = testing::connect_tcp(daemon_.port());
  if (transport_ == Transport::tls) wire.start_tls({});
  const testing::Head head("/echo");
  wire.write(head.text().append(behind_head));
  const std::string answer = wire.read_until("\r\n\r\n");
  if (!answer.starts_with("HTTP/1.1 101 ")) throw std::runtime_error("no upgrade: " + answer);
  return wire;
}

void run(const Case& each, Bridge& bridge) {
  BOOST_TEST_CONTEXT(each.number << ", " << each.title) {
    const Outcome outcome = converse(each, bridge);
    BOOST_TEST_CONTEXT("the daemon: " << outcome.record.line) judge(each, outcome);
  }
}

}  // namespace drawbridge::conformance
