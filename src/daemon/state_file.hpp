#pragma once

#include "config/config.hpp"

#include <string>
#include <string_view>

namespace drawbridge::daemon {

// The directory for what outlives a restart: the configuration's, or the first of $STATE_DIRECTORY, which systemd sets.
// Empty: there is none.
std::string state_directory(const config::Config& config);
std::string service_state_directory();

// Replaces the file `path` in `directory`, which is made if only its last part is missing: all of it or nothing, also
// if the machine stops meanwhile. Otherwise `why`. Waits for the disk.
bool replace_file(const std::string& directory, const std::string& path, std::string_view text, std::string& why);

// Also true if nobody can tell.
bool may_exist(const std::string& path);

}  // namespace drawbridge::daemon
