#pragma once

#include <string>

namespace drawbridge::daemon {

// `drawbridge serve`: runs in the foreground until SIGTERM or SIGINT; the exit code.
int serve(const std::string& path);

}  // namespace drawbridge::daemon
