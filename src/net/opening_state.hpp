#pragma once

#include "auth/principal.hpp"
#include "net/socket_wait.hpp"
#include "net/tls_end.hpp"
#include "net/worker.hpp"
#include "policy/admission.hpp"
#include "ws/upgrade.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace drawbridge::net {

// What a request asks for, and what came of it so far.
struct Asked {
  ws::Upgrade upgrade;                         // without credentials among its subprotocols
  std::optional<ws::Upgrade> upgrade_as_sent;  // if there were any
  std::unique_ptr<auth::Principal> principal;  // whom a credential named; null: none was asked for
  std::string rule;                            // what refused it, for its line
  std::string detail;                          // more about that; never a secret
  bool is_head = false;                        // a HEAD: the answer has no body
  std::shared_ptr<const ActiveRoute> route;
  RoutePlace place;             // from admission on
  policy::IdentityShare share;  // from authentication on
};

// A connection that is being opened. Lives in the frame of open_session, which the other tasks borrow it from.
// Thousands of them may wait for a first byte: what they come to need later is made later.
struct Opening {
  Opening(Worker& its_worker, Worker::Load its_load, Accepted accepted);
  // Logs it, if it was cut off where it stood, as the time to drain was over.
  ~Opening();
  Opening(const Opening&) = delete;
  Opening& operator=(const Opening&) = delete;

  Worker& worker;
  Worker::Load load;
  const std::shared_ptr<const Entrance> entrance;
  std::optional<client::Address> client;  // the peer, or whom it speaks for once that is known
  bool client_is_known;                   // false while a proxy has not said whom it speaks for
  policy::Entry entry;
  const int fd;
  const std::shared_ptr<const Snapshot> settings;  // those of the moment it came
  Identity identity;
  Descriptor socket;             // until it is the browser's end
  std::unique_ptr<End> browser;  // null before the first byte of TLS
  TlsEnd* tls = nullptr;         // browser, if it is TLS
  SocketWait wait;               // after socket and end: it goes first
  std::string received;          // the head, and what came behind it
  std::unique_ptr<Asked> asked;  // from the head on
  bool told = false;             // its line is written, or left to its session
  unsigned requests = 0;         // for files, that were answered

  // From here on there is a browser's end.
  void begin_tls();
};

// What the kernel holds for a browser that does not read, so that memory is bounded by what this process can see.
void bound_unsent(int fd);

// What admission has to know of the connection.
policy::Circumstances circumstances_of(const Opening& opening);

// Waits for what `status` asks for; false when the limit came first or the connection is of no more use.
Task<bool> ready_again(Opening& opening, End& end, IoStatus status);
Task<bool> write_all(Opening& opening, End& end, std::string_view text);

}  // namespace drawbridge::net
