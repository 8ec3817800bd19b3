#pragma once

#include "support/backend.hpp"
#include "support/channel.hpp"
#include "support/daemon.hpp"
#include "support/fault_proxy.hpp"

#include <array>
#include <atomic>
#include <optional>
#include <set>
#include <string>

namespace drawbridge::testing {

// Who says first that it is over.
enum class Ending : std::uint8_t {
  browser,          // it has got everything before
  browser_at_once,  // behind its last frame
  backend,          // it has got everything before
};
std::string_view name(Ending ending);

// What came of a session, or of the attempt.
struct Crossed {
  Ending ending = Ending::browser;
  Record record;           // the one line of its end
  unsigned status = 0;     // of the answer; 0: none came
  std::string refusal;     // the reason in the answer's body
  std::string by_browser;  // payload that arrived
  std::string by_backend;
  bool struck = false;  // a planned fault came
  // On the browser's side and the backend's, by Direction.
  std::array<std::string, 2> passed_browser;
  std::array<std::string, 2> passed_backend;

  std::string reason() const { return record["reason"]; }
  // The reason of a session that nothing disturbed.
  std::string natural() const { return ending == Ending::backend ? "backend_closed" : "client_closed"; }
};

// A browser and a backend who exchange known bytes over the bridge, with a proxy on either side of it.
class Crossing {
 public:
  // `address`: the loopback address that the bridge sees the browser come from; no other client may have it.
  explicit Crossing(std::string address = "127.0.1.1");

  // What the route's backend must be.
  std::uint16_t backend_port() const { return towards_backend_.port(); }
  // What goes over the bridge from now on goes over this one.
  void use(Daemon& daemon);

  // One session by the route `target`. Whatever ends it early is no error here, but that the bridge does not log its
  // end.
  Crossed cross(const std::string& target, Ending ending, const FaultPlan& browser = {}, const FaultPlan& backend = {});

 private:
  void serve(Wire& wire);
  void browse(const std::string& target, Crossed& crossed);

  const std::string address_;
  std::atomic<Ending> ending_ = Ending::browser;
  Channel<std::string> received_;
  Backend backend_;
  FaultProxy towards_backend_;
  Daemon* daemon_ = nullptr;
  std::optional<FaultProxy> towards_bridge_;
};

// What is wrong with it: bytes out of nowhere, lost or not counted; an answer that tells another reason than the log; a
// reason that is not one of `fitting`. A side is whole if no fault swallowed what was on its way there. Empty: nothing.
std::string wrongs(const Crossed& crossed, const std::set<std::string>& fitting, bool browser_side_whole,
                   bool backend_side_whole);
// The same for a session that nothing disturbed, or nothing that may show.
std::string wrongs(const Crossed& undisturbed);

}  // namespace drawbridge::testing
