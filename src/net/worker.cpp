#include "net/worker.hpp"

#include "net/carried.hpp"
#include "net/opening.hpp"

#include <random>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <fmt/format.h>
#include <pthread.h>

namespace drawbridge::net {
namespace {

std::uint64_t next_session_number() {
  // A random start keeps the ids of one run of the daemon apart from the next one's.
  static std::atomic<std::uint64_t> next{[] {
    std::random_device device;
    return (std::uint64_t{device()} << 32) | (device() & 0xFFFF'0000U);
  }()};
  return next.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

Worker::Worker(unsigned index, Services services, std::shared_ptr<const Snapshot> snapshot)
    : index_(index), services_(services), snapshot_(std::move(snapshot)), carried_(std::make_unique<CarriedList>()) {
  deadlines_.start(context_);
}

Worker::~Worker() {
  stop();
  deadlines_.stop();
}

void Worker::start() {
  thread_ = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), fmt::format("worker-{}", index_).c_str());
    for (;;) {
      try {
        context_.run();
        return;
      } catch (const std::exception& e) {
        // Memory ran out in the middle of something. Whatever it was is left to its deadline; the others go on.
        services_.log.write(LogLevel::error,
                            services_.log.record(LogLevel::error, "worker_error").add("error", e.what()));
      }
    }
  });
}

void Worker::take(Accepted accepted) {
  load_.fetch_add(1, std::memory_order_relaxed);
  asio::post(context_, [this, load = Load(*this), accepted = std::move(accepted)]() mutable {
    asio::co_spawn(
        context_, open_session(*this, std::move(load), std::move(accepted)), [this](const std::exception_ptr& failure) {
          if (!failure) return;
          // Out of memory or of the kernel's watches: this connection is lost, no other.
          try {
            std::rethrow_exception(failure);
          } catch (const std::exception& e) {
            services_.log.write(LogLevel::error,
                                services_.log.record(LogLevel::error, "opening_failed").add("error", e.what()));
          }
        });
  });
}

void Worker::use(std::shared_ptr<const Snapshot> snapshot, Duration window) {
  asio::post(context_, [this, snapshot = std::move(snapshot), window]() mutable {
    snapshot_ = std::move(snapshot);
    drain_sessions(window, [this](const Session& session) { return !snapshot_->has_route(session.route_name()); });
  });
}

void Worker::drain(Duration window) {
  asio::post(context_, [this, window] {
    draining_ = true;
    drain_sessions(window, [](const Session&) { return true; });
  });
}

// Spread at random, so that thousands of browsers do not come back in one moment.
void Worker::drain_sessions(Duration window, const std::function<bool(const Session&)>& chosen) {
  std::minstd_rand random(std::random_device{}());
  std::uniform_int_distribution<Duration::rep> delay(0, window.count());
  const Instant now = Clock::now();
  for (Carried& carried : *carried_) {
    if (chosen(carried.session())) carried.drain_at(now + Duration(delay(random)));
  }
}

void Worker::stop() {
  if (!thread_.joinable()) return;
  asio::post(context_, [this] {
    while (!carried_->empty()) carried_->front().abandon();
    context_.stop();
  });
  thread_.join();
}

void Worker::ask_for_beat() {
  asio::post(context_, [this] { beats_.fetch_add(1, std::memory_order_relaxed); });
}

std::string Worker::new_session_id() {
  return fmt::format("{:016x}", next_session_number());
}

void Worker::carry(std::unique_ptr<Session> session, Load load, int browser_fd, int backend_fd,
                   std::span<const std::uint8_t> first) {
  const Carried::Pointer carried(new Carried(*this, std::move(load), std::move(session), browser_fd, backend_fd));
  carried_->push_back(*carried);
  intrusive_ptr_add_ref(carried.get());  // the list's share; given back when it ends
  // A reload or a drain that came while it was being opened concerns it too.
  if (draining_ || !snapshot_->has_route(carried->session().route_name())) carried->drain_at(Clock::now());
  carried->begin(first);
}

}  // namespace drawbridge::net
