#include "ctl/commands.hpp"

#include "base/log_record.hpp"
#include "ctl/fields.hpp"
#include "ctl/table.hpp"
#include "ctl/yaml.hpp"

#include <chrono>
#include <initializer_list>
#include <iostream>
#include <thread>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

namespace drawbridge::ctl {
namespace {

constexpr auto look_interval = std::chrono::milliseconds(200);

// "?route=desk&over=60s", of those that are not empty.
std::string arguments(std::initializer_list<std::pair<std::string_view, std::string_view>> all) {
  std::string text;
  for (const auto& [name, value] : all) {
    if (value.empty()) continue;
    text.append(text.empty() ? "?" : "&").append(name).append("=").append(encoded(value));
  }
  return text;
}

std::string arguments(const Selection& which) {
  return arguments({{"route", which.route}, {"client", which.client}, {"identity", which.identity}});
}

int fail(const Reply& reply) {
  std::cerr << "drawbridge: " << reply.error() << '\n';
  return 1;
}

// Of what changes something: the answer where programs ask, what is left to say otherwise.
int done(const Options& options, const Reply& reply, std::string_view words) {
  if (!reply.good()) return fail(reply);
  if (options.json) {
    std::cout << reply.body;
  } else if (!words.empty()) {
    std::cout << words << '\n';
  }
  if (const std::string warning = text(reply.fields, "warning"); !warning.empty()) {
    std::cerr << "drawbridge: warning: " << printable(warning) << '\n';
  }
  return 0;
}

void print_messages(const json::object& reload, std::ostream& out) {
  for (const json::value& message : list(reload, "messages")) {
    if (message.is_string()) out << printable(std::string_view(message.get_string())) << '\n';
  }
}

}  // namespace

Target target(const Options& options) {
  return target_of(options.configuration, options.socket);
}

int status(const Options& options) {
  const Reply reply = ask(target(options), "GET", "/status");
  if (!reply.good() || options.json) return done(options, reply, "");
  const json::object& fields = reply.fields;
  std::cout << fmt::format("{}, pid {}, up {}{}\nconfiguration {}\n", printable(text(fields, "version")),
                           number(fields, "pid"), time_text(real(fields, "uptime")),
                           flag(fields, "draining") ? ", draining" : "", printable(text(fields, "configuration")));
  if (const json::object& last = object(fields, "last_reload"); !last.empty()) {
    std::cout << fmt::format("read {}{}\n", printable(text(last, "at")),
                             flag(last, "done") ? "" : ": FAILED, the one before is in force");
    print_messages(last, std::cout);
  }
  std::cout << fmt::format("log level {}, {} sessions, {} connections that are none yet\n\n",
                           printable(text(fields, "log_level")), number(fields, "sessions"), number(fields, "pending"));
  std::vector<std::vector<std::string>> rows{{"ROUTE", "SESSIONS", "BACKEND"}};
  for (const json::value& route : list(fields, "routes")) {
    const json::object& its = route.as_object();
    rows.push_back({text(its, "name"), std::to_string(number(its, "sessions")),
                    text(its, "backend") + (flag(its, "draining") ? " (draining)" : "")});
  }
  std::cout << table(rows);
  return 0;
}

int sessions(const Options& options) {
  std::string path = "/sessions" + arguments(options.which);
  path += fmt::format("{}limit={}", path.ends_with("sessions") ? '?' : '&', options.limit);
  const Reply reply = ask(target(options), "GET", path);
  if (!reply.good() || options.json) return done(options, reply, "");
  std::vector<std::vector<std::string>> rows{
      {"SESSION", "CLIENT", "ROUTE", "IDENTITY", "BACKEND", "AGE", "UP", "DOWN"}};
  for (const json::value& session : list(reply.fields, "sessions")) {
    const json::object& its = session.as_object();
    rows.push_back({text(its, "session"), text(its, "client"), text(its, "route"), text(its, "identity"),
                    text(its, "backend"), time_text(real(its, "seconds")), size_text(number(its, "up_bytes")),
                    size_text(number(its, "down_bytes"))});
  }
  std::cout << table(rows);
  const std::uint64_t matching = number(reply.fields, "matching");
  if (matching > rows.size() - 1) std::cerr << fmt::format("{} of {}; --limit shows more\n", rows.size() - 1, matching);
  return 0;
}

int config(const Options& options) {
  const Reply reply = ask(target(options), "GET", "/config");
  if (reply.good() && !options.json) std::cout << yaml(reply.fields);
  return reply.good() && !options.json ? 0 : done(options, reply, "");
}

int kill(const Options& options) {
  return done(options, ask(target(options), "DELETE", "/sessions/" + encoded(options.id)), "");
}

int close(const Options& options) {
  const Reply reply = ask(target(options), "DELETE", "/sessions" + arguments(options.which));
  return done(options, reply, fmt::format("{} ended", number(reply.fields, "ended")));
}

int drain(const Options& options) {
  const Target daemon = target(options);
  const std::string query = arguments({{"route", options.which.route}, {"over", options.over}});
  const int code = done(options, ask(daemon, "POST", "/drain" + query), "");
  if (code != 0 || !options.wait) return code;
  const std::string left = "/sessions" + arguments({{"route", options.which.route}, {"limit", "1"}});
  for (;;) {
    const Reply reply = ask(daemon, "GET", left);
    if (!reply.good()) return fail(reply);
    if (number(reply.fields, "matching") == 0) return 0;
    std::this_thread::sleep_for(look_interval);
  }
}

int resume(const Options& options) {
  return done(options, ask(target(options), "DELETE", "/drain" + arguments({{"route", options.which.route}})), "");
}

int reload(const Options& options) {
  const Reply reply = ask(target(options), "POST", "/reload");
  if (options.json) std::cout << reply.body;
  if (reply.status != 200 && reply.status != 422) return fail(reply);
  print_messages(reply.fields, std::cerr);
  if (reply.good()) return 0;
  std::cerr << "drawbridge: not reloaded; the configuration from before is in force\n";
  return 1;
}

int log_level(const Options& options) {
  const bool asks = options.level.empty();
  const Reply reply = asks ? ask(target(options), "GET", "/log-level")
                           : ask(target(options), "PUT", "/log-level/" + encoded(options.level));
  return done(options, reply, asks ? text(reply.fields, "level") : "");
}

int revoke(const Options& options) {
  const std::string kind = options.is_token ? "token" : "identity";
  return done(options, ask(target(options), "PUT", "/revocations/" + kind + "/" + encoded(options.name)), "");
}

int unrevoke(const Options& options) {
  const std::string kind = options.is_token ? "token" : "identity";
  return done(options, ask(target(options), "DELETE", "/revocations/" + kind + "/" + encoded(options.name)), "");
}

int revocations(const Options& options) {
  const Reply reply = ask(target(options), "GET", "/revocations");
  if (!reply.good() || options.json) return done(options, reply, "");
  for (const json::value& line : list(reply.fields, "revocations")) {
    if (line.is_string()) std::cout << printable(std::string_view(line.get_string())) << '\n';
  }
  return 0;
}

}  // namespace drawbridge::ctl
