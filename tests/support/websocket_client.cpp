#include "support/websocket_client.hpp"

#include <functional>
#include <optional>
#include <utility>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

namespace drawbridge::testing {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using boost::system::error_code;
using Tls = beast::ssl_stream<asio::ip::tcp::socket>;

}  // namespace

struct WebSocketClient::State {
  asio::io_context context;
  asio::ssl::context tls{asio::ssl::context::tls_client};
  std::optional<websocket::stream<Tls>> stream;
  websocket::response_type response;
  std::vector<std::string> pongs;
  bool closed = false;

  // Runs one operation to its end, or throws; `start` gets its completion handler.
  template <class Start>
  error_code complete(Start start) {
    std::optional<error_code> result;
    start([&](error_code error, auto&&...) { result = error; });
    run([&] { return result.has_value(); });
    return *result;
  }

  template <class Start>
  void require(const char* what, Start start) {
    if (const error_code error = complete(std::move(start))) {
      throw std::runtime_error(std::string(what) + ": " + error.message());
    }
  }

  void run(const std::function<bool()>& done) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    context.restart();
    while (!done()) {
      if (context.run_one_until(deadline) == 0) {
        beast::get_lowest_layer(*stream).close();
        context.restart();
        context.run();  // lets the operation see its end before its buffers go
        throw Timeout("WebSocket client: deadline passed");
      }
    }
  }

  Message take(beast::flat_buffer& buffer) { return {beast::buffers_to_string(buffer.data()), stream->got_text()}; }
};

WebSocketClient::WebSocketClient(std::uint16_t port, const ClientOptions& options) : state_(new State) {
  State& state = *state_;
  state.tls.set_verify_mode(asio::ssl::verify_peer);
  state.tls.add_certificate_authority(asio::buffer(options.trusted->chain));
  state.stream.emplace(state.context, state.tls);
  websocket::stream<Tls>& stream = *state.stream;
  stream.next_layer().set_verify_callback(asio::ssl::host_name_verification("bridge.test"));
  set_server_name(stream.next_layer().native_handle(), "bridge.test");
  auto& socket = beast::get_lowest_layer(stream);
  const asio::ip::tcp::endpoint to(asio::ip::address_v4::loopback(), port);
  state.require("connect", [&](auto handler) { socket.async_connect(to, std::move(handler)); });
  socket.set_option(asio::ip::tcp::no_delay(true));
  state.require("TLS", [&](auto handler) {
    stream.next_layer().async_handshake(asio::ssl::stream_base::client, std::move(handler));
  });
  stream.read_message_max(0);
  stream.auto_fragment(false);
  stream.binary(true);
  stream.set_option(websocket::stream_base::decorator([&](websocket::request_type& request) {
    if (!options.origin.empty()) request.set("Origin", options.origin);
    if (!options.subprotocols.empty()) request.set("Sec-WebSocket-Protocol", options.subprotocols);
  }));
  stream.control_callback([&state](websocket::frame_type kind, beast::string_view payload) {
    if (kind == websocket::frame_type::pong) state.pongs.emplace_back(payload);
  });
  state.require("upgrade", [&](auto handler) {
    stream.async_handshake(state.response, "bridge.test", options.target, std::move(handler));
  });
}

WebSocketClient::~WebSocketClient() = default;
WebSocketClient::WebSocketClient(WebSocketClient&&) noexcept = default;

std::string WebSocketClient::subprotocol() const {
  return std::string(state_->response["Sec-WebSocket-Protocol"]);
}

void WebSocketClient::write(std::string_view payload, bool text) {
  state_->stream->text(text);
  state_->require("write",
                  [&](auto handler) { state_->stream->async_write(asio::buffer(payload), std::move(handler)); });
}

void WebSocketClient::write_fragment(std::string_view payload, bool fin) {
  state_->require(
      "write", [&](auto handler) { state_->stream->async_write_some(fin, asio::buffer(payload), std::move(handler)); });
}

Message WebSocketClient::read() {
  beast::flat_buffer buffer;
  state_->require("read", [&](auto handler) { state_->stream->async_read(buffer, std::move(handler)); });
  return state_->take(buffer);
}

std::string WebSocketClient::read_bytes(std::size_t size) {
  return exchange({}, size);
}

std::string WebSocketClient::exchange(std::span<const std::string_view> messages, std::size_t expected) {
  State& state = *state_;
  std::string received;
  beast::flat_buffer buffer;
  error_code failure;
  bool writing = false;
  bool reading = false;
  std::size_t next = 0;
  const std::function<void()> write_next = [&] {
    writing = next < messages.size() && !failure;
    if (!writing) return;
    state.stream->async_write(asio::buffer(messages[next++]), [&](error_code error, std::size_t) {
      if (error) failure = error;
      write_next();
    });
  };
  const std::function<void()> read_next = [&] {
    reading = received.size() < expected && !failure;
    if (!reading) return;
    state.stream->async_read(buffer, [&](error_code error, std::size_t) {
      if (error) failure = error;
      received += beast::buffers_to_string(buffer.data());
      buffer.clear();
      read_next();
    });
  };
  state.stream->binary(true);
  write_next();
  read_next();
  state.run([&] { return !writing && !reading; });
  if (failure) {
    throw std::runtime_error("exchange: " + failure.message() + " after " + std::to_string(received.size()) + " bytes");
  }
  return received;
}

void WebSocketClient::ping(std::string_view payload) {
  const websocket::ping_data data(payload.data(), payload.size());
  state_->require("ping", [&](auto handler) { state_->stream->async_ping(data, std::move(handler)); });
}

std::vector<std::string> WebSocketClient::take_pongs() {
  return std::exchange(state_->pongs, {});
}

Close WebSocketClient::read_close(std::string* payload) {
  for (;;) {
    beast::flat_buffer buffer;
    const error_code error =
        state_->complete([&](auto handler) { state_->stream->async_read(buffer, std::move(handler)); });
    if (payload != nullptr) *payload += beast::buffers_to_string(buffer.data());
    if (error == websocket::error::closed) {
      const websocket::close_reason& reason = state_->stream->reason();
      return {reason.code, std::string(reason.reason.data(), reason.reason.size())};
    }
    if (error) throw std::runtime_error("no Close: " + error.message());
  }
}

Close WebSocketClient::close(std::uint16_t code, std::string_view text) {
  websocket::close_reason reason(static_cast<websocket::close_code>(code));
  reason.reason.assign(text.data(), text.size());
  // Its completion means that the answer came; data before it is dropped.
  state_->require("close", [&](auto handler) { state_->stream->async_close(reason, std::move(handler)); });
  const websocket::close_reason& answer = state_->stream->reason();
  return {answer.code, std::string(answer.reason.data(), answer.reason.size())};
}

}  // namespace drawbridge::testing
