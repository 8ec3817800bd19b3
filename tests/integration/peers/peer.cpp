#include "peers/peer.hpp"

#include "support/pattern.hpp"

#include <iostream>
#include <map>

namespace drawbridge::testing {
namespace {

void require(bool good, const std::string& what) {
  if (!good) throw std::runtime_error(what);
}

void echo(Peer& peer, const std::string& message, bool text = false) {
  require(peer.echo(message, text) == message, "another echo of " + std::to_string(message.size()) + " bytes");
}

void binary(Peer& peer) {
  peer.connect("/desk", "");
  for (const std::size_t size : {1U, 125U, 126U, 65535U, 65536U, 300000U}) echo(peer, pattern(size));
  peer.close(1000, "");
}

void text(Peer& peer) {
  peer.connect("/text", "");
  std::string message;
  for (int i = 0; i < 1000; ++i) message += "Zugbrücke über den Graben – 桥 🌉 ";
  echo(peer, message, true);
  peer.close(1000, "");
}

// One message.
void send_fragments(Peer& peer, const std::string& message) {
  peer.send_fragment(message.substr(0, 1), true, false);
  peer.send_fragment(message.substr(1, 1000), false, false);
  peer.send_fragment(message.substr(1001, 70000), false, false);
  peer.send_fragment(message.substr(71001), false, true);
}

void fragmented(Peer& peer) {
  peer.connect("/desk", "");
  const std::string message = pattern(71006);
  send_fragments(peer, message);
  require(peer.receive(message.size()) == message, "another echo of the fragments");
  peer.close(1000, "");
}

// Where the bridge itself echoes: each message comes back as one, of its own type.
void messages(Peer& peer) {
  peer.connect("/messages", "");
  for (const std::size_t size : {5U, 0U, 125U, 65536U, 300000U}) {
    for (const bool text : {true, false}) {
      const std::string message = text ? std::string(size, 't') : pattern(size);
      peer.send(message, text);
      require(peer.receive_message(text) == message, "another message of " + std::to_string(size) + " bytes");
    }
  }
  peer.send("first", true);
  peer.send("second", false);
  require(peer.receive_message(true) == "first", "another first message");
  require(peer.receive_message(false) == "second", "another second message");
  const std::string fragments = pattern(71006);
  send_fragments(peer, fragments);
  require(peer.receive_message(false) == fragments, "another message of fragments");
  peer.close(1000, "");
}

void large(Peer& peer) {
  peer.connect("/desk", "");
  echo(peer, pattern(16 << 20));
  peer.close(1000, "");
}

void ping(Peer& peer) {
  peer.connect("/desk", "");
  for (const std::string& payload : {std::string(), std::string("hello"), std::string(125, 'x')}) {
    require(peer.ping(payload) == payload, "another pong for " + payload);
  }
  peer.close(1000, "");
}

void close(Peer& peer) {
  peer.connect("/desk", "");
  echo(peer, "last");
  peer.close(4001, "had enough");
}

void closed_by_backend(Peer& peer) {
  peer.connect("/bye", "");
  require(peer.receive(3) == "bye", "another greeting");
  require(peer.wait_for_close() == Close{1000, "backend_closed"}, "another Close");
}

void subprotocol(Peer& peer) {
  peer.connect("/protocols", "chat, binary");
  require(peer.subprotocol() == "binary", "the subprotocol is " + peer.subprotocol());
  peer.close(1000, "");
}

void refused(Peer& peer) {
  try {
    peer.connect("/nothing", "");
  } catch (const std::runtime_error&) {  // of what kind, the bridge's log says
    return;
  }
  require(false, "let in");
}

void reconnects(Peer& peer) {
  for (int i = 0; i < 1000; ++i) {
    peer.connect("/desk", "");
    echo(peer, "connection " + std::to_string(i));
    peer.close(1000, "");
  }
}

}  // namespace

int do_task(const std::string& task, Peer& peer) {
  static const std::map<std::string, void (*)(Peer&)> tasks{{"binary", binary},
                                                            {"text", text},
                                                            {"fragmented", fragmented},
                                                            {"messages", messages},
                                                            {"large", large},
                                                            {"ping", ping},
                                                            {"close", close},
                                                            {"subprotocol", subprotocol},
                                                            {"closed_by_backend", closed_by_backend},
                                                            {"refused", refused},
                                                            {"reconnects", reconnects}};
  try {
    tasks.at(task)(peer);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << task << ": " << error.what() << '\n';
    return 1;
  }
}

}  // namespace drawbridge::testing
