#include "daemon/bridge.hpp"

#include "config/load.hpp"
#include "daemon/state_file.hpp"
#include "net/client_address.hpp"
#include "net/gate.hpp"
#include "policy/access.hpp"
#include "policy/admission.hpp"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <limits>
#include <random>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <malloc.h>

namespace drawbridge::daemon {
namespace {

// Descriptors for listeners, the log, epoll and timers.
constexpr std::uint64_t own_descriptors = 64;
constexpr int ticks_between_summaries = 10;
// Connections, all at once, from which on it pays to ask the allocator for what they leave behind.
constexpr std::uint64_t crowd = 500;

std::string credentials_directory() {
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
  return directory == nullptr ? "" : directory;
}

double uniform() {
  static std::minstd_rand random(std::random_device{}());
  return std::uniform_real_distribution<double>(0, 1)(random);
}

}  // namespace

// A listener of a configuration that is about to be in force: one that exists already, or a new one.
struct Bridge::Planned {
  std::shared_ptr<net::Listener> listener;
  std::shared_ptr<const net::Entrance> entrance;
  std::optional<TlsFiles> tls_files;
  unsigned mode = 0;  // of a Unix socket's file
  bool is_new = false;
};

Bridge::Bridge(asio::io_context& control, LogSink& log, net::InheritedSockets inherited, std::uint64_t descriptors,
               const config::Config& config, AdminListeners::Accept admit_operator)
    : control_(control),
      log_(log),
      inherited_(std::move(inherited)),
      descriptors_(descriptors),
      limiter_(limiter_limits(config)),
      penalties_(config.penalties),
      buffers_(config.limits.buffers),
      refusals_(log),
      quotas_(config.limits.identities, std::time(nullptr)),
      quota_store_(state_directory(config), quotas_, log),
      resolver_(std::make_unique<net::Resolver>()),
      passwords_(std::make_unique<net::Passwords>()),
      disk_(std::make_unique<net::Disk>()),
      revocations_(state_directory(config), log),
      admin_listeners_(control, log, std::move(admit_operator)) {}

Bridge::~Bridge() {
  stop();
}

policy::LimiterLimits Bridge::limiter_limits(const config::Config& config) const {
  policy::LimiterLimits limits;
  const std::uint64_t room = descriptors_ > own_descriptors ? (descriptors_ - own_descriptors) / 2 : 1;
  limits.sessions = config.limits.sessions.value_or(room);
  limits.pending = config.limits.pending;
  limits.sessions_per_client = config.limits.sessions_per_client;
  limits.handshakes_per_client = config.limits.handshakes_per_client;
  limits.handshake_burst = config.limits.handshake_burst;
  limits.enforce_sessions_per_client = config.limits.enforce_sessions_per_client;
  limits.enforce_handshakes_per_client = config.limits.enforce_handshakes_per_client;
  return limits;
}

std::vector<std::string> Bridge::apply(config::Config config) {
  std::vector<std::string> errors;
  std::vector<Planned> planned;
  for (const config::Listener& wanted : config.listeners) {
    Planned plan;
    plan.mode = wanted.bind.mode;
    std::string why;
    net::Entrance entrance{{}, wanted.access, wanted.proxy_protocol, wanted.trusted_proxies, wanted.web};
    if (wanted.tls) {
      plan.tls_files.emplace(*wanted.tls, wanted.bind.text(), credentials_directory());
      entrance.tls = plan.tls_files->read(why);
    }
    plan.entrance = std::make_shared<const net::Entrance>(std::move(entrance));
    const std::string name = wanted.bind.text();
    // Each is kept once: several may ask for any free port of one address.
    const auto kept = std::find_if(listeners_.begin(), listeners_.end(), [&](const auto& l) {
      return l->bind().text() == name &&
             std::none_of(planned.begin(), planned.end(), [&](const Planned& p) { return p.listener == l; });
    });
    if (kept != listeners_.end()) {
      plan.listener = *kept;
    } else if (why.empty()) {
      net::Descriptor socket = net::listen_on(wanted.bind, inherited_, why);
      if (socket) {
        plan.is_new = true;
        plan.listener = std::make_shared<net::Listener>(
            control_, std::move(socket), wanted.bind, log_,
            [this](net::Descriptor accepted_socket, const sockaddr_storage& peer, const auto& entrance_of_it) {
              accepted(std::move(accepted_socket), peer, entrance_of_it);
            });
        if (!plan.listener->watches()) why = "the kernel has no room to watch it (fs.epoll.max_user_watches, memory)";
      }
    }
    if (!why.empty()) {
      errors.push_back(config::Diagnostic{config::Diagnostic::Severity::error, wanted.position,
                                          fmt::format("the listener {}: {}", name, why)}
                           .text());
    }
    planned.push_back(std::move(plan));
  }
  AdminListeners::Plan admin = admin_listeners_.plan(config, inherited_, credentials_directory(), errors);
  std::vector<std::shared_ptr<net::Gate>> gates;
  std::vector<config::Diagnostic> unusable;
  for (const config::Route& route : config.routes) {
    gates.push_back(net::Gate::make(route, credentials_directory(), unusable));
  }
  auto revocations = RevocationStore::open(config, credentials_directory(), unusable);
  for (const config::Diagnostic& diagnostic : unusable) errors.push_back(diagnostic.text());
  if (!errors.empty()) return errors;
  // What takes memory to speak of comes before anything changes.
  const auto snapshot = std::make_shared<const net::Snapshot>(std::move(config), snapshot_.get(), std::move(gates));
  if (!snapshot_) {
    quota_store_.restore(snapshot->config().limits.identities);
    revocations_.restore();
  }
  start_new(planned, admin);

  snapshot_ = snapshot;
  limiter_.set_limits(limiter_limits(snapshot->config()));
  penalties_.set_rules(snapshot->config().penalties);
  buffers_.set_limit(snapshot->config().limits.buffers);
  quotas_.set_identities(snapshot->config().limits.identities);
  quota_store_.hurry();
  quota_store_.move_to(state_directory(snapshot->config()));
  revocations_.move_to(state_directory(snapshot->config()));
  log_.set_settings(snapshot->config().log);
  if (workers_.empty()) {
    const unsigned count = snapshot_->config().workers.value_or(std::max(1U, std::thread::hardware_concurrency()));
    for (unsigned index = 0; index < count; ++index) {
      workers_.push_back(std::make_unique<net::Worker>(
          index,
          net::Services{limiter_, buffers_, *resolver_, log_, refusals_, *passwords_, *disk_, penalties_, quotas_},
          snapshot_));
      workers_.back()->start();
    }
    // Nobody was asked yet: the first look at them is content.
    beats_.assign(count, std::numeric_limits<std::uint64_t>::max());
  } else {
    for (const auto& worker : workers_) worker->use(snapshot_, drain_window());
    if (snapshot_->config().workers && *snapshot_->config().workers != workers_.size()) {
      log_.write(LogLevel::warning, log_.record(LogLevel::warning, "restart_needed").add("key", "workers"));
    }
  }

  // After the workers are there; before anybody new comes in.
  revocations_.use(std::move(revocations));
  revoke();

  std::vector<std::shared_ptr<net::Listener>> listeners;
  std::vector<CertificateWatch::Watched> watched;
  for (Planned& plan : planned) {
    if (plan.tls_files) watched.push_back({plan.listener, *std::move(plan.tls_files)});
    plan.listener->use(std::move(plan.entrance));
    plan.listener->set_mode(plan.mode);
    if (plan.is_new) {
      log_.write(LogLevel::info, log_.record(LogLevel::info, "listening")
                                     .add("bind", plan.listener->bind().text())
                                     .add("address", plan.listener->address()));
    }
    listeners.push_back(std::move(plan.listener));
  }
  for (const auto& old : listeners_) {
    if (std::find(listeners.begin(), listeners.end(), old) == listeners.end()) old->close();
  }
  listeners_ = std::move(listeners);
  certificates_.use(std::move(watched));
  admin_listeners_.use(std::move(admin));
  warn_of_unresolved(snapshot_->config());
  return {};
}

// All or none. They accept when the control thread comes back to its loop, after all is in force.
void Bridge::start_new(const std::vector<Planned>& planned, const AdminListeners::Plan& admin) {
  try {
    for (const Planned& plan : planned) {
      if (plan.is_new) plan.listener->start();
    }
    AdminListeners::start(admin);
  } catch (...) {
    for (const Planned& plan : planned) {
      if (plan.is_new) plan.listener->close();
    }
    throw;
  }
}

// Asked after all is up: names may take their time.
void Bridge::warn_of_unresolved(const config::Config& config) {
  std::set<std::string> names;
  for (const config::Route& route : config.routes) {
    if (route.backend.kind == config::Backend::Kind::tcp) names.insert(route.backend.host);
  }
  for (const std::string& name : names) {
    if (!resolver_->known(name).empty()) continue;
    resolver_->look_up(name, [this, name](const net::Resolver::Addresses& addresses) {
      if (!addresses.empty()) return;
      log_.write(LogLevel::warning, log_.record(LogLevel::warning, "backend_unresolved").add("host", name));
    });
  }
}

void Bridge::accepted(net::Descriptor socket, const sockaddr_storage& address,
                      const std::shared_ptr<const net::Entrance>& entrance) {
  const Instant now = Clock::now();
  const std::optional<client::Address> peer = net::client_address(address);
  const bool is_proxy = entrance->is_proxy(peer);
  if (!entrance->welcomes(peer)) return log_dropped(peer, Reason::client_denied, now);
  const std::optional<client::Address> client = is_proxy ? std::nullopt : peer;
  const policy::Knock knock = penalties_.knock(client, now);
  if (knock.action == policy::Entry::Action::drop) return log_dropped(peer, Reason::penalty, now);
  if (policy::only_told(knock.objection)) log_would_refuse(peer, Reason::penalty, now);
  // The permit comes before TLS: handshakes are what an attacker spends.
  net::Accepted accepted{std::move(socket), peer, limiter_.enter(client, now, uniform()), entrance};
  if (accepted.entry.only_told) log_would_refuse(peer, *accepted.entry.only_told, now);
  if (accepted.entry.action == policy::Entry::Action::drop) return log_dropped(peer, accepted.entry.reason, now);
  if (knock.action == policy::Entry::Action::refuse && accepted.entry.action == policy::Entry::Action::proceed) {
    accepted.entry.action = policy::Entry::Action::refuse;
    accepted.entry.reason = Reason::penalty;
    accepted.entry.retry_after = knock.objection->retry_after;
  }
  // Sessions live long: balanced by count, not by hash.
  const auto least = std::min_element(workers_.begin(), workers_.end(),
                                      [](const auto& a, const auto& b) { return a->load() < b->load(); });
  (*least)->take(std::move(accepted));
  most_load_ = std::max(most_load_, load());
}

void Bridge::log_dropped(const std::optional<client::Address>& peer, Reason reason, Instant now) {
  tally_.route("").refusals.count(reason);
  if (!refusals_.wants_line(reason, now)) return;
  log_.write(LogLevel::warning, log_.record(LogLevel::warning, "refused")
                                    .add("client", net::client_text(peer, config().log.client))
                                    .add("reason", word(reason))
                                    .add("status", 0));
}

void Bridge::log_would_refuse(const std::optional<client::Address>& peer, Reason reason, Instant now) {
  tally_.route("").would_refuse.count(reason);
  if (!refusals_.wants_line(reason, now, false)) return;
  log_.write(LogLevel::warning, log_.record(LogLevel::warning, "would_refuse")
                                    .add("client", net::client_text(peer, config().log.client))
                                    .add("reason", word(reason))
                                    .add("rule", policy::rule_at_accept(reason)));
}

void Bridge::drain() {
  for (const auto& listener : listeners_) listener->close();
  listeners_.clear();
  certificates_.use({});
  for (const auto& worker : workers_) worker->drain(drain_window());
}

void Bridge::empty(Duration window) {
  emptying_ = true;
  for (const auto& worker : workers_) worker->drain(window);
}

void Bridge::resume() {
  emptying_ = false;
  on_workers([](net::Worker& worker) { worker.admit_again(); });
}

bool Bridge::empty_route(const std::string& route, Duration window) {
  const net::ActiveRoute* const found = snapshot_->find(route);
  if (found == nullptr) return false;
  found->state->draining = true;
  on_workers([route, window](net::Worker& worker) {
    worker.drain_sessions(window, [&](const net::Session& session) { return session.route().name == route; });
  });
  return true;
}

bool Bridge::resume_route(const std::string& route) {
  const net::ActiveRoute* const found = snapshot_->find(route);
  if (found != nullptr) found->state->draining = false;
  return found != nullptr;
}

void Bridge::on_workers(const std::function<void(net::Worker&)>& work) {
  for (const auto& worker : workers_) {
    worker->post([work, &its_worker = *worker] { work(its_worker); });
  }
}

void Bridge::revoke() {
  const auto revoked = revocations_.get();
  for (const auto& worker : workers_) worker->revoke(revoked);
}

// A quarter of the time is left for the last one to close in good order.
Duration Bridge::drain_window() const {
  return Duration(snapshot_->config().timeouts.drain) * 3 / 4;
}

std::uint64_t Bridge::load() const {
  std::uint64_t load = 0;
  for (const auto& worker : workers_) load += worker->load();
  return load;
}

void Bridge::stop() {
  for (const auto& listener : listeners_) listener->close();
  listeners_.clear();
  certificates_.use({});
  admin_listeners_.close();
  for (const auto& worker : workers_) worker->stop();
  // Between the two: the workers ask it while they run, and it answers into what they leave behind.
  resolver_.reset();
  passwords_.reset();
  disk_.reset();
  workers_.clear();
  if (snapshot_ && counts_days()) quota_store_.save();
  refusals_.summarise(Clock::now());
}

bool Bridge::alive() {
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    if (workers_[i]->beats() == beats_[i]) return false;
  }
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    beats_[i] = workers_[i]->beats();
    workers_[i]->ask_for_beat();
  }
  return true;
}

void Bridge::tick() {
  quotas_.set_time(std::time(nullptr));
  if (counts_days()) quota_store_.tick(Clock::now());
  if (++ticks_ % ticks_between_summaries == 0) refusals_.summarise(Clock::now());
  log_.report_dropped();
  read_keys_again();
  give_back_memory();
}

// Files that were replaced or changed, without a reload.
void Bridge::read_keys_again() {
  for (const auto& route : snapshot_->routes()) {
    if (route->gate) route->gate->refresh(log_);
  }
  certificates_.look(log_);
  if (revocations_.refresh()) revoke();
}

std::map<std::string, bool> Bridge::key_files() const {
  std::map<std::string, bool> all;
  // Several routes may look at the same one.
  const auto note = [&all](const std::string& path, bool in_force) {
    const auto [entry, is_new] = all.emplace(path, in_force);
    entry->second = entry->second && in_force;
  };
  for (const auto& route : snapshot_->routes()) {
    if (route->gate) route->gate->for_each_file(note);
  }
  certificates_.for_each_file(note);
  revocations_.for_each_file(note);
  return all;
}

bool Bridge::counts_days() const {
  const auto& routes = config().routes;
  return std::any_of(routes.begin(), routes.end(), [](const auto& route) { return route.quotas.bytes_per_day; });
}

// What many connections held lies in pieces between the little that is still used: the allocator keeps it unless asked.
// That takes milliseconds, so it is asked once a crowd has gone.
void Bridge::give_back_memory() {
  if (most_load_ < crowd || load() > most_load_ / 2) return;
  ::malloc_trim(0);
  most_load_ = load();
}

}  // namespace drawbridge::daemon
