#pragma once

#include "ctl/connection.hpp"

#include <string>

namespace drawbridge::ctl {

// Which sessions a command means; empty: any.
struct Selection {
  std::string route{};
  std::string client{};
  std::string identity{};
};

// What a person asked, with the options of all commands.
struct Options {
  std::string configuration;
  std::string socket;  // empty: the configuration says where
  bool json = false;   // the daemon's answers as they are
  Selection which;
  std::string id;     // of a session; a client's address, where one is meant
  std::string over;   // how long a drain takes; empty: timeouts.drain
  bool wait = false;  // for a drain to end
  std::string level;  // of the log; empty: tell it
  std::string name;   // an identity, or with `is_token` a token's id
  bool is_token = false;
  bool payload = false;         // of traced frames
  unsigned limit = 100;         // most sessions to list
  std::string interval = "1s";  // between two looks
  bool once = false;            // print, and end
};

// Where the daemon is that is meant.
Target target(const Options& options);

// Each prints what the daemon said to stdout, what is wrong to stderr, and returns the exit code: 0 done, 1 not. All
// throw std::runtime_error as `ask` does.
int status(const Options& options);
int sessions(const Options& options);
int config(const Options& options);
int kill(const Options& options);
int close(const Options& options);
int drain(const Options& options);
int resume(const Options& options);
int reload(const Options& options);
int log_level(const Options& options);
int revoke(const Options& options);
int unrevoke(const Options& options);
int revocations(const Options& options);

}  // namespace drawbridge::ctl
