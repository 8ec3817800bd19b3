#pragma once

#include "ctl/commands.hpp"

#include <string>
#include <string_view>

namespace drawbridge::ctl {

// Prints what crosses a session, or all those of a client, until it ends or the person does (Ctrl-C: 0).
int trace(const Options& options);

// A line of the daemon's for people, with its end. `names_sessions`: several are told of.
std::string trace_line(std::string_view line, bool names_sessions);

// Whether it means a client, and not a session: an address, a network, or `unix`.
bool names_client(std::string_view text);

}  // namespace drawbridge::ctl
