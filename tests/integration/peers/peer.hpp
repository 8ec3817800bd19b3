#pragma once

#include "support/raw_client.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace drawbridge::testing {

// A client library as a peer of the bridge, one connection at a time. Every call waits until what it is about has
// happened, and throws if something else did.
class Peer {
 public:
  Peer() = default;
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  virtual ~Peer() = default;

  // Opens a session, instead of the one before; `subprotocols` as in the header.
  virtual void connect(const std::string& path, const std::string& subprotocols) = 0;
  virtual std::string subprotocol() = 0;
  // Sends one message, and receives as many bytes meanwhile, which must be of the same type.
  virtual std::string echo(const std::string& message, bool text) = 0;
  virtual void send(const std::string& message, bool text) = 0;
  // One message as a whole, which must be of that type.
  virtual std::string receive_message(bool text) = 0;
  virtual void send_fragment(const std::string& bytes, bool first, bool last) = 0;
  virtual std::string receive(std::size_t size) = 0;
  // The pong's payload.
  virtual std::string ping(const std::string& payload) = 0;
  // The closing handshake from this side.
  virtual void close(std::uint16_t code, const std::string& text) = 0;
  // The bridge's Close.
  virtual Close wait_for_close() = 0;
};

// Does the tasks of peers_test.cpp; the main function of such a client. `Client` is constructed from the port and the
// file of the trusted certificate.
int do_task(const std::string& task, Peer& peer);

template <class Client>
int peer_main(int argc, char** argv) {
  if (argc != 4) return 2;
  Client client(static_cast<std::uint16_t>(std::stoul(argv[2])), argv[3]);
  return do_task(argv[1], client);
}

}  // namespace drawbridge::testing
