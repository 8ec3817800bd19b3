// libwebsockets' client as a peer: the tasks of peers_test.cpp.

#include "peers/peer.hpp"

#include <array>
#include <deque>
#include <optional>
#include <string_view>
#include <utility>

#include <libwebsockets.h>

namespace {

using namespace drawbridge::testing;

class LibwebsocketsPeer final : public Peer {
 public:
  LibwebsocketsPeer(std::uint16_t port, const std::string& trusted) : port_(port) {
    lws_set_log_level(LLL_ERR, nullptr);
    lws_context_creation_info info{};
    info.port = CONTEXT_PORT_NO_LISTEN;
    info.protocols = protocols;
    info.client_ssl_ca_filepath = trusted.c_str();
    info.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_JUST_USE_RAW_ORIGIN;
    info.user = this;
    context_ = lws_create_context(&info);
    if (context_ == nullptr) throw std::runtime_error("no context");
  }

  ~LibwebsocketsPeer() override { lws_context_destroy(context_); }

  void connect(const std::string& path, const std::string& subprotocols) override {
    state_ = State();
    lws_client_connect_info info{};
    info.context = context_;
    info.address = "127.0.0.1";
    info.port = port_;
    info.ssl_connection = LCCSCF_USE_SSL;
    info.path = path.c_str();
    info.host = "bridge.test";
    info.origin = "https://app.example.org";
    info.protocol = subprotocols.empty() ? nullptr : subprotocols.c_str();
    info.local_protocol_name = protocols[0].name;
    wsi_ = lws_client_connect_via_info(&info);
    wait_until([&] { return state_.open; });
  }

  std::string subprotocol() override { return state_.subprotocol; }

  std::string echo(const std::string& message, bool text) override {
    send(message, text);
    return receive(message.size(), text);
  }

  void send(const std::string& message, bool text) override {
    send_frame(message, text ? LWS_WRITE_TEXT : LWS_WRITE_BINARY);
  }

  std::string receive_message(bool text) override {
    wait_until([&] { return !state_.received.empty() && state_.received.front().whole; });
    Message message = std::move(state_.received.front());
    state_.received.pop_front();
    if (message.text != text) throw std::runtime_error("a message of the other type");
    return std::move(message.bytes);
  }

  void send_fragment(const std::string& bytes, bool first, bool last) override {
    send_frame(bytes, (first ? LWS_WRITE_BINARY : LWS_WRITE_CONTINUATION) | (last ? 0 : LWS_WRITE_NO_FIN));
  }

  std::string receive(std::size_t size) override { return receive(size, false); }

  std::string ping(const std::string& payload) override {
    send_frame(payload, LWS_WRITE_PING);
    wait_until([&] { return state_.pong.has_value(); });
    return *std::exchange(state_.pong, {});
  }

  // Its end shows that the answer came; the code of the answer libwebsockets keeps to itself.
  void close(std::uint16_t code, const std::string& text) override {
    state_.closing = Close{code, text};
    lws_callback_on_writable(wsi_);
    wait_until([&] { return state_.ended; });
  }

  Close wait_for_close() override {
    wait_until([&] { return state_.closed_by_peer.has_value(); });
    return *state_.closed_by_peer;
  }

 private:
  struct Message {
    std::string bytes{};
    bool text = false;
    bool whole = false;
  };

  struct Frame {
    std::string bytes;  // after LWS_PRE that libwebsockets writes the header into
    int protocol;
  };

  // Of the one connection.
  struct State {
    bool open = false;
    bool ended = false;
    std::string subprotocol;
    std::deque<Frame> outbox;
    std::deque<Message> received;  // the last one perhaps in part
    std::optional<std::string> pong;
    std::optional<Close> closing;
    std::optional<Close> closed_by_peer;
    std::string error;
  };

  template <class Done>
  void wait_until(Done done) {
    while (!done()) {
      if (!state_.error.empty()) throw std::runtime_error(state_.error);
      if (state_.ended) throw std::runtime_error("the connection ended");
      lws_service(context_, 0);
    }
  }

  // However the bridge cuts them into messages.
  std::string receive(std::size_t size, bool text) {
    std::string bytes;
    while (bytes.size() < size) bytes += receive_message(text);
    return bytes;
  }

  void send_frame(const std::string& bytes, int protocol) {
    state_.outbox.push_back({std::string(LWS_PRE, '\0') + bytes, protocol});
    lws_callback_on_writable(wsi_);
  }

  static int on_event(lws* wsi, lws_callback_reasons event, void* /*user*/, void* data, std::size_t size) {
    lws_context* context = wsi == nullptr ? nullptr : lws_get_context(wsi);
    auto* self = context == nullptr ? nullptr : static_cast<LibwebsocketsPeer*>(lws_context_user(context));
    if (self == nullptr) return 0;
    const std::string_view text(static_cast<const char*>(data), data == nullptr ? 0 : size);
    return self->on_event(wsi, event, text);
  }

  // Non-zero closes the connection.
  int on_event(lws* wsi, lws_callback_reasons event, std::string_view data) {
    switch (event) {
      case LWS_CALLBACK_CLIENT_CONNECTION_ERROR: state_.error = "no connection: " + std::string(data); break;
      case LWS_CALLBACK_CLIENT_FILTER_PRE_ESTABLISH: {  // the last time that the answer's head is there
        std::array<char, 64> name{};
        lws_hdr_copy(wsi, name.data(), static_cast<int>(name.size()), WSI_TOKEN_PROTOCOL);
        state_.subprotocol = name.data();
        break;
      }
      case LWS_CALLBACK_CLIENT_ESTABLISHED: state_.open = true; break;
      case LWS_CALLBACK_CLIENT_WRITEABLE: return write(wsi);
      case LWS_CALLBACK_CLIENT_RECEIVE:
        if (lws_is_first_fragment(wsi) != 0) state_.received.push_back({.text = lws_frame_is_binary(wsi) == 0});
        state_.received.back().bytes += data;
        state_.received.back().whole = lws_is_final_fragment(wsi) != 0;
        break;
      case LWS_CALLBACK_CLIENT_RECEIVE_PONG: state_.pong = data; break;
      case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE: {
        const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(data[i]); };
        if (data.size() < 2) break;
        state_.closed_by_peer =
            Close{static_cast<std::uint16_t>(octet(0) << 8 | octet(1)), std::string(data.substr(2))};
        break;
      }
      case LWS_CALLBACK_CLIENT_CLOSED: state_.ended = true; break;
      default: break;
    }
    return 0;
  }

  int write(lws* wsi) {
    if (state_.outbox.empty()) {
      if (!state_.closing) return 0;
      std::string& text = state_.closing->text;
      lws_close_reason(wsi, static_cast<lws_close_status>(state_.closing->code),
                       reinterpret_cast<unsigned char*>(text.data()), text.size());
      return 1;
    }
    Frame frame = std::move(state_.outbox.front());
    state_.outbox.pop_front();
    auto* bytes = reinterpret_cast<unsigned char*>(frame.bytes.data() + LWS_PRE);
    const std::size_t size = frame.bytes.size() - LWS_PRE;
    // What the socket does not take at once libwebsockets keeps.
    if (lws_write(wsi, bytes, size, static_cast<lws_write_protocol>(frame.protocol)) < static_cast<int>(size)) return 1;
    lws_callback_on_writable(wsi);
    return 0;
  }

  static constexpr std::size_t piece = 64 << 10;
  static inline const lws_protocols protocols[]{{"peer", on_event, 0, piece, 0, nullptr, piece},
                                                {nullptr, nullptr, 0, 0, 0, nullptr, 0}};

  std::uint16_t port_;
  lws_context* context_ = nullptr;
  lws* wsi_ = nullptr;
  State state_;
};

}  // namespace

int main(int argc, char** argv) {
  return peer_main<LibwebsocketsPeer>(argc, argv);
}
