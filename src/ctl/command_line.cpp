#include "ctl/command_line.hpp"

#include "ctl/top.hpp"
#include "ctl/trace.hpp"

#include <array>
#include <string_view>

#include <CLI/CLI.hpp>

namespace drawbridge::ctl {
namespace {

void add_selection(CLI::App& command, Selection& which) {
  command.add_option("--route", which.route, "of the route of this name");
  command.add_option("--client", which.client, "of this client, as the log shows it");
  command.add_option("--identity", which.identity, "of this identity");
}

void add_name(CLI::App& command, Options& options) {
  command.add_option("NAME", options.name, "an identity, as the log shows it")->required();
  command.add_flag("--token", options.is_token, "NAME is the id of a token");
}

// Why not; empty: it is one.
std::string not_an_interval(const std::string& text) {
  return interval_of(text) ? "" : "it must be from 100ms to 1m";
}

void nothing_more(CLI::App& /*command*/, Options& /*options*/) {}

struct Command {
  const char* name;
  const char* what;
  void (*add)(CLI::App& command, Options& options);
  int (*run)(const Options& options);
};

constexpr std::array commands{
    Command{"status", "how it is", nothing_more, status},
    Command{"sessions", "list sessions",
            [](CLI::App& command, Options& options) {
              add_selection(command, options.which);
              command.add_option("--limit", options.limit, "most of them, 1 to 1000")->capture_default_str();
            },
            sessions},
    Command{"top", "what happens, again and again",
            [](CLI::App& command, Options& options) {
              command.add_option("--interval", options.interval, "time between two looks, 100ms to 1m")
                  ->check(not_an_interval)
                  ->capture_default_str();
              command.add_flag("--once", options.once, "print what happened within one interval, and end");
            },
            top},
    Command{"config", "the configuration in force, with all defaults and without secrets", nothing_more, config},
    Command{"kill", "end a session at once, with 1008 and `killed`",
            [](CLI::App& command, Options& options) {
              command.add_option("SESSION", options.id, "its id, as in the log")->required();
            },
            kill},
    Command{"trace", "print what crosses a session, frame by frame",
            [](CLI::App& command, Options& options) {
              command.add_option("SESSION", options.id, "its id, as in the log; or a client's address: all of his")
                  ->required();
              command.add_flag("--payload", options.payload, "what frames carry too, where trace_payload allows it");
            },
            trace},
    Command{"close", "the same for all that match",
            [](CLI::App& command, Options& options) {
              add_selection(command, options.which);
              command.require_option(1, 0);
            },
            close},
    Command{"drain", "admit nobody, and end sessions with 1012, spread over a time",
            [](CLI::App& command, Options& options) {
              command.add_option("--route", options.which.route, "only on this route");
              command.add_option("--over", options.over, "how long, such as 60s; otherwise timeouts.drain");
              command.add_flag("--wait", options.wait, "until no session is left");
            },
            drain},
    Command{"resume", "admit again after a drain",
            [](CLI::App& command, Options& options) {
              command.add_option("--route", options.which.route, "only on this route");
            },
            resume},
    Command{"reload", "read the configuration again", nothing_more, reload},
    Command{"log-level", "tell the level, or change it until the next reload",
            [](CLI::App& command, Options& options) {
              command.add_option("LEVEL", options.level, "debug, info, warning or error");
            },
            log_level},
    Command{"revoke", "end an identity's sessions, and keep it out", add_name, revoke},
    Command{"unrevoke", "take that back", add_name, unrevoke},
    Command{"revocations", "whom `revoke` named", nothing_more, revocations},
};

}  // namespace

void add_commands(CLI::App& command, Options& options) {
  command.require_subcommand(1);
  command.add_option("--socket", options.socket, "the daemon's admin socket; otherwise the configuration says")
      ->type_name("FILE");
  command.add_flag("--json", options.json, "the daemon's answer, for programs");
  command.fallthrough();
  for (const Command& its : commands) its.add(*command.add_subcommand(its.name, its.what)->fallthrough(), options);
}

int run(const CLI::App& command, const Options& options) {
  for (const Command& its : commands) {
    if (command.got_subcommand(its.name)) return its.run(options);
  }
  return 2;
}

}  // namespace drawbridge::ctl
