#include "daemon/serve.hpp"

#include "daemon/bridge.hpp"
#include "daemon/check.hpp"
#include "daemon/control.hpp"
#include "daemon/service_manager.hpp"

#include <csignal>
#include <filesystem>
#include <iostream>
#include <new>

#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace drawbridge::daemon {
namespace {

constexpr auto tick_interval = std::chrono::seconds(1);
constexpr auto drain_look_interval = std::chrono::milliseconds(20);

// Before there is anything to reload, SIGHUP waits: its default would end the process.
void hold_back_reloads(bool hold) {
  sigset_t hangup;
  sigemptyset(&hangup);
  sigaddset(&hangup, SIGHUP);
  ::pthread_sigmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &hangup, nullptr);
}

std::vector<std::string> texts_of(const std::vector<config::Diagnostic>& diagnostics) {
  std::vector<std::string> texts;
  texts.reserve(diagnostics.size());
  for (const config::Diagnostic& diagnostic : diagnostics) texts.push_back(diagnostic.text());
  return texts;
}

// The daemon's life on the control thread: signals and timers.
class Service {
 public:
  Service(std::string path, std::uint64_t descriptors, const config::Config& config)
      : path_(std::move(path)),
        log_(STDERR_FILENO, config.log, is_journal(STDERR_FILENO)),
        bridge_(control_, log_, inherited_sockets(), descriptors, config,
                [this](net::Descriptor socket, std::shared_ptr<const admin::Doorway> doorway) {
                  admin_.take(std::move(socket), std::move(doorway));
                }),
        resources_(bridge_, log_,
                   {.reload = [this] { return reload(); },
                    .last_reload = [this]() -> const LastReload& { return last_reload_; },
                    .ends = [this] { return draining_; },
                    .configuration = std::filesystem::absolute(path_).string()}),
        admin_(control_, log_, resources_) {}

  int run(config::Loaded loaded) {
    for (const int signal : {SIGHUP, SIGTERM, SIGINT}) signals_.add(signal);
    hold_back_reloads(false);
    report(loaded.diagnostics);
    last_reload_ = {net::timestamp(), true, texts_of(loaded.diagnostics)};
    const std::vector<std::string> errors = bridge_.apply(std::move(loaded.config));
    if (!errors.empty()) {
      for (const std::string& error : errors) std::cerr << error << '\n';
      return 1;
    }
    say(LogLevel::info, "ready");
    notify_ready(status());
    wait_for_signal();
    wait_for_tick();
    if (const auto interval = watchdog_interval()) {
      bridge_.alive();
      // Twice within what systemd expects, and once more for lateness.
      watch(*interval / 3);
    }
    control_.run();
    bridge_.stop();
    log_.report_dropped();
    say(LogLevel::info, "stopped");
    return 0;
  }

 private:
  void say(LogLevel level, std::string_view event) {
    log_.write(level, log_.record(level, event)
                          .add("routes", bridge_.config().routes.size())
                          .add("listeners", bridge_.config().listeners.size())
                          .add("connections", bridge_.load()));
  }

  std::string status() const {
    return fmt::format("{} listeners, {} routes", bridge_.config().listeners.size(), bridge_.config().routes.size());
  }

  void report(const std::vector<config::Diagnostic>& diagnostics) {
    for (const config::Diagnostic& diagnostic : diagnostics) {
      const bool error = diagnostic.severity == config::Diagnostic::Severity::error;
      const LogLevel level = error ? LogLevel::error : LogLevel::warning;
      log_.write(level,
                 log_.record(level, error ? "config_error" : "config_warning").add("message", diagnostic.text()));
    }
  }

  void wait_for_signal() {
    signals_.async_wait([this](boost::system::error_code error, int signal) {
      if (error) return;
      if (signal == SIGHUP) {
        if (!draining_) reload();
      } else {
        terminate();
      }
      wait_for_signal();
    });
  }

  const LastReload& reload() {
    notify_reloading();
    last_reload_ = {net::timestamp(), false, {}};
    std::vector<std::string> errors;
    bool valid = false;
    try {
      // Names are looked up after the reload: no session waits for them.
      config::Loaded loaded = load_and_check(path_, false);
      report(loaded.diagnostics);
      last_reload_.messages = texts_of(loaded.diagnostics);
      valid = loaded.valid();
      if (valid) errors = bridge_.apply(std::move(loaded.config));
    } catch (const std::exception& e) {
      // Out of memory or of the kernel's watches: no reason to end the sessions that are here.
      errors.emplace_back(e.what());
    }
    for (const std::string& error : errors) {
      log_.write(LogLevel::error, log_.record(LogLevel::error, "config_error").add("message", error));
      last_reload_.messages.push_back(error);
    }
    last_reload_.done = valid && errors.empty();
    if (last_reload_.done) {
      say(LogLevel::info, "reloaded");
    } else {
      // What runs goes on unchanged.
      say(LogLevel::error, "reload_failed");
    }
    notify_ready(last_reload_.done ? status() : status() + "; the last reload failed, see the log");
    return last_reload_;
  }

  void terminate() {
    // The second time: at once, with whatever is under way.
    if (draining_) ::_exit(1);
    draining_ = true;
    bridge_.drain();
    // Now: who reads it finds nobody admitted any more.
    say(LogLevel::info, "draining");
    notify_stopping("Draining");
    drain_until_ = Clock::now() + bridge_.config().timeouts.drain;
    wait_for_drain();
  }

  void wait_for_drain() {
    if (bridge_.load() == 0 || Clock::now() >= drain_until_) {
      control_.stop();
      return;
    }
    drain_look_.expires_after(drain_look_interval);
    drain_look_.async_wait([this](boost::system::error_code error) {
      if (!error) wait_for_drain();
    });
  }

  void wait_for_tick() {
    tick_.expires_after(tick_interval);
    tick_.async_wait([this](boost::system::error_code error) {
      if (error) return;
      try {
        bridge_.tick();
      } catch (const std::bad_alloc&) {
        // Files are read there, which takes memory: another try in a second.
      }
      wait_for_tick();
    });
  }

  // systemd hears of us only while every worker answers, so that one stuck worker is enough for a restart.
  void watch(Duration interval) {
    watchdog_.expires_after(interval);
    watchdog_.async_wait([this, interval](boost::system::error_code error) {
      if (error) return;
      if (bridge_.alive()) notify_alive();
      watch(interval);
    });
  }

  std::string path_;
  asio::io_context control_{1};
  LogSink log_;
  Bridge bridge_;
  LastReload last_reload_;
  Control resources_;
  admin::Server admin_;
  asio::signal_set signals_{control_};
  asio::steady_timer tick_{control_};
  asio::steady_timer drain_look_{control_};
  asio::steady_timer watchdog_{control_};
  bool draining_ = false;
  Instant drain_until_ = never;
};

}  // namespace

int serve(const std::string& path) {
  hold_back_reloads(true);
  // A peer that is gone is an error of a call, not the end of the process.
  static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
  // So is a log that has become as large as a file may be.
  static_cast<void>(std::signal(SIGXFSZ, SIG_IGN));
  // Keys are in memory: no core dumps, no debugger of the same user.
  ::prctl(PR_SET_DUMPABLE, 0);
  config::Loaded loaded = load_and_check(path, false);
  if (!loaded.valid()) {
    for (const config::Diagnostic& diagnostic : loaded.diagnostics) std::cerr << diagnostic.text() << '\n';
    return 1;
  }
  const std::uint64_t descriptors = raise_descriptor_limit();
  Service service(path, descriptors, loaded.config);
  return service.run(std::move(loaded));
}

}  // namespace drawbridge::daemon
