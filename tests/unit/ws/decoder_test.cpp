#include "ws/decoder.hpp"

#include "unit/ws/transcript.hpp"

#include <limits>
#include <string>
#include <utility>

#include <boost/test/unit_test.hpp>

namespace drawbridge::ws {
namespace {

using namespace std::string_literals;
using Step = Transcript::Step;

constexpr auto data = Event::Kind::data;
constexpr auto ping = Event::Kind::ping;
constexpr auto pong = Event::Kind::pong;
constexpr auto close = Event::Kind::close;
constexpr auto text = Opcode::text;
constexpr auto binary = Opcode::binary;
constexpr auto continuation = Opcode::continuation;

// Whole, byte by byte, and cut in two at every place: always the same. Returns the transcript.
Transcript decode_every_way(const Bytes& bytes, const DecoderLimits& limits = {}) {
  Transcript whole = decode_whole(bytes, limits);
  BOOST_TEST(decode_byte_by_byte(bytes, limits) == whole);
  // Where headers are told, all else is the same.
  Transcript told = decode_whole(bytes, limits, Headers::told);
  BOOST_TEST(decode_byte_by_byte(bytes, limits, Headers::told) == told);
  told.told.clear();
  BOOST_TEST(told == whole);
  for (std::size_t split = 1; split < bytes.size(); ++split) {
    const Transcript cut = decode_split_at(bytes, split, limits);
    if (cut != whole) BOOST_TEST(cut == whole, "split at " << split << ": " << cut << "\nwhole: " << whole);
  }
  return whole;
}

void expect(const std::string& name, const Bytes& bytes, const std::vector<Step>& steps,
            std::optional<Reason> error = std::nullopt, const DecoderLimits& limits = {}) {
  BOOST_TEST_CONTEXT(name) {
    Transcript transcript = decode_every_way(bytes, limits);
    BOOST_TEST((transcript.steps == steps), transcript);
    BOOST_TEST((transcript.error == error), transcript);
  }
}

BOOST_AUTO_TEST_SUITE(decoder)

BOOST_AUTO_TEST_CASE(the_examples_of_rfc_6455_decode) {
  expect("§5.7 masked Hello", {0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58},
         {{data, text, true, "Hello"}});
  expect("§5.7 fragmented Hello", encode({{text, "Hel", false}, {continuation, "lo"}}), {{data, text, true, "Hello"}});
  expect("§5.7 ping", encode({{Opcode::ping, "Hello"}}), {{ping, binary, false, "Hello"}});
  expect("§5.7 pong", encode({{Opcode::pong, "Hello"}}), {{pong, binary, false, "Hello"}});
  const std::string bytes256(256, 'x');
  expect("§5.7 256 bytes", encode({{binary, bytes256}}), {{data, binary, true, bytes256}});
}

BOOST_AUTO_TEST_CASE(each_header_is_told_as_it_was_sent_before_what_it_carries) {
  const Bytes bytes = encode({{text, "Hel", false},
                              {Opcode::ping, "now"},
                              {continuation, "", false},
                              {continuation, ""},
                              {binary, "small"},
                              {binary, std::string(70'000, 'x')},
                              {Opcode::close, ""}});
  const std::vector<Transcript::Told> sent{{text, false, 3},        {Opcode::ping, true, 3}, {continuation, false, 0},
                                           {continuation, true, 0}, {binary, true, 5},       {binary, true, 70'000},
                                           {Opcode::close, true, 0}};
  BOOST_TEST((decode_whole(bytes, {}, Headers::told).told == sent));
  BOOST_TEST((decode_byte_by_byte(bytes, {}, Headers::told).told == sent));

  // A long one is told when its header is there, and a refused one is not.
  Bytes header = encode({{.opcode = binary, .announced = 1ULL << 40U}});
  BOOST_TEST(
      (decode_whole(header, {}, Headers::told).told == std::vector<Transcript::Told>{{binary, true, 1ULL << 40U}}));
  BOOST_TEST(decode_whole(header, {.frame = 1024}, Headers::told).told.empty());
}

BOOST_AUTO_TEST_CASE(telling_headers_can_begin_and_end_between_any_two_events) {
  Bytes bytes = encode({{binary, "one"}, {binary, "two"}, {binary, "three"}});
  Input input(bytes);
  Decoder decoder;
  BOOST_TEST((decoder.next(input).kind == data));
  decoder.tell_frames(true);
  BOOST_TEST((decoder.next(input).kind == Event::Kind::frame));
  decoder.tell_frames(false);
  BOOST_TEST(decoder.next(input).payload.size() == 3U);
  BOOST_TEST(decoder.next(input).payload.size() == 5U);
  BOOST_TEST((decoder.next(input).kind == Event::Kind::more));
}

BOOST_AUTO_TEST_CASE(every_length_around_a_header_boundary_decodes) {
  for (const std::size_t size : {0U, 1U, 2U, 3U, 15U, 16U, 17U, 124U, 125U, 126U, 127U, 255U, 256U, 257U, 1000U}) {
    for (const Opcode opcode : {text, binary}) {
      const std::string payload(size, 'p');
      expect("size " + std::to_string(size), encode({{opcode, payload}}), {{data, opcode, true, payload}});
    }
  }
}

BOOST_AUTO_TEST_CASE(lengths_in_eight_bytes_decode) {
  for (const std::size_t size : {65535U, 65536U, 65537U, 200000U}) {
    std::string payload(size, '\0');
    for (std::size_t i = 0; i < size; ++i) payload[i] = static_cast<char>(i * 31 / 7);
    const Bytes bytes = encode({{binary, payload}, {binary, "next"}});
    const std::vector<Step> steps{{data, binary, true, payload}, {data, binary, true, "next"}};
    BOOST_TEST_CONTEXT("size " << size) {
      BOOST_TEST((decode_whole(bytes).steps == steps));
      BOOST_TEST((decode_byte_by_byte(bytes).steps == steps));
      for (std::size_t split = 1; split < 40; ++split) BOOST_TEST((decode_split_at(bytes, split).steps == steps));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_length_that_looks_like_a_frame_is_none) {
  const std::string payload(200, 'x');
  expect("0x8281 bytes", encode({{.opcode = binary, .payload = payload, .announced = 0x8281}}),
         {{data, binary, false, payload}});
}

BOOST_AUTO_TEST_CASE(an_empty_fragment_alone_is_no_event) {
  Bytes bytes = encode({{binary, "", false}, {continuation, "", false}});
  Input input(bytes);
  Decoder decoder;
  BOOST_TEST((decoder.next(input).kind == Event::Kind::more));
  BOOST_TEST(decoder.frames() == 2U);
}

BOOST_AUTO_TEST_CASE(messages_keep_their_boundaries) {
  expect("two messages", encode({{binary, "ab"}, {text, "cd"}, {binary, "ef"}}),
         {{data, binary, true, "ab"}, {data, text, true, "cd"}, {data, binary, true, "ef"}});
  expect("an empty message is told", encode({{text, ""}, {binary, ""}}),
         {{data, text, true, ""}, {data, binary, true, ""}});
  expect("an empty last fragment ends its message", encode({{text, "ab", false}, {continuation, ""}}),
         {{data, text, true, "ab"}});
  expect("an empty message of empty fragments",
         encode({{binary, "", false}, {continuation, "", false}, {continuation, ""}, {binary, "x"}}),
         {{data, binary, true, ""}, {data, binary, true, "x"}});
  expect("a message without its end", encode({{binary, "ab", false}}), {{data, binary, false, "ab"}});
}

BOOST_AUTO_TEST_CASE(control_frames_stand_between_fragments) {
  expect("ping and pong inside",
         encode({{text, "a", false},
                 {Opcode::ping, "1"},
                 {continuation, "b", false},
                 {Opcode::pong, ""},
                 {continuation, "c"}}),
         {{data, text, false, "a"},
          {ping, binary, false, "1"},
          {data, text, false, "b"},
          {pong, binary, false, ""},
          {data, text, true, "c"}});
  expect("a code point goes on behind a ping",
         encode({{text, "\xE2", false}, {Opcode::ping, "\xFF"}, {continuation, "\x82\xAC"}}),
         {{data, text, false, "\xE2"}, {ping, binary, false, "\xFF"}, {data, text, true, "\x82\xAC"}});
  expect("close inside", encode({{binary, "a", false}, {Opcode::close, "\x03\xE8"}}),
         {{data, binary, false, "a"}, {close, binary, false, "\x03\xE8"}});
  const std::string longest(125, 'p');
  expect("125 bytes", encode({{Opcode::ping, longest}, {Opcode::pong, longest}}),
         {{ping, binary, false, longest}, {pong, binary, false, longest}});
}

BOOST_AUTO_TEST_CASE(a_close_ends_everything) {
  expect("empty", encode({{Opcode::close, ""}, {binary, "late"}}), {{close, binary, false, ""}});
  expect("code and reason", encode({{Opcode::close, "\x0F\xA0r\xC3\xA9"}}),
         {{close, binary, false, "\x0F\xA0r\xC3\xA9"}});
  expect("garbage behind",
         [] {
           Bytes bytes = encode({{Opcode::close, "\x03\xE8"}});
           bytes.insert(bytes.end(), 20, 0xFF);
           return bytes;
         }(),
         {{close, binary, false, "\x03\xE8"}});

  Decoder decoder;
  Bytes bytes = encode({{Opcode::close, ""}, {binary, "late"}});
  Input input(bytes);
  BOOST_TEST((decoder.next(input).kind == close));
  BOOST_TEST((decoder.next(input).kind == Event::Kind::more));
  BOOST_TEST((input.read == input.end));
  BOOST_TEST(decoder.messages() == 0U);
}

std::string close_payload(unsigned code, const std::string& reason = "") {
  return std::string{static_cast<char>(code >> 8U), static_cast<char>(code & 0xFFU)} + reason;
}

BOOST_AUTO_TEST_CASE(only_close_codes_that_may_be_sent_are_taken) {
  for (unsigned code = 0; code <= 0xFFFF; ++code) {
    const bool good =
        (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
    const Transcript transcript = decode_whole(encode({{Opcode::close, close_payload(code)}}));
    const auto error = good ? std::nullopt : std::optional(Reason::protocol_error);
    if (transcript.error != error || transcript.steps.size() != (good ? 1U : 0U)) {
      BOOST_TEST(false, "code " << code << ": " << transcript);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_bad_close_payload_is_an_error) {
  expect("one byte", encode({{Opcode::close, "\x03"}}), {}, Reason::protocol_error);
  expect("code 999", encode({{Opcode::close, close_payload(999)}}), {}, Reason::protocol_error);
  expect("code 1005", encode({{Opcode::close, close_payload(1005)}}), {}, Reason::protocol_error);
  expect("reason not UTF-8", encode({{Opcode::close, close_payload(1000, "\xCE\xBA\xED\xA0\x80")}}), {}, Reason::utf8);
  expect("reason cut in a code point", encode({{Opcode::close, close_payload(1000, "\xE2\x82")}}), {}, Reason::utf8);
  expect("a bad code outweighs a bad reason", encode({{Opcode::close, close_payload(1006, "\xFF")}}), {},
         Reason::protocol_error);
}

BOOST_AUTO_TEST_CASE(malformed_headers_are_protocol_errors) {
  const auto fails = [](const std::string& name, const std::vector<ClientFrame>& frames) {
    expect(name, encode(frames), {}, Reason::protocol_error);
  };
  for (const Opcode opcode : {text, binary, Opcode::close, Opcode::ping, Opcode::pong}) {
    fails("unmasked", {{.opcode = opcode, .payload = "ab", .masked = false}});
    fails("unmasked and empty", {{.opcode = opcode, .masked = false}});
    for (unsigned reserved = 1; reserved < 8; ++reserved) {
      fails("reserved bits", {{.opcode = opcode, .payload = "ab", .reserved = reserved}});
    }
  }
  for (const unsigned opcode : {0x3U, 0x4U, 0x5U, 0x6U, 0x7U, 0xBU, 0xCU, 0xDU, 0xEU, 0xFU}) {
    fails("reserved opcode", {{.opcode = static_cast<Opcode>(opcode), .payload = "ab"}});
    fails("reserved opcode, empty", {{.opcode = static_cast<Opcode>(opcode)}});
  }
  for (const Opcode opcode : {Opcode::close, Opcode::ping, Opcode::pong}) {
    fails("control frame in fragments", {{.opcode = opcode, .payload = "ab", .fin = false}});
    fails("control frame of 126 bytes", {{opcode, std::string(126, 'x')}});
    fails("control frame of 65536 bytes", {{opcode, std::string(65536, 'x').substr(0, 40), true, {}, true, 0, 65536}});
    fails("control frame with a length in 2 bytes", {{.opcode = opcode, .payload = "ab", .length_bytes = 2}});
  }
  fails("continuation of nothing", {{continuation, "ab"}});
  fails("unfinished continuation of nothing", {{continuation, "ab", false}});
  fails("125 in 2 bytes", {{.payload = std::string(125, 'x'), .length_bytes = 2}});
  fails("0 in 2 bytes", {{.payload = "", .length_bytes = 2}});
  fails("65535 in 8 bytes", {{.payload = "x", .announced = 65535, .length_bytes = 8}});
  fails("5 in 8 bytes", {{.payload = "12345", .length_bytes = 8}});
  fails("top bit of the length", {{.payload = "x", .announced = 1ULL << 63U}});
  fails("all bits of the length", {{.payload = "x", .announced = std::numeric_limits<std::uint64_t>::max()}});
}

BOOST_AUTO_TEST_CASE(fragments_out_of_order_are_protocol_errors) {
  expect("a new message inside another", encode({{text, "a", false}, {text, "b"}}), {{data, text, false, "a"}},
         Reason::protocol_error);
  expect("a new binary one inside another", encode({{binary, "a", false}, {binary, "b", false}}),
         {{data, binary, false, "a"}}, Reason::protocol_error);
  expect("a whole binary one inside another", encode({{binary, "a", false}, {binary, "b"}}),
         {{data, binary, false, "a"}}, Reason::protocol_error);
  expect("continuation behind the end", encode({{text, "a", false}, {continuation, "b"}, {continuation, "c"}}),
         {{data, text, true, "ab"}}, Reason::protocol_error);
}

BOOST_AUTO_TEST_CASE(what_came_before_an_error_was_yielded) {
  expect("a message and a ping", encode({{binary, "kept"}, {Opcode::ping, "p"}, {.opcode = binary, .reserved = 4}}),
         {{data, binary, true, "kept"}, {ping, binary, false, "p"}}, Reason::protocol_error);
}

BOOST_AUTO_TEST_CASE(an_error_needs_no_more_than_the_two_bytes_that_show_it) {
  for (const Bytes& bytes :
       {Bytes{0x82, 0x05}, Bytes{0xC2, 0x85}, Bytes{0x80, 0x80}, Bytes{0x83, 0x80}, Bytes{0x89, 0xFE}}) {
    expect("start", bytes, {}, Reason::protocol_error);
  }
}

BOOST_AUTO_TEST_CASE(a_cut_header_or_payload_just_waits) {
  const Bytes bytes = encode({{binary, std::string(300, 'x')}});
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const Transcript transcript = decode_whole(Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)));
    BOOST_TEST(!transcript.error.has_value());
    BOOST_TEST(transcript.messages == 0U);
    BOOST_TEST(transcript.frames == (size < 8 ? 0U : 1U));
  }
}

BOOST_AUTO_TEST_CASE(caps_are_judged_on_the_header) {
  const DecoderLimits limits{.frame = 10, .message = 15};
  const std::string ten(10, 'x');
  expect("a frame at its cap", encode({{binary, ten}}), {{data, binary, true, ten}}, std::nullopt, limits);
  expect("a frame beyond it, of which nothing came", encode({{.payload = "", .announced = 11}}), {},
         Reason::frame_too_big, limits);
  expect("a message at its cap", encode({{binary, ten, false}, {continuation, "12345"}}),
         {{data, binary, true, ten + "12345"}}, std::nullopt, limits);
  expect("a message beyond it", encode({{binary, ten, false}, {.opcode = continuation, .payload = "", .announced = 6}}),
         {{data, binary, false, ten}}, Reason::message_too_big, limits);
  expect("the next message counts anew", encode({{binary, ten}, {binary, ten}}),
         {{data, binary, true, ten}, {data, binary, true, ten}}, std::nullopt, limits);
  expect("control frames have no cap", encode({{Opcode::ping, std::string(125, 'p')}}),
         {{ping, binary, false, std::string(125, 'p')}}, std::nullopt, limits);
  expect("a whole frame over the message's cap alone", encode({{binary, "12345"}}), {}, Reason::message_too_big,
         {.frame = 10, .message = 4});
  expect("a cap of zero lets empty messages pass", encode({{binary, ""}, {binary, "x"}}), {{data, binary, true, ""}},
         Reason::frame_too_big, {.frame = 0});
}

BOOST_AUTO_TEST_CASE(announced_lengths_cost_nothing_and_do_not_overflow) {
  const std::uint64_t huge = std::numeric_limits<std::int64_t>::max();
  const ClientFrame first{.payload = "ab", .fin = false, .announced = huge};
  expect("taken when there is no cap", encode({first}), {{data, binary, false, "ab"}});
  expect("refused at a cap", encode({first}), {}, Reason::frame_too_big, {.frame = huge - 1});
  expect("refused at a message's cap", encode({first}), {}, Reason::message_too_big, {.message = 1000});

  // A sum beyond 2^64 has to be announced by three frames, whose payload would have to come; so the cap is near
  // instead.
  const DecoderLimits limits{.message = 4};
  expect("behind a piece that came",
         encode({{binary, "abc", false}, {.opcode = continuation, .payload = "d", .announced = huge}}),
         {{data, binary, false, "abc"}}, Reason::message_too_big, limits);
}

BOOST_AUTO_TEST_CASE(a_route_may_accept_one_type_only) {
  const DecoderLimits only_text{.accepts = Accepts::text};
  const DecoderLimits only_binary{.accepts = Accepts::binary};
  expect("text", encode({{text, "a", false}, {continuation, "b"}}), {{data, text, true, "ab"}}, std::nullopt,
         only_text);
  expect("no binary", encode({{text, "a"}, {binary, "b"}}), {{data, text, true, "a"}}, Reason::data_type, only_text);
  expect("no empty binary", encode({{binary, ""}}), {}, Reason::data_type, only_text);
  expect("binary", encode({{binary, "a", false}, {continuation, "b"}}), {{data, binary, true, "ab"}}, std::nullopt,
         only_binary);
  expect("no text, on its header alone", encode({{.opcode = text, .payload = "", .announced = 5}}), {},
         Reason::data_type, only_binary);
  expect("pings all the same", encode({{Opcode::ping, "a"}}), {{ping, binary, false, "a"}}, std::nullopt, only_text);
}

BOOST_AUTO_TEST_CASE(text_is_utf8_across_frames_and_reads) {
  const std::string euro = "\xE2\x82\xAC";
  expect("whole", encode({{text, euro}}), {{data, text, true, euro}});
  expect("one byte a frame", encode({{text, "\xE2", false}, {continuation, "\x82", false}, {continuation, "\xAC"}}),
         {{data, text, true, euro}});
  expect("binary may hold anything", encode({{binary, "\xFF\xC0"}}), {{data, binary, true, "\xFF\xC0"}});
  expect("each message begins anew", encode({{text, "a"}, {text, "\x82\xAC"}}), {{data, text, true, "a"}},
         Reason::utf8);
}

BOOST_AUTO_TEST_CASE(text_fails_at_the_byte_that_breaks_it) {
  expect("in the middle of a frame", encode({{text, "ab\xFFyz"}}), {{data, text, false, "ab"}}, Reason::utf8);
  expect("at its start", encode({{text, "\x80"}}), {}, Reason::utf8);
  expect("in a code point", encode({{text, "a\xE2\x28\xA1"}}), {{data, text, false, "a\xE2"}}, Reason::utf8);
  expect("a surrogate", encode({{text, "\xED\xA0\x80"}}), {{data, text, false, "\xED"}}, Reason::utf8);
  expect("in a later frame", encode({{text, "a\xE2", false}, {continuation, "b"}}), {{data, text, false, "a\xE2"}},
         Reason::utf8);
  // The rest of the message never has to come.
  ClientFrame frame{.opcode = text, .payload = "ab\xF8", .announced = 1000};
  expect("before the frame's end", encode({frame}), {{data, text, false, "ab"}}, Reason::utf8);
}

BOOST_AUTO_TEST_CASE(text_may_not_end_inside_a_code_point) {
  expect("one frame", encode({{text, "a\xE2\x82"}}), {{data, text, false, "a\xE2"}}, Reason::utf8);
  expect("nothing but a lead", encode({{text, "\xC3"}}), {}, Reason::utf8);
  expect("an empty last fragment", encode({{text, "a\xC3", false}, {continuation, ""}}), {{data, text, false, "a\xC3"}},
         Reason::utf8);
}

BOOST_AUTO_TEST_CASE(frames_and_messages_are_counted) {
  const Transcript transcript = decode_every_way(
      encode({{text, "a", false}, {Opcode::ping, ""}, {continuation, "", false}, {continuation, "b"}, {binary, ""}}));
  BOOST_TEST(transcript.frames == 4U);
  BOOST_TEST(transcript.messages == 2U);
}

BOOST_AUTO_TEST_CASE(sixty_five_thousand_fragments_make_one_message) {
  Bytes bytes;
  append(bytes, {binary, "x", false});
  for (int i = 0; i < 65534; ++i) append(bytes, {continuation, "x", false});
  append(bytes, {continuation, "x"});
  for (const auto& transcript : {decode_whole(bytes), decode_byte_by_byte(bytes)}) {
    BOOST_TEST(transcript.frames == 65536U);
    BOOST_TEST(transcript.messages == 1U);
    BOOST_TEST(transcript.steps.size() == 1U);
    BOOST_TEST(transcript.steps.at(0).payload.size() == 65536U);
  }
}

BOOST_AUTO_TEST_CASE(many_frames_are_compacted_into_one_run) {
  Bytes bytes;
  std::string sent;
  for (std::size_t size = 0; size < 300; ++size) {
    const std::string payload(size, static_cast<char>('a' + size % 26));
    append(bytes, {.payload = payload, .key = {1, 2, 3, static_cast<std::uint8_t>(size)}});
    sent += payload;
  }
  Input input(bytes);
  Decoder decoder;
  while (decoder.next(input).kind == data) {
  }
  BOOST_TEST(std::string(bytes.data(), input.write) == sent);
  BOOST_TEST(decoder.messages() == 300U);
}

BOOST_AUTO_TEST_CASE(a_decoder_is_small) {
  BOOST_TEST(sizeof(Decoder) <= 256U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace drawbridge::ws
