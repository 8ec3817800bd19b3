#pragma once

#include "config/config.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drawbridge::config {

struct Diagnostic {
  enum class Severity : std::uint8_t { error, warning };
  Severity severity = Severity::error;
  Position position;
  std::string message;

  // file:line:column: message, or file:line:column: warning: message.
  std::string text() const;
};

struct Loaded {
  Config config;
  std::vector<Diagnostic> diagnostics;  // in the order of files and positions

  bool valid() const;  // no errors
};

// What the file system answers; replaced in fuzzing.
class Files {
 public:
  virtual ~Files() = default;
  // The content, or why not (for a message). At most 1 MiB is read; larger files are refused.
  virtual std::optional<std::string> read(const std::string& path, std::string& why) = 0;
  // Files that match a pattern (glob(7)), sorted.
  virtual std::vector<std::string> match(const std::string& pattern) = 0;
};

// Reads, checks and completes the configuration: every error of it, not only the first. Only the files of the
// configuration itself are opened; certificates and names are looked at by check_environment.
Loaded load(const std::string& path, Files& files);
Loaded load(const std::string& path);

// What depends on the machine and the moment: certificates (errors: unreadable, malformed, key does not match;
// warnings: expired, not yet valid, expiring within 30 days, key readable by the world), the CAs and revocation lists
// of client certificates (errors: unreadable, malformed, empty; warnings: dates, and what makes that nobody's
// certificate passes), backends that do not resolve (warnings), more sessions than descriptors (a warning), bytes of a
// day that nobody remembers after a restart (a warning).
struct Environment {
  std::int64_t unix_time = 0;          // seconds
  std::uint64_t descriptor_limit = 0;  // hard RLIMIT_NOFILE; 0: unknown
  std::string credentials_directory;   // $CREDENTIALS_DIRECTORY, may be empty
  std::string state_directory;         // systemd's, of $STATE_DIRECTORY; may be empty
  bool resolve_backends = true;        // asks the resolver, which blocks
};
std::vector<Diagnostic> check_environment(const Config& config, const Environment& environment);

// The path of a PEM file: credential:NAME below `credentials_directory`, others as they are.
std::string file_of(const std::string& name, const std::string& credentials_directory);

}  // namespace drawbridge::config
