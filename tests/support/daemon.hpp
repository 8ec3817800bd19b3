#pragma once

#include "support/certificate.hpp"
#include "support/process.hpp"
#include "support/temporary_directory.hpp"

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <boost/json/object.hpp>

namespace drawbridge::testing {

// A line of the daemon's log.
struct Record {
  std::string line;
  boost::json::object fields;

  // A field as text, whatever its type; empty if it is not there.
  std::string operator[](std::string_view key) const;
  std::uint64_t number(std::string_view key) const;  // it must be there
};

// No fields if it is not JSON.
Record parse_record(std::string line);

using Fields = std::map<std::string, std::string>;

struct DaemonOptions {
  std::map<std::string, std::string> files{};  // names and contents, written beside the configuration
  ProcessOptions process{};                    // with a standard_error of its own, the log is not read
};

// The real daemon over a configuration in a directory of its own, where server.crt and server.key are the certificate
// of bridge.test. Its log is printed if the test fails.
class Daemon {
 public:
  // Waits for `ready` unless the log goes elsewhere.
  explicit Daemon(const std::string& configuration, const DaemonOptions& options = {});
  ~Daemon();

  // The port of the listener at that place of the configuration.
  std::uint16_t port(std::size_t listener = 0);
  // The first record not yet taken that has this event and these fields.
  Record wait_for(const std::string& event, const Fields& fields = {}, std::chrono::milliseconds most = patience);
  // The same for the end of a connection, be it a session's or a refusal.
  Record wait_for_end(const Fields& fields = {}, std::chrono::milliseconds most = patience);
  // The next session's end; what it says beside the reason is up to the caller.
  Record session(const std::string& reason) { return wait_for("session", {{"reason", reason}}); }
  Record refused(const std::string& reason) { return wait_for("refused", {{"reason", reason}}); }
  // All records so far, also those that were taken.
  std::vector<Record> records();
  std::string log();

  void write(std::string_view name, std::string_view content) const { directory_.write(name, content); }
  // Replaces the configuration and sends SIGHUP; the caller waits for `reloaded` or `reload_failed`.
  void reload(std::string_view configuration);
  void terminate() const { process_->signal(15); }

  Process& process() { return *process_; }
  const TemporaryDirectory& directory() const { return directory_; }

 private:
  void read_log(int descriptor);
  Record take(const std::set<std::string>& events, const Fields& fields, std::chrono::milliseconds most);

  TemporaryDirectory directory_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<Record> records_;
  std::vector<bool> taken_;
  bool ended_ = false;
  std::optional<Process> process_;
  std::thread reader_;
};

// The path of the daemon's program.
std::string program();

// Parts of configurations. `more` continues a flow mapping: ", limits: { frame: 1KiB }".
std::string tls_listener(std::string_view bind = "127.0.0.1:0");
std::string route(std::string_view name, std::uint16_t backend_port, std::string_view more = {});
// `top`: further top-level keys, whole lines.
std::string configuration(const std::string& listeners, const std::string& routes, std::string_view top = {});
// One TLS listener, and the route "desk" at /desk for https://app.example.org.
std::string simple(std::uint16_t backend_port, std::string_view more = {}, std::string_view top = {});

}  // namespace drawbridge::testing
