#pragma once

#include "admin/server.hpp"
#include "daemon/bridge.hpp"
#include "daemon/session_list.hpp"
#include "daemon/tracing.hpp"

#include <ctime>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

namespace drawbridge::daemon {

// The last time a configuration was put in force, or could not be.
struct LastReload {
  std::string at;  // RFC 3339
  bool done = true;
  std::vector<std::string> messages;         // errors and warnings, as `check` prints them
  std::time_t seconds = std::time(nullptr);  // `at`, since 1970
};

// What operators can ask of the running daemon and have it do: the resources behind the admin listeners. Control thread
// only.
class Control : public admin::Resources {
 public:
  // What the process does beside the bridge.
  struct Process {
    std::function<LastReload()> reload;
    std::function<const LastReload&()> last_reload;
    std::function<bool()> ends;  // it was told to stop
    std::string configuration;   // its file
  };

  // Both must outlive it.
  Control(Bridge& bridge, LogSink& log, Process process);

  bool is_open(const admin::Request& request) const override;
  void handle(const admin::Request& request, const Answer& answer) override;

 private:
  struct Resource;
  static const std::vector<Resource>& resources();

  void health(const admin::Request& request, const Answer& answer);
  void readiness(const admin::Request& request, const Answer& answer);
  void status(const admin::Request& request, const Answer& answer);
  void metrics(const admin::Request& request, const Answer& answer);
  void configuration(const admin::Request& request, const Answer& answer);
  void overview(const admin::Request& request, const Answer& answer);
  void page(const admin::Request& request, const Answer& answer);
  void sessions(const admin::Request& request, const Answer& answer);
  void session(const admin::Request& request, const Answer& answer);
  void end_sessions(const admin::Request& request, const Answer& answer);
  void end_session(const admin::Request& request, const Answer& answer);
  void trace(const admin::Request& request, const Answer& answer);
  void reload(const admin::Request& request, const Answer& answer);
  void drain(const admin::Request& request, const Answer& answer);
  void resume(const admin::Request& request, const Answer& answer);
  void revocations(const admin::Request& request, const Answer& answer);
  void revoke(const admin::Request& request, const Answer& answer);
  void unrevoke(const admin::Request& request, const Answer& answer);
  void log_level(const admin::Request& request, const Answer& answer);
  void set_log_level(const admin::Request& request, const Answer& answer);

  void kill(const SessionFilter& filter, const Answer& answer);
  // Each change is told in the log, with who made it.
  void note(const admin::Request& request, std::string_view what);

  Bridge& bridge_;
  LogSink& log_;
  const Process process_;
  const std::shared_ptr<Tracing> tracing_;
  const Instant started_;
  const std::time_t started_at_;
};

}  // namespace drawbridge::daemon
