// What a browser sent, to our decoder and splice and to Beast's WebSocket stream as a server: both see the same
// messages and control frames and answer with the same Close code, but for the differences of one table.
//
// Input: see Received; the options choose a cap on messages.

#include "finding.hpp"
#include "net/splice.hpp"
#include "received.hpp"
#include "support/frames.hpp"
#include "support/scripted_end.hpp"
#include "unit/ws/transcript.hpp"

#include <array>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/websocket/stream.hpp>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;
using namespace drawbridge;
using fuzz::Received;
using fuzz::require;
using ws::Bytes;
using ws::Event;
using ws::Transcript;

namespace {

// What an endpoint made of the bytes.
struct Outcome {
  std::vector<Transcript::Step> steps;
  std::optional<int> close;  // the code of its Close frame, 1005 if that is empty; absent: it waits for more
};

std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
  Transcript transcript;
  transcript.steps = outcome.steps;
  return out << transcript << ", close " << outcome.close.value_or(0);
}

std::optional<int> close_code_in(std::string_view sent) {
  for (const testing::ServerFrame& frame : testing::server_frames(sent)) {
    if (frame.opcode == 8) return frame.code();
  }
  return std::nullopt;
}

// ---- Beast ----

// A synchronous stream: reads return what the browser sent, in its pieces, and writes are collected.
class MemoryStream {
 public:
  using executor_type = asio::io_context::executor_type;

  explicit MemoryStream(asio::io_context& context) : executor_(context.get_executor()) {}

  executor_type get_executor() const { return executor_; }

  template <class Buffers>
  std::size_t read_some(const Buffers& buffers, boost::system::error_code& error) {
    if (at_ == input_->bytes.size()) {
      error = asio::error::eof;
      return 0;
    }
    if (left_ == 0) left_ = std::min(next_size_(), input_->bytes.size() - at_);
    const std::size_t size = asio::buffer_copy(buffers, asio::buffer(input_->bytes.data() + at_, left_));
    at_ += size;
    left_ -= size;
    error = {};
    return size;
  }
  template <class Buffers>
  std::size_t read_some(const Buffers& buffers) {
    boost::system::error_code error;
    const std::size_t size = read_some(buffers, error);
    if (error) throw boost::system::system_error(error);
    return size;
  }
  template <class Buffers>
  std::size_t write_some(const Buffers& buffers, boost::system::error_code& error) {
    error = {};
    written += beast::buffers_to_string(buffers);
    return asio::buffer_size(buffers);
  }
  template <class Buffers>
  std::size_t write_some(const Buffers& buffers) {
    boost::system::error_code error;
    return write_some(buffers, error);
  }

  void receive(const Received& input) {
    input_ = &input;
    next_size_ = input.reads();
  }

  std::string written;

 private:
  executor_type executor_;
  const Received* input_ = nullptr;
  std::function<std::size_t()> next_size_;
  std::size_t at_ = 0;
  std::size_t left_ = 0;  // of the piece begun
};

// Beast finds it by its argument.
[[maybe_unused]] void teardown(beast::role_type, MemoryStream&, boost::system::error_code& error) {
  error = {};
}

const websocket::request_type& upgrade_request() {
  static const websocket::request_type request = [] {
    namespace http = beast::http;
    websocket::request_type made{http::verb::get, "/", 11};
    made.set(http::field::host, "localhost");
    made.set(http::field::connection, "upgrade");
    made.set(http::field::upgrade, "websocket");
    made.set(http::field::sec_websocket_version, "13");
    made.set(http::field::sec_websocket_key, "dGhlIHNhbXBsZSBub25jZQ==");
    return made;
  }();
  return request;
}

Outcome beasts(const Received& input, std::uint64_t most) {
  static asio::io_context context;
  websocket::stream<MemoryStream, false> stream(context);
  stream.read_message_max(most);
  boost::system::error_code error;
  stream.accept(upgrade_request(), error);
  require(!error, "Beast does not open: ", error.message());
  stream.next_layer().written.clear();
  stream.next_layer().receive(input);

  Transcript transcript;
  stream.control_callback([&](websocket::frame_type type, beast::string_view text) {
    Event::Kind kind = type == websocket::frame_type::ping ? Event::Kind::ping : Event::Kind::pong;
    std::string payload(text);
    if (type == websocket::frame_type::close) {
      kind = Event::Kind::close;
      const unsigned code = stream.reason().code;
      if (code != 0) payload.insert(0, {static_cast<char>(code >> 8U), static_cast<char>(code)});
    }
    transcript.steps.push_back({kind, ws::Opcode::binary, false, payload});
  });
  std::array<char, 100> piece;
  while (!error) {
    const std::size_t size = stream.read_some(asio::buffer(piece), error);
    const bool done = !error && stream.is_message_done();
    const auto opcode = stream.got_text() ? ws::Opcode::text : ws::Opcode::binary;
    if (size > 0 || done) transcript.add_data(opcode, {piece.data(), size}, done);
  }
  return {std::move(transcript.steps), close_code_in(stream.next_layer().written)};
}

// ---- Ours ----

Outcome ours(const Received& input, std::uint64_t most) {
  ws::DecoderLimits limits;
  limits.message = most;
  const Transcript transcript = decode(input.bytes, limits, input.reads());

  config::Route route;
  route.limits.frame = route.limits.message = most;
  testing::ScriptedEnd browser;
  testing::ScriptedEnd backend;
  auto next_size = input.reads();
  const std::string_view bytes(reinterpret_cast<const char*>(input.bytes.data()), input.bytes.size());
  for (std::size_t at = 0; at < bytes.size();) {
    const std::string_view piece = bytes.substr(at, next_size());
    browser.send(piece);
    at += piece.size();
  }
  net::BufferBudget budget(1U << 20U);
  constexpr Instant now(std::chrono::hours(1));
  static const auto scratch = std::make_unique<net::Scratch>();
  net::Splice splice(route, browser, &backend, budget, now);
  while (splice.advance(now, *scratch).again) {
  }
  const Outcome outcome{transcript.steps, close_code_in(browser.received())};

  std::string payload;
  for (const auto& step : outcome.steps) {
    if (step.kind == Event::Kind::data) payload += step.payload;
  }
  require(backend.received() == payload, "the backend got what the decoder did not say: ", outcome);
  require(splice.lifecycle().close_code() == outcome.close, "another Close than that of the lifecycle: ", outcome);
  return outcome;
}

// ---- The differences ----

// The frame at which our side stopped, or whose rest is missing.
struct LastFrame {
  std::span<const std::uint8_t> bytes;  // and all that follows
  std::size_t header_size = 2;
  std::uint64_t length = 0;

  bool header_is_cut() const { return bytes.size() < header_size; }
  unsigned opcode() const { return bytes[0] & 0x0FU; }
};

LastFrame last_frame(const Received& input, const ws::DecoderLimits& limits) {
  for (std::size_t at = 0;;) {
    LastFrame frame{std::span(input.bytes).subspan(at)};
    if (frame.header_is_cut()) return frame;
    const unsigned length = frame.bytes[1] & 0x7FU;
    const std::size_t length_size = length == 126 ? 2 : length == 127 ? 8 : 0;
    frame.header_size += length_size + ((frame.bytes[1] & 0x80U) != 0 ? 4 : 0);
    if (frame.header_is_cut()) return frame;
    frame.length = length_size == 0 ? length : 0;
    for (const std::uint8_t byte : frame.bytes.subspan(2, length_size)) frame.length = frame.length << 8U | byte;
    if (frame.bytes.size() - frame.header_size < frame.length) return frame;
    at += frame.header_size + static_cast<std::size_t>(frame.length);
    const Transcript until =
        decode_whole({input.bytes.begin(), input.bytes.begin() + static_cast<std::ptrdiff_t>(at)}, limits);
    const bool closed = !until.steps.empty() && until.steps.back().kind == Event::Kind::close;
    if (until.error || closed) return frame;
  }
}

struct Case {
  const Outcome& ours;
  const Outcome& beasts;
  LastFrame last;

  bool same_steps() const { return ours.steps == beasts.steps; }
  bool answers(std::optional<int> our_code, std::optional<int> beasts_code) const {
    return ours.close == our_code && beasts.close == beasts_code;
  }
  // The payload of the Close frame that ends the steps of one side and not of the other.
  static std::optional<std::string> close_beyond(const Outcome& one, const Outcome& other) {
    if (one.steps.empty() || one.steps.back().kind != Event::Kind::close) return std::nullopt;
    const bool else_same = std::equal(one.steps.begin(), one.steps.end() - 1, other.steps.begin(), other.steps.end());
    return else_same ? std::optional(one.steps.back().payload) : std::nullopt;
  }
};

int code_of(const std::string& close_payload) {
  return testing::ServerFrame{true, 8, close_payload}.code();
}

struct Difference {
  const char* what;
  const char* decides;
  bool (*applies)(const Case&);
};

constexpr Difference differences[] = {
    {"an empty Close is answered by an empty one, and by Beast with 1000",
     "RFC 6455 5.5.1: the answer typically echoes the status code received",
     [](const Case& c) {
       return c.same_steps() && c.answers(1005, 1000) && c.last.opcode() == 8 && c.last.length == 0;
     }},
    {"a Close reason that is not UTF-8 is 1007, and 1002 in Beast",
     "RFC 6455 7.4.1: 1007 is for data that is not consistent with its type",
     [](const Case& c) { return c.same_steps() && c.answers(1007, 1002) && c.last.opcode() == 8; }},
    {"close code 1014 is taken, and refused by Beast",
     "RFC 6455 7.4.2 and 11.7: 1014 was registered with IANA after the RFC",
     [](const Case& c) {
       const auto close = Case::close_beyond(c.ours, c.beasts);
       return close && code_of(*close) == 1014 && c.answers(1014, 1002);
     }},
    {"close codes from 5000 on are refused, and taken by Beast", "RFC 6455 7.4.2: the ranges end at 4999",
     [](const Case& c) {
       const auto close = Case::close_beyond(c.beasts, c.ours);
       return close && code_of(*close) >= 5000 && c.answers(1002, code_of(*close));
     }},
    {"a length with its top bit set is 1002; Beast takes it for a number that is too big",
     "RFC 6455 5.2: the most significant bit MUST be 0",
     [](const Case& c) {
       const bool top_bit = !c.last.header_is_cut() && (c.last.length >> 63U) != 0;
       return top_bit && c.same_steps() && c.answers(1002, 1009);
     }},
    {"a frame's bad start is refused at once; Beast waits for the rest of the header",
     "RFC 6455 5.1 and 5.2: the first two bytes break a MUST, and of an unmasked frame there may be no more",
     [](const Case& c) { return c.last.header_is_cut() && c.same_steps() && c.answers(1002, std::nullopt); }},
    {"a text that an empty last fragment ends inside a code point is refused; Beast does not look at it again",
     "RFC 6455 8.1: the whole message is UTF-8",
     [](const Case& c) {
       if (c.ours.close != 1007 || c.last.opcode() != 0 || c.last.length != 0) return false;
       Transcript ended;
       ended.steps = c.ours.steps;
       ended.add_data(ws::Opcode::text, {}, true);
       return c.beasts.steps.size() >= ended.steps.size() &&
              std::equal(ended.steps.begin(), ended.steps.end(), c.beasts.steps.begin());
     }},
};

// Of a text that turns out not to be one, Beast returns no byte of the read in which it saw that.
bool same(const Outcome& ours, const Outcome& beasts) {
  if (ours.close != beasts.close) return false;
  if (ours.steps == beasts.steps) return true;
  if (ours.close != 1007 || ours.steps.empty()) return false;
  const std::size_t last = ours.steps.size() - 1;
  if (!std::equal(ours.steps.begin(), ours.steps.end() - 1, beasts.steps.begin(),
                  beasts.steps.begin() + static_cast<std::ptrdiff_t>(std::min(last, beasts.steps.size())))) {
    return false;
  }
  if (beasts.steps.size() == last) return true;
  return beasts.steps.size() == last + 1 && ours.steps[last].payload.starts_with(beasts.steps[last].payload) &&
         !beasts.steps[last].end_of_message;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < Received::shortest) return 0;
  const Received input(data, size);
  constexpr std::array<std::uint64_t, 4> caps{1ULL << 62U, 30, 200, 70'000};
  ws::DecoderLimits limits;
  limits.message = caps[input.options % caps.size()];

  const Outcome mine = ours(input, limits.message);
  const Outcome other = beasts(input, limits.message);
  if (same(mine, other)) return 0;
  const Case found{mine, other, last_frame(input, limits)};
  for (const Difference& difference : differences) {
    if (difference.applies(found)) return 0;
  }
  require(false, "ours:  ", mine, "\nBeast: ", other);
  return 0;
}
