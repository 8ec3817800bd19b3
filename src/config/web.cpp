// Files that are served beside the sockets.

#include "base/log_record.hpp"
#include "config/sections.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace drawbridge::config {
namespace {

Form<std::string> policy() {
  return {"a Content-Security-Policy such as default-src 'self'",
          [](std::string_view text) -> std::optional<std::string> {
            const bool printable_ascii =
                std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
            if (text.empty() || !printable_ascii) return {};
            return std::string(text);
          },
          write_text};
}

void read_files(Reading& reading, const Field& field, Web& web) {
  if (auto path = read_directory(reading, field, "/srv/www")) web.directory = *std::move(path);
}

const Keys<Web>& web_keys() {
  static const Keys<Web> keys{
      {"directory", read_files, [](const Web& from) { return Written(from.directory); },
       "the folder whose files are served"},
      value("content_security_policy", &Web::content_security_policy, policy()),
      value_or("none", "cache", &Web::cache, duration()),
  };
  return keys;
}

bool takes_cookies(const Auth& auth) {
  if (const auto* forward = std::get_if<ForwardAuth>(&auth.how)) {
    const auto& passed_on = forward->request_headers;
    return std::find(passed_on.begin(), passed_on.end(), "cookie") != passed_on.end();
  }
  return std::any_of(auth.from.begin(), auth.from.end(),
                     [](const CredentialPlace& place) { return place.kind == CredentialPlace::Kind::cookie; });
}

}  // namespace

void read_web(Reading& reading, const Field& field, std::optional<Web>& web) {
  web.emplace().position = field.value.position;
  if (field.value.kind == Node::Kind::scalar) {
    read_files(reading, field, *web);
  } else {
    read_mapping(reading, field, web_keys(), *web);
  }
}

Written write_web(const std::optional<Web>& web) {
  return web ? Written(write_mapping(web_keys(), *web)) : Written();
}

std::vector<std::string> names_of_web() {
  return names(web_keys(), ".");
}

void check_shared_origins(const Config& config, Report& report) {
  const auto check = [&](const Web& web, const std::optional<std::string>& host) {
    for (const Route& route : config.routes) {
      const bool share = !host || !route.host || *host == *route.host;
      if (!share || std::none_of(route.auth.begin(), route.auth.end(), takes_cookies)) continue;
      report.warning(web.position,
                     fmt::format("these files share an origin with the route `{}`, which takes cookies: whoever can "
                                 "change a script there can act as everybody who opens it; serve them under another "
                                 "`host`, or take tokens that pages send themselves",
                                 printable(route.name)));
      return;
    }
  };
  for (const Listener& listener : config.listeners) {
    if (listener.web) check(*listener.web, std::nullopt);
  }
  for (const Route& route : config.routes) {
    if (route.web) check(*route.web, route.host);
  }
}

}  // namespace drawbridge::config
