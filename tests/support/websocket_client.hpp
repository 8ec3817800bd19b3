#pragma once

#include "support/certificate.hpp"
#include "support/patience.hpp"
#include "support/raw_client.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace drawbridge::testing {

struct ClientOptions {
  std::string target = "/desk";
  std::string origin = std::string(usual_origin);
  std::string subprotocols{};  // the header's value; empty: none offered
  const Certificate* trusted = &server_certificate();
};

struct Message {
  std::string payload;
  bool text = false;
};

// Beast's client, which is none of the bridge's code; every call has a deadline. Pings are answered while it reads.
class WebSocketClient {
 public:
  // Status of the answer other than 101 is std::runtime_error.
  explicit WebSocketClient(std::uint16_t port, const ClientOptions& options = {});
  ~WebSocketClient();
  WebSocketClient(WebSocketClient&&) noexcept;

  std::string subprotocol() const;

  void write(std::string_view payload, bool text = false);
  // A part of a message.
  void write_fragment(std::string_view payload, bool fin);
  Message read();
  // Payload of as many messages as make `size` bytes.
  std::string read_bytes(std::size_t size);
  // Writes every message and at the same time reads until there are `expected` bytes.
  std::string exchange(std::span<const std::string_view> messages, std::size_t expected);
  void ping(std::string_view payload);
  // Payloads of the pongs that came while it read.
  std::vector<std::string> take_pongs();
  // Reads to the bridge's Close; data before it goes to `payload`.
  Close read_close(std::string* payload = nullptr);
  // The closing handshake from this side; the code and text of the answer.
  Close close(std::uint16_t code = 1000, std::string_view text = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace drawbridge::testing
