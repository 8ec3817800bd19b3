#pragma once

#include "support/patience.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

namespace drawbridge::testing {

struct ProcessOptions {
  std::vector<std::string> environment{};                // NAME=VALUE, besides the caller's own
  std::vector<std::pair<std::string, int>> inherited{};  // names and sockets, as systemd passes them
  std::optional<unsigned long> descriptors{};            // soft and hard RLIMIT_NOFILE
  std::optional<unsigned long> file_size{};              // soft and hard RLIMIT_FSIZE
  int standard_output = -1;                              // -1: /dev/null
  int standard_error = -1;
};

// A child process; killed when it goes out of scope.
class Process {
 public:
  Process(const std::vector<std::string>& command, const ProcessOptions& options);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t id() const { return id_; }
  void signal(int number) const;
  bool running();
  // The exit code, or 128 and the signal's number; Timeout if it goes on running.
  int wait(std::chrono::milliseconds most = patience);

  std::size_t resident_bytes() const;
  std::size_t open_descriptors() const;
  // CPU seconds used so far.
  double cpu_seconds() const;
  // The thread of that name; 0 if there is none.
  pid_t thread(const std::string& name) const;

 private:
  pid_t id_ = -1;
  int descriptor_ = -1;  // pidfd
  std::optional<int> code_;
};

// A whole run of a program.
struct Run {
  int code = 0;
  std::string output;
  std::string error;
};
Run run(const std::vector<std::string>& command, const ProcessOptions& options = {},
        std::chrono::milliseconds most = 2 * patience);

}  // namespace drawbridge::testing
