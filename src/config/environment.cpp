#include "base/log_record.hpp"
#include "config/certificate_checks.hpp"
#include "config/disk.hpp"
#include "config/load.hpp"
#include "config/report.hpp"

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>

namespace drawbridge::config {
namespace {

constexpr std::string_view credential_prefix = "credential:";

bool is_numeric(const std::string& host) {
  in6_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1 || inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

void check_backends(const Config& config, Report& report) {
  std::set<std::string> seen;
  for (const Route& route : config.routes) {
    if (route.backend.kind != Backend::Kind::tcp) continue;
    const std::string& host = route.backend.host;
    // localhost is the loopback address even where the resolver does not know it (RFC 6761 §6.3).
    if (is_numeric(host) || host == "localhost" || !seen.insert(host).second) continue;
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int failure = getaddrinfo(host.c_str(), nullptr, &hints, &found);
    if (failure == 0) {
      freeaddrinfo(found);
    } else {
      report.warning(route.position,
                     fmt::format("the backend `{}` does not resolve now: {}", printable(host), gai_strerror(failure)));
    }
  }
}

void check_descriptors(const Config& config, const Environment& environment, Report& report) {
  constexpr std::uint64_t reserved = 64;  // for all but sessions, which hold two each
  if (!config.limits.sessions || environment.descriptor_limit == 0) return;
  const std::uint64_t sessions = *config.limits.sessions;
  const std::uint64_t limit = environment.descriptor_limit;
  const std::uint64_t fitting = limit < reserved ? 0 : (limit - reserved) / 2;
  if (sessions <= fitting) return;
  report.warning(config.sessions_position,
                 fmt::format("{} sessions need {} descriptors, and a process may have {}; {} sessions would fit",
                             sessions, sessions * 2 + reserved, limit, fitting));
}

void check_state(const Config& config, const Environment& environment, Report& report) {
  if (!config.state.empty() || !environment.state_directory.empty()) return;
  for (const Route& route : config.routes) {
    if (!route.quotas.bytes_per_day) continue;
    report.warning(route.position,
                   "`bytes_per_day` counts anew after each restart: set `state`, or StateDirectory= of systemd");
  }
}

// Files that nobody else may read, and what they are.
std::vector<std::pair<std::string, std::string_view>> secrets(const Config& config) {
  std::vector<std::pair<std::string, std::string_view>> all;
  for (const Listener& listener : config.listeners) {
    if (!listener.tls) continue;
    for (const Certificate& certificate : listener.tls->certificates)
      all.emplace_back(certificate.key, "a private key");
  }
  for (const AdminListener& listener : config.admin) all.emplace_back(listener.token, "the token of operators");
  for (const Route& route : config.routes) {
    for (const Auth& auth : route.auth) {
      if (const auto* jwt = std::get_if<JwtAuth>(&auth.how);
          jwt != nullptr && jwt->kind == JwtAuth::Keys::secret_file) {
        all.emplace_back(jwt->keys, "the secret of `jwt`");
      } else if (const auto* basic = std::get_if<BasicAuth>(&auth.how)) {
        all.emplace_back(basic->file, "the passwords of `basic`");
      } else if (const auto* tokens = std::get_if<TokensAuth>(&auth.how)) {
        all.emplace_back(tokens->file, "the tokens of `tokens`");
      }
    }
  }
  return all;
}

// Whether it would be served: it lies below the folder, and no name on the way begins with a dot.
bool is_served(const std::string& file, const std::string& directory) {
  namespace fs = std::filesystem;
  std::error_code failed;
  const fs::path below = fs::weakly_canonical(file, failed).lexically_relative(fs::weakly_canonical(directory, failed));
  return !failed && !below.empty() &&
         std::none_of(below.begin(), below.end(), [](const fs::path& part) { return part.native().starts_with('.'); });
}

void check_web(const Config& config, const Web& web, Report& report) {
  std::string why;
  if (!is_readable_directory(web.directory, why)) {
    report.error(web.position, fmt::format("`web`: cannot serve `{}`: {}", printable(web.directory), why));
  }
  for (const auto& [file, what] : secrets(config)) {
    if (!file.starts_with('/') || !is_served(file, web.directory)) continue;
    report.error(web.position,
                 fmt::format("`web` would serve `{}`, {}: move it out of the folder", printable(file), what));
  }
}

}  // namespace

std::vector<Diagnostic> check_environment(const Config& config, const Environment& environment) {
  Report report;
  for (const Route& route : config.routes) {
    if (route.web) check_web(config, *route.web, report);
  }
  for (const Listener& listener : config.listeners) {
    if (listener.web) check_web(config, *listener.web, report);
    if (!listener.tls) continue;
    for (const Certificate& certificate : listener.tls->certificates) {
      check_certificate(certificate, environment, report);
    }
    if (const auto& asked = listener.tls->client_certificates) {
      check_client_certificates(*asked, environment, report);
    }
  }
  if (environment.resolve_backends) check_backends(config, report);
  check_descriptors(config, environment, report);
  check_state(config, environment, report);
  return std::move(report).sorted();
}

std::string file_of(const std::string& name, const std::string& credentials_directory) {
  if (!name.starts_with(credential_prefix)) return name;
  return credentials_directory + "/" + name.substr(credential_prefix.size());
}

}  // namespace drawbridge::config
