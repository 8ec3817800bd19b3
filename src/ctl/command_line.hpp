#pragma once

#include "ctl/commands.hpp"

namespace CLI {
class App;
}

namespace drawbridge::ctl {

// Adds the commands below `command`. `options` and what it returns must outlive the parsing.
void add_commands(CLI::App& command, Options& options);

// The one that was given, after parsing: its exit code.
int run(const CLI::App& command, const Options& options);

}  // namespace drawbridge::ctl
