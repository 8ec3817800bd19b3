#pragma once

#include "admin/server.hpp"
#include "client/network.hpp"
#include "net/session.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace drawbridge::daemon {

class Bridge;

// Which sessions a trace is of: one, or all of a client, also those to come.
struct TracedSessions {
  std::string session;                     // its id; empty: those of a client
  std::string client;                      // as the log shows it
  std::optional<client::Network> network;  // likewise, if it is an address or a network

  bool operator()(const net::Session& other) const;
};

// What operators trace at the moment. Control thread only.
class Tracing : public std::enable_shared_from_this<Tracing> {
 public:
  // At once.
  static constexpr std::size_t most = 4;

  explicit Tracing(Bridge& bridge) : bridge_(bridge) {}
  Tracing(const Tracing&) = delete;
  Tracing& operator=(const Tracing&) = delete;
  // Ends all of them.
  ~Tracing();

  // Answers with a feed of lines, or with why there is none. `payload`: what frames carry is shown too.
  void start(const TracedSessions& which, bool payload, const admin::Resources::Answer& answer);
  std::size_t running() const { return feeds_.size(); }

 private:
  class LineFeed;
  class SessionTracer;

  void forget(const LineFeed& feed);

  Bridge& bridge_;
  std::vector<LineFeed*> feeds_;  // whoever reads them owns them
};

}  // namespace drawbridge::daemon
