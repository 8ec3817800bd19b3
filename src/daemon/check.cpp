#include "daemon/check.hpp"

#include "admin/door.hpp"
#include "daemon/revocation_store.hpp"
#include "daemon/state_file.hpp"
#include "net/gate.hpp"
#include "net/tls_context.hpp"

#include <cstdlib>
#include <ctime>
#include <iostream>
#include <utility>

#include <sys/resource.h>

namespace drawbridge::daemon {

std::uint64_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1'024;
  const rlim_t before = std::exchange(limit.rlim_cur, limit.rlim_max);
  return ::setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_max : before;
}

config::Loaded load_and_check(const std::string& path, bool resolve) {
  config::Loaded loaded = config::load(path);
  if (!loaded.valid()) return loaded;
  config::Environment environment;
  environment.unix_time = std::time(nullptr);
  environment.descriptor_limit = raise_descriptor_limit();
  if (const char* directory = std::getenv("CREDENTIALS_DIRECTORY")) environment.credentials_directory = directory;
  environment.state_directory = service_state_directory();
  environment.resolve_backends = resolve;
  for (config::Diagnostic& diagnostic : config::check_environment(loaded.config, environment)) {
    loaded.diagnostics.push_back(std::move(diagnostic));
  }
  if (!loaded.valid()) return loaded;
  // What only the TLS library can say, a key that is too short for example.
  for (const config::Listener& listener : loaded.config.listeners) {
    std::string why;
    if (listener.tls &&
        !net::TlsContext::make(*listener.tls, listener.bind.text(), environment.credentials_directory, why)) {
      loaded.diagnostics.push_back({config::Diagnostic::Severity::error, listener.position, why});
    }
  }
  for (const config::Route& route : loaded.config.routes) {
    net::Gate::make(route, environment.credentials_directory, loaded.diagnostics);
  }
  RevocationStore::open(loaded.config, environment.credentials_directory, loaded.diagnostics);
  for (const config::AdminListener& listener : loaded.config.admin) {
    std::string why;
    if (admin::Door::make(listener, environment.credentials_directory, why)) continue;
    loaded.diagnostics.push_back({config::Diagnostic::Severity::error, listener.position,
                                  "the admin listener " + listener.bind.text() + ": " + why});
  }
  return loaded;
}

int check(const std::string& path) {
  const config::Loaded loaded = load_and_check(path, true);
  for (const config::Diagnostic& diagnostic : loaded.diagnostics) std::cerr << diagnostic.text() << '\n';
  if (!loaded.valid()) return 1;
  const auto counted = [](std::size_t count, const char* what) {
    return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
  };
  std::cout << path << ": valid: " << counted(loaded.config.listeners.size(), "listener") << ", "
            << counted(loaded.config.routes.size(), "route") << '\n';
  return 0;
}

}  // namespace drawbridge::daemon
