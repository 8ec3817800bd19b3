#include "support/backend.hpp"
#include "support/channel.hpp"
#include "support/daemon.hpp"
#include "support/raw_client.hpp"
#include "support/websocket_client.hpp"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace drawbridge::testing;

namespace {

struct Desk {
  Backend backend{echo()};
  Daemon daemon{simple(backend.port())};
};

struct Violation {
  const char* what;
  std::string bytes;
  std::uint16_t code;
  const char* reason;
};

std::vector<Violation> violations() {
  const std::string hello = "hello";
  std::vector<Violation> rows{
      {"an unmasked frame", frame(Op::binary, hello, {.masked = false}), 1002, "protocol_error"},
      {"an unmasked Close", frame(Op::close, close_payload(1000), {.masked = false}), 1002, "protocol_error"},
      {"a fragmented ping", frame(Op::ping, hello, {.fin = false}), 1002, "protocol_error"},
      {"a ping of 126 bytes", frame(Op::ping, std::string(126, 'p')), 1002, "protocol_error"},
      {"a continuation of nothing", frame(Op::continuation, hello), 1002, "protocol_error"},
      {"a message within a message", frame(Op::binary, hello, {.fin = false}) + frame(Op::binary, hello), 1002,
       "protocol_error"},
      {"5 as a 16-bit length", frame(Op::binary, hello, {.length_bytes = 2}), 1002, "protocol_error"},
      {"5 as a 64-bit length", frame(Op::binary, hello, {.length_bytes = 8}), 1002, "protocol_error"},
      {"a length above 2^63", frame(Op::binary, "", {.length_bytes = 8, .announce = std::uint64_t{1} << 63}), 1002,
       "protocol_error"},
      {"a Close of one byte", frame(Op::close, "x"), 1002, "protocol_error"},
      {"a Close reason that is no UTF-8", frame(Op::close, close_payload(1000, "\xff")), 1007, "utf8"},
      {"text that is no UTF-8", frame(Op::text, "a\xc3("), 1007, "utf8"},
      {"a surrogate", frame(Op::text, "\xed\xa0\x80"), 1007, "utf8"},
      {"text that ends within a code point", frame(Op::text, "a\xe2\x82"), 1007, "utf8"},
      {"a frame of 17 MiB", frame(Op::binary, "", {.announce = 17ULL << 20}), 1009, "frame_too_big"},
  };
  for (const unsigned reserved : {1U, 2U, 4U}) {
    rows.push_back({"a reserved bit", frame(Op::binary, hello, {.reserved = reserved}), 1002, "protocol_error"});
  }
  for (const unsigned opcode : {3U, 7U, 11U, 15U}) {
    rows.push_back({"a reserved opcode", frame(static_cast<Op>(opcode), hello), 1002, "protocol_error"});
  }
  for (const std::uint16_t code : std::vector<std::uint16_t>{0, 999, 1004, 1005, 1006, 1015, 2000, 5000}) {
    rows.push_back(
        {"a Close with a code nobody may send", frame(Op::close, close_payload(code)), 1002, "protocol_error"});
  }
  return rows;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(frames, Desk)

BOOST_AUTO_TEST_CASE(each_violation_closes_with_its_code_and_other_sessions_go_on) {
  RawClient other = RawClient::open(daemon.port());
  for (const Violation& each : violations()) {
    for (const bool byte_by_byte : {false, true}) {
      BOOST_TEST_CONTEXT(each.what << (byte_by_byte ? ", byte by byte" : "")) {
        RawClient client = RawClient::open(daemon.port());
        const std::string good = frame(Op::binary, "good");
        if (byte_by_byte) {
          client.send(good);
          for (const char byte : each.bytes) client.send({&byte, 1});
        } else {
          client.send(good + each.bytes);
        }
        const Close close = client.read_close();
        BOOST_TEST(close.code == each.code);
        BOOST_TEST(close.text == each.reason);
        client.finish();
        const Record record = daemon.session(each.reason);
        BOOST_TEST(record["code"] == std::to_string(each.code));
        BOOST_TEST(record.number("up_bytes") >= 4U);  // what was good before it was delivered
        other.send_frame(Op::binary, "still here");
        BOOST_TEST(other.read_payload(10) == "still here");
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(payload_before_a_violation_is_delivered) {
  Channel<std::string> received;
  const Backend recorder([&](Wire& wire) { received.push(wire.read_to_end_or_reset()); });
  Daemon recording(simple(recorder.port()));
  RawClient client = RawClient::open(recording.port());
  client.send(frame(Op::binary, "delivered") + frame(Op::binary, "x", {.reserved = 7}) + frame(Op::binary, "not"));
  BOOST_TEST(client.read_close().code == 1002);
  BOOST_TEST(received.pop() == "delivered");
}

BOOST_AUTO_TEST_CASE(pings_are_answered_with_their_payload) {
  RawClient client = RawClient::open(daemon.port());
  for (const std::string& payload : {std::string(), std::string("abc"), std::string(125, 'p')}) {
    client.send_frame(Op::ping, payload);
    const Frame pong = client.read_frame();
    BOOST_TEST((pong.opcode == Op::pong));
    BOOST_TEST(pong.fin);
    BOOST_TEST(pong.payload == payload);
  }
  WebSocketClient browser(daemon.port());
  browser.ping("are you there");
  browser.write("x");
  BOOST_TEST(browser.read_bytes(1) == "x");
  BOOST_TEST(browser.take_pongs().at(0) == "are you there");
}

BOOST_AUTO_TEST_CASE(of_many_pings_the_newest_is_answered) {
  RawClient client = RawClient::open(daemon.port());
  std::string burst;
  for (int i = 0; i < 1000; ++i) burst += frame(Op::ping, "ping " + std::to_string(i));
  client.send(burst);
  std::string newest;
  int pongs = 0;
  while (newest != "ping 999") {
    const Frame pong = client.read_frame();
    BOOST_REQUIRE((pong.opcode == Op::pong));
    newest = pong.payload;
    ++pongs;
  }
  BOOST_TEST(pongs <= 1000);
}

BOOST_AUTO_TEST_CASE(unasked_pongs_are_taken_in_silence) {
  RawClient client = RawClient::open(daemon.port());
  client.send(frame(Op::pong, "unasked") + frame(Op::binary, "data"));
  BOOST_TEST(client.read_payload(4) == "data");
}

BOOST_AUTO_TEST_CASE(control_frames_may_stand_between_fragments) {
  RawClient client = RawClient::open(daemon.port());
  client.send(frame(Op::binary, "one ", {.fin = false}) + frame(Op::ping, "p") +
              frame(Op::continuation, "", {.fin = false}) + frame(Op::pong, "q") + frame(Op::continuation, "message"));
  std::string payload;
  bool pong = false;
  while (payload.size() < 11 || !pong) {
    const Frame next = client.read_frame();
    if (next.opcode == Op::pong)
      pong = true;
    else
      payload += next.payload;
  }
  BOOST_TEST(payload == "one message");
  client.finish();
  const Record record = daemon.session("client_closed");
  BOOST_TEST(record.number("up_frames") == 3U);
  BOOST_TEST(record.number("up_messages") == 1U);
}

BOOST_AUTO_TEST_CASE(text_may_be_cut_anywhere) {
  RawClient client = RawClient::open(daemon.port());
  const std::string text = "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x8c\x89";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    client.send_frame(Op::text, text.substr(0, cut), {.fin = false});
    client.send_frame(Op::continuation, text.substr(cut));
    BOOST_TEST(client.read_payload(text.size()) == text, "cut at " << cut);
  }
}

BOOST_AUTO_TEST_CASE(empty_frames_and_messages_do_no_harm) {
  RawClient client = RawClient::open(daemon.port());
  std::string bytes;
  for (int i = 0; i < 100; ++i) bytes += frame(Op::binary, "") + frame(Op::text, "");
  client.send(bytes + frame(Op::binary, "end"));
  BOOST_TEST(client.read_payload(3) == "end");
}

BOOST_AUTO_TEST_CASE(close_codes_and_reasons_of_a_browser_are_echoed) {
  for (const std::uint16_t code : std::vector<std::uint16_t>{1000, 1001, 1003, 1011, 3000, 4999}) {
    RawClient client = RawClient::open(daemon.port());
    client.send_frame(Op::close, close_payload(code, "bye"));
    BOOST_TEST(client.read_close().code == code);
    BOOST_TEST(client.wire().read_to_end() == "");
    BOOST_TEST(daemon.session("client_closed")["code"] == std::to_string(code));
  }
  RawClient client = RawClient::open(daemon.port());
  client.send_frame(Op::close, "");
  BOOST_TEST(client.read_close().code == 1005);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(message_types)

BOOST_AUTO_TEST_CASE(a_route_may_take_one_type_only) {
  const Backend backend(echo());
  Daemon daemon(configuration(tls_listener(), route("binary", backend.port(), ", accepts: binary") +
                                                  route("text", backend.port(), ", accepts: text")));
  const auto code = [&](const char* target, Op opcode) -> std::uint16_t {
    RawClient client = RawClient::open(daemon.port(), Head(target));
    client.send_frame(opcode, "data");
    const Frame answer = client.read_frame();
    if (answer.opcode != Op::close) return 0;
    client.finish();
    BOOST_TEST(daemon.session("data_type")["code"] == "1003");
    return 1003;
  };
  BOOST_TEST(code("/binary", Op::binary) == 0);
  BOOST_TEST(code("/binary", Op::text) == 1003);
  BOOST_TEST(code("/text", Op::text) == 0);
  BOOST_TEST(code("/text", Op::binary) == 1003);
}

BOOST_AUTO_TEST_CASE(text_to_the_browser_never_splits_a_code_point) {
  // The backend sends a byte at a time, so that every read may end within a code point.
  std::string text;
  for (int i = 0; i < 200; ++i)
    text +=
        "\xe2\x82\xac\xc3\xa9"
        "a\xf0\x9f\x8c\x89";
  const Backend backend([&](Wire& wire) {
    for (const char byte : text) wire.write({&byte, 1});
    read_until_stopped(wire);
  });
  Daemon daemon(simple(backend.port(), ", message_type: text"));
  RawClient client = RawClient::open(daemon.port());
  std::string received;
  while (received.size() < text.size()) {
    const Frame next = client.read_frame();
    BOOST_REQUIRE((next.opcode == Op::text));
    BOOST_REQUIRE(next.fin);
    BOOST_REQUIRE(!next.payload.empty());
    BOOST_REQUIRE((static_cast<unsigned char>(next.payload[0]) & 0xC0U) != 0x80U);  // begins with no continuation byte
    received += next.payload;
  }
  BOOST_TEST((received == text));
}

BOOST_AUTO_TEST_CASE(a_backend_that_sends_no_utf8_on_a_text_route_ends_the_session) {
  for (const std::string& tail : {std::string("\xff"), std::string("\xe2\x82")}) {
    const Backend backend(serve("fine " + tail));
    Daemon daemon(simple(backend.port(), ", message_type: text"));
    WebSocketClient browser(daemon.port());
    std::string payload;
    const Close close = browser.read_close(&payload);
    BOOST_TEST(close.code == 1011);
    BOOST_TEST(close.text == "backend_text");
    // What was valid may have crossed; every byte is accounted for.
    BOOST_TEST(std::string("fine ").starts_with(payload), payload);
    const Record record = daemon.session("backend_text");
    BOOST_TEST(record.number("down_bytes") == payload.size());
    BOOST_TEST(record.number("down_bytes") + record.number("down_discarded") == 5 + tail.size());
  }
}

BOOST_AUTO_TEST_SUITE_END()
