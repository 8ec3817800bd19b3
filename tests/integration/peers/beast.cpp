// Beast's client as a peer: the tasks of peers_test.cpp.

#include "peers/peer.hpp"
#include "support/websocket_client.hpp"

#include <array>
#include <fstream>
#include <iterator>
#include <optional>

namespace {

using namespace drawbridge::testing;

class BeastPeer final : public Peer {
 public:
  BeastPeer(std::uint16_t port, const std::string& trusted) : port_(port) {
    std::ifstream file(trusted);
    trusted_.chain = {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  void connect(const std::string& path, const std::string& subprotocols) override {
    client_.reset();
    client_.emplace(port_, ClientOptions{.target = path, .subprotocols = subprotocols, .trusted = &trusted_});
  }

  std::string subprotocol() override { return client_->subprotocol(); }

  std::string echo(const std::string& message, bool text) override {
    if (!text) return client_->exchange(std::array{std::string_view(message)}, message.size());
    client_->write(message, true);
    std::string received;
    while (received.size() < message.size()) {
      const Message part = client_->read();
      if (!part.text) throw std::runtime_error("the echo is not text");
      received += part.payload;
    }
    return received;
  }

  void send(const std::string& message, bool text) override { client_->write(message, text); }

  std::string receive_message(bool text) override {
    Message message = client_->read();
    if (message.text != text) throw std::runtime_error("a message of the other type");
    return std::move(message.payload);
  }

  void send_fragment(const std::string& bytes, bool /*first*/, bool last) override {
    client_->write_fragment(bytes, last);
  }

  std::string receive(std::size_t size) override { return client_->read_bytes(size); }

  std::string ping(const std::string& payload) override {
    client_->ping(payload);
    // Pongs are seen while it reads, and the echo of this comes after the pong.
    echo(".", false);
    const std::vector<std::string> pongs = client_->take_pongs();
    if (pongs.size() != 1) throw std::runtime_error(std::to_string(pongs.size()) + " pongs");
    return pongs.front();
  }

  void close(std::uint16_t code, const std::string& text) override {
    if (const Close answer = client_->close(code, text); answer.code != code) {
      throw std::runtime_error("the answer to Close is " + std::to_string(answer.code));
    }
  }

  Close wait_for_close() override { return client_->read_close(); }

 private:
  std::uint16_t port_;
  Certificate trusted_;
  std::optional<WebSocketClient> client_;
};

}  // namespace

int main(int argc, char** argv) {
  return peer_main<BeastPeer>(argc, argv);
}
