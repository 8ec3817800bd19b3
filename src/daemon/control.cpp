#include "daemon/control.hpp"

#include "admin/page.hpp"
#include "base/text.hpp"
#include "config/effective.hpp"
#include "config/units.hpp"
#include "daemon/metrics.hpp"
#include "daemon/overview.hpp"
#include "daemon/state_file.hpp"
#include "daemon/version.hpp"

#include <algorithm>
#include <numeric>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <unistd.h>

namespace drawbridge::daemon {
namespace {

namespace json = boost::json;
using admin::failure;
using admin::Request;
using admin::Response;

// A worker that takes longer is stuck; the watchdog says so too.
constexpr auto patience = std::chrono::seconds(2);
constexpr std::size_t most_sessions_a_page = 1'000;
constexpr std::string_view stuck = "a worker does not answer";

Response answer_of(const json::object& object, unsigned status = 200) {
  return {.status = status, .body = json::serialize(object) + "\n"};
}

// Null if all of the request's arguments are known ones.
std::optional<Response> unknown_argument(const Request& request, std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : request.query) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    return failure(400, fmt::format("there is no parameter `{}` here; there are {}", printable(name),
                                    fmt::join(known.begin(), known.end(), ", ")));
  }
  return std::nullopt;
}

SessionFilter filter_of(const Request& request) {
  return {.route = request.argument("route"),
          .client = request.argument("client"),
          .identity = request.argument("identity")};
}

std::optional<std::size_t> page_size(const std::string& text) {
  if (text.empty() || text.size() > 4 || !std::all_of(text.begin(), text.end(), is_digit)) return {};
  const std::size_t size = std::stoul(text);
  return size >= 1 && size <= most_sessions_a_page ? std::optional(size) : std::nullopt;
}

template <class Strings>
json::array list_of(const Strings& texts) {
  json::array list;
  for (const std::string& text : texts) list.emplace_back(text);
  return list;
}

json::object fields_of(const LastReload& reload) {
  return {{"at", reload.at}, {"done", reload.done}, {"messages", list_of(reload.messages)}};
}

}  // namespace

struct Control::Resource {
  std::string_view method;
  std::string_view name;     // the first segment of the path; "": there is none
  std::size_t segments = 1;  // of the path
  bool open = false;         // needs no token
  void (Control::*handle)(const Request&, const Answer&) = nullptr;

  bool is_at(const Request& request) const {
    return request.path.size() == segments && (segments == 0 || request.path.front() == name);
  }
};

const std::vector<Control::Resource>& Control::resources() {
  static const std::vector<Resource> all{
      {"GET", "healthz", 1, true, &Control::health},
      {"GET", "readyz", 1, true, &Control::readiness},
      {"GET", "status", 1, false, &Control::status},
      {"GET", "metrics", 1, false, &Control::metrics},
      {"GET", "config", 1, false, &Control::configuration},
      {"GET", "sessions", 1, false, &Control::sessions},
      {"DELETE", "sessions", 1, false, &Control::end_sessions},
      {"GET", "sessions", 2, false, &Control::session},
      {"DELETE", "sessions", 2, false, &Control::end_session},
      {"GET", "trace", 1, false, &Control::trace},
      {"POST", "reload", 1, false, &Control::reload},
      {"POST", "drain", 1, false, &Control::drain},
      {"DELETE", "drain", 1, false, &Control::resume},
      {"GET", "revocations", 1, false, &Control::revocations},
      {"PUT", "revocations", 3, false, &Control::revoke},
      {"DELETE", "revocations", 3, false, &Control::unrevoke},
      {"GET", "log-level", 1, false, &Control::log_level},
      {"PUT", "log-level", 2, false, &Control::set_log_level},
      {"GET", "overview", 1, false, &Control::overview},
      {"GET", "", 0, true, &Control::page},
      {"GET", "page.css", 1, true, &Control::page},
      {"GET", "page.js", 1, true, &Control::page},
      {"GET", "icon.svg", 1, true, &Control::page},
  };
  return all;
}

Control::Control(Bridge& bridge, LogSink& log, Process process)
    : bridge_(bridge),
      log_(log),
      process_(std::move(process)),
      tracing_(std::make_shared<Tracing>(bridge)),
      started_(Clock::now()),
      started_at_(std::time(nullptr)) {}

bool Control::is_open(const Request& request) const {
  const auto& all = resources();
  return std::any_of(all.begin(), all.end(),
                     [&](const Resource& resource) { return resource.open && resource.is_at(request); });
}

void Control::handle(const Request& request, const Answer& answer) {
  std::string allowed;
  for (const Resource& resource : resources()) {
    if (!resource.is_at(request)) continue;
    if (request.method == resource.method) return (this->*resource.handle)(request, answer);
    allowed.append(allowed.empty() ? "" : ", ").append(resource.method);
  }
  Response refused = allowed.empty() ? failure(404, "there is no such resource")
                                     : failure(405, "this resource does not do that; it does " + allowed);
  refused.allow = std::move(allowed);
  answer(std::move(refused));
}

void Control::note(const Request& request, std::string_view what) {
  log_.write(LogLevel::info, log_.record(LogLevel::info, "admin").add("asker", request.asker).add("action", what));
}

// Whether each worker does its work: one that is stuck is enough to be ill.
void Control::health(const Request& /*request*/, const Answer& answer) {
  bridge_.ask_workers<bool>([](net::Worker&) { return true; }, patience,
                            [answer](const auto& alive) {
                              answer(alive ? answer_of({{"healthy", true}}) : failure(503, stuck));
                            });
}

// Whether a load balancer should send new ones here.
void Control::readiness(const Request& /*request*/, const Answer& answer) {
  const bool draining = process_.ends() || bridge_.emptying();
  answer(draining ? failure(503, "draining") : answer_of({{"ready", true}}));
}

void Control::status(const Request& /*request*/, const Answer& answer) {
  const std::string versions = version();
  json::array routes;
  for (const auto& route : bridge_.snapshot().routes()) {
    routes.push_back(json::object{{"name", route->route.name},
                                  {"backend", route->route.backend.text()},
                                  {"sessions", route->state->sessions.load()},
                                  {"draining", route->state->draining.load()}});
  }
  json::array listeners;
  for (const config::Listener& listener : bridge_.config().listeners) listeners.emplace_back(listener.bind.text());
  const std::chrono::duration<double> uptime = Clock::now() - started_;
  answer(answer_of({
      {"version", versions.substr(0, versions.find('\n'))},
      {"pid", ::getpid()},
      {"configuration", process_.configuration},
      {"uptime", uptime.count()},
      {"draining", process_.ends() || bridge_.emptying()},
      {"sessions", bridge_.limiter().sessions()},
      {"pending", bridge_.limiter().pending()},
      {"traces", tracing_->running()},
      {"routes", std::move(routes)},
      {"listeners", std::move(listeners)},
      {"log_level", name(log_.settings().level)},
      {"last_reload", fields_of(process_.last_reload())},
  }));
}

void Control::metrics(const Request& /*request*/, const Answer& answer) {
  bridge_.ask_workers<WorkerReport>(
      [asked = Clock::now()](net::Worker& worker) { return report_of(worker, asked); }, patience,
      [this, answer](const std::optional<std::vector<WorkerReport>>& workers) {
        if (!workers) return answer(failure(503, stuck));
        const LastReload& reload = process_.last_reload();
        const Standing standing{.started = started_at_,
                                .draining = process_.ends() || bridge_.emptying(),
                                .reloaded = reload.done,
                                .reload = reload.seconds,
                                .log_dropped = log_.dropped()};
        answer({.body = metrics_text(bridge_, *workers, standing), .type = std::string(metrics_type)});
      });
}

void Control::configuration(const Request& /*request*/, const Answer& answer) {
  config::Config config = bridge_.config();
  // What `auto` and the service manager came to.
  config.workers = bridge_.workers();
  config.limits.sessions = bridge_.limits().sessions;
  config.state = state_directory(config);
  answer(answer_of(config::effective(config)));
}

void Control::overview(const Request& /*request*/, const Answer& answer) {
  bridge_.ask_workers<WorkerReport>(
      [asked = Clock::now()](net::Worker& worker) { return report_of(worker, asked); }, patience,
      [this, answer](const std::optional<std::vector<WorkerReport>>& workers) {
        if (!workers) return answer(failure(503, stuck));
        Surroundings surroundings = surroundings_of(bridge_);
        surroundings.time = std::time(nullptr);
        surroundings.uptime = std::chrono::duration<double>(Clock::now() - started_).count();
        surroundings.draining = process_.ends() || bridge_.emptying();
        answer(answer_of(daemon::overview(surroundings, sum_of(bridge_, *workers), *workers)));
      });
}

void Control::page(const Request& request, const Answer& answer) {
  answer(*admin::page_file(request.path.empty() ? "" : request.path.front()));
}

void Control::sessions(const Request& request, const Answer& answer) {
  if (auto refused = unknown_argument(request, {"route", "client", "identity", "after", "limit"})) {
    return answer(*std::move(refused));
  }
  SessionPage page;
  page.after = request.argument("after").value_or("");
  if (const auto limit = request.argument("limit")) {
    const auto size = page_size(*limit);
    if (!size) return answer(failure(400, fmt::format("`limit` is a number from 1 to {}", most_sessions_a_page)));
    page.limit = *size;
  }
  bridge_.ask_workers<SessionPart>(
      [filter = filter_of(request), page](net::Worker& worker) {
        SessionCollector collector(filter, page);
        worker.for_each_session([&](const net::Session& session) { collector.look(session); });
        return collector.part(worker.index(), Clock::now());
      },
      patience,
      [answer, page](std::optional<std::vector<SessionPart>> parts) {
        answer(parts ? answer_of(joined(*std::move(parts), page)) : failure(503, stuck));
      });
}

void Control::session(const Request& request, const Answer& answer) {
  bridge_.ask_workers<SessionPart>(
      [filter = SessionFilter{.id = request.path[1]}](net::Worker& worker) {
        const SessionPage page;
        SessionCollector collector(filter, page);
        worker.for_each_session([&](const net::Session& session) { collector.look(session); });
        return collector.part(worker.index(), Clock::now());
      },
      patience,
      [answer](const std::optional<std::vector<SessionPart>>& parts) {
        if (!parts) return answer(failure(503, stuck));
        for (const SessionPart& part : *parts) {
          if (!part.rows.empty()) return answer(answer_of(part.rows.front().fields));
        }
        answer(failure(404, "there is no such session"));
      });
}

void Control::kill(const SessionFilter& filter, const Answer& answer) {
  bridge_.ask_workers<std::size_t>(
      [filter](net::Worker& worker) { return worker.end_sessions(Reason::killed, filter); }, patience,
      [answer](const std::optional<std::vector<std::size_t>>& counts) {
        if (!counts) return answer(failure(503, stuck));
        const std::size_t ended = std::accumulate(counts->begin(), counts->end(), std::size_t{0});
        answer(ended == 0 ? failure(404, "there is no such session") : answer_of({{"ended", ended}}));
      });
}

void Control::end_session(const Request& request, const Answer& answer) {
  note(request, fmt::format("kill {}", request.path[1]));
  kill({.id = request.path[1]}, answer);
}

void Control::end_sessions(const Request& request, const Answer& answer) {
  if (auto refused = unknown_argument(request, {"route", "client", "identity"})) return answer(*std::move(refused));
  const SessionFilter filter = filter_of(request);
  // Not by mistake.
  if (filter.any()) return answer(failure(400, "say which: route, client or identity; `drain` ends all"));
  std::string what = "kill";
  for (const auto& [name, value] : request.query) what += fmt::format(" {} {}", name, value);
  note(request, what);
  kill(filter, answer);
}

void Control::trace(const Request& request, const Answer& answer) {
  if (auto refused = unknown_argument(request, {"session", "client", "payload"})) return answer(*std::move(refused));
  TracedSessions which{.session = request.argument("session").value_or(""),
                       .client = request.argument("client").value_or(""),
                       .network = std::nullopt};
  if (which.session.empty() == which.client.empty()) return answer(failure(400, "say one: session or client"));
  const std::string payload = request.argument("payload").value_or("false");
  if (payload != "true" && payload != "false") return answer(failure(400, "`payload` is true or false"));
  which.network = client::parse_network(which.client);
  if (which.session.empty() && !which.network && which.client != "unix") {
    return answer(failure(400, "`client` is an address, a network such as 2001:db8::/64, or `unix`"));
  }
  note(request, fmt::format("trace {}{}", which.session.empty() ? "client " + which.client : which.session,
                            payload == "true" ? " with payload" : ""));
  tracing_->start(which, payload == "true", answer);
}

void Control::reload(const Request& request, const Answer& answer) {
  note(request, "reload");
  if (process_.ends()) return answer(failure(409, "the daemon is stopping"));
  const LastReload reload = process_.reload();
  answer(answer_of(fields_of(reload), reload.done ? 200 : 422));
}

void Control::drain(const Request& request, const Answer& answer) {
  if (auto refused = unknown_argument(request, {"route", "over"})) return answer(*std::move(refused));
  Duration over = bridge_.config().timeouts.drain;
  if (const auto text = request.argument("over")) {
    const auto duration = config::parse_duration(*text);
    if (!duration) return answer(failure(400, "`over` is a time such as 60s"));
    over = *duration;
  }
  const auto route = request.argument("route");
  note(request, route ? "drain route " + *route : "drain");
  if (!route) {
    bridge_.empty(over);
  } else if (!bridge_.empty_route(*route, over)) {
    return answer(failure(404, "there is no such route"));
  }
  answer(answer_of({{"draining", true}}, 202));
}

void Control::resume(const Request& request, const Answer& answer) {
  if (auto refused = unknown_argument(request, {"route"})) return answer(*std::move(refused));
  if (process_.ends()) return answer(failure(409, "the daemon is stopping"));
  const auto route = request.argument("route");
  note(request, route ? "resume route " + *route : "resume");
  if (!route) {
    bridge_.resume();
  } else if (!bridge_.resume_route(*route)) {
    return answer(failure(404, "there is no such route"));
  }
  answer(answer_of({{"draining", false}}));
}

// Those that operators named here; the configuration's file is theirs to read.
void Control::revocations(const Request& /*request*/, const Answer& answer) {
  answer(answer_of({{"revocations", list_of(bridge_.revocations().lines())}}));
}

void Control::revoke(const Request& request, const Answer& answer) {
  std::string why;
  std::string line = RevocationStore::line(request.path[1], request.path[2], why);
  if (line.empty()) return answer(failure(400, why));
  note(request, "revoke " + line);
  const std::string forgotten = bridge_.revocations().add(std::move(line));
  bridge_.revoke();
  json::object said{{"revoked", true}, {"kept", forgotten.empty()}};
  if (!forgotten.empty()) said["warning"] = "it holds until the daemon ends: " + forgotten;
  answer(answer_of(said));
}

void Control::unrevoke(const Request& request, const Answer& answer) {
  std::string why;
  const std::string line = RevocationStore::line(request.path[1], request.path[2], why);
  if (line.empty()) return answer(failure(400, why));
  if (!bridge_.revocations().lines().contains(line)) return answer(failure(404, "that is not revoked here"));
  note(request, "unrevoke " + line);
  const std::string forgotten = bridge_.revocations().remove(line);
  bridge_.revoke();
  json::object said{{"revoked", false}, {"kept", forgotten.empty()}};
  if (!forgotten.empty()) said["warning"] = "it holds until the daemon ends: " + forgotten;
  answer(answer_of(said));
}

void Control::log_level(const Request& /*request*/, const Answer& answer) {
  answer(answer_of({{"level", name(log_.settings().level)}}));
}

// Until the next reload, which brings back the configuration's.
void Control::set_log_level(const Request& request, const Answer& answer) {
  for (const LogLevel level : {LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error}) {
    if (name(level) != request.path[1]) continue;
    note(request, "log-level " + request.path[1]);
    config::Log settings = log_.settings();
    settings.level = level;
    log_.set_settings(settings);
    return answer(answer_of({{"level", name(level)}}));
  }
  answer(failure(400, "a level is debug, info, warning or error"));
}

}  // namespace drawbridge::daemon
