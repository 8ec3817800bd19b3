#include "net/resolver.hpp"

#include "net/thread.hpp"

#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <thread>
#include <unordered_map>

#include <netdb.h>

namespace drawbridge::net {
namespace {

constexpr auto kept_for = std::chrono::seconds(30);
constexpr std::size_t most_waiting = 1'024;
constexpr std::size_t most_kept = 4'096;
constexpr int threads = 2;

Resolver::Addresses ask(const std::string& host, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* found = nullptr;
  Resolver::Addresses addresses;
  if (::getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) {
    // It is the loopback address everywhere (RFC 6761 §6.3), also on a machine without /etc/hosts.
    return host == "localhost" && flags != AI_NUMERICHOST ? ask("127.0.0.1", AI_NUMERICHOST) : addresses;
  }
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    SocketAddress address;
    std::memcpy(&address.storage, one->ai_addr, one->ai_addrlen);
    address.size = one->ai_addrlen;
    addresses.push_back(address);
  }
  ::freeaddrinfo(found);
  return addresses;
}

}  // namespace

void SocketAddress::set_port(std::uint16_t port) {
  if (family() == AF_INET6) {
    reinterpret_cast<sockaddr_in6&>(storage).sin6_port = htons(port);
  } else {
    reinterpret_cast<sockaddr_in&>(storage).sin_port = htons(port);
  }
}

struct Resolver::State {
  struct Answer {
    Addresses addresses;
    Instant until;
  };

  std::mutex mutex;
  std::condition_variable work;
  bool stopped = false;
  std::unordered_map<std::string, std::vector<Callback>> waiting;  // by name, so that one question serves all
  std::deque<std::string> queue;
  std::unordered_map<std::string, Answer> answers;

  void run() {
    std::unique_lock lock(mutex);
    for (;;) {
      work.wait(lock, [this] { return stopped || !queue.empty(); });
      if (stopped) return;
      const std::string host = std::move(queue.front());
      queue.pop_front();
      lock.unlock();
      Addresses addresses = ask(host, AI_ADDRCONFIG);
      lock.lock();
      if (stopped) return;
      Answer& kept = answers[host];
      if (!addresses.empty()) kept.addresses = std::move(addresses);
      kept.until = Clock::now() + kept_for;
      const Addresses answer = kept.addresses;
      if (answers.size() > most_kept || answer.empty()) answers.erase(host);
      // Called under the lock: the destructor then knows that no callback runs after it.
      for (const Callback& done : waiting[host]) done(answer);
      waiting.erase(host);
    }
  }
};

Resolver::Resolver() : state_(std::make_shared<State>()) {
  for (int i = 0; i < threads; ++i) {
    std::thread([state = state_] {
      begin_thread("resolver");
      state->run();
    }).detach();
  }
}

Resolver::~Resolver() {
  const std::lock_guard lock(state_->mutex);
  state_->stopped = true;
  state_->waiting.clear();
  state_->work.notify_all();
}

Resolver::Addresses Resolver::known(const std::string& host) {
  if (Addresses numeric = ask(host, AI_NUMERICHOST); !numeric.empty()) return numeric;
  Addresses stale;
  {
    const std::lock_guard lock(state_->mutex);
    const auto answer = state_->answers.find(host);
    if (answer == state_->answers.end()) return {};
    if (Clock::now() < answer->second.until) return answer->second.addresses;
    stale = answer->second.addresses;
  }
  // Good enough for now; the next session gets the fresh one.
  look_up(host, [](const Addresses&) {});
  return stale;
}

void Resolver::look_up(const std::string& host, Callback done) {
  const std::lock_guard lock(state_->mutex);
  if (state_->waiting.size() >= most_waiting && !state_->waiting.contains(host)) return done({});
  auto& callbacks = state_->waiting[host];
  callbacks.push_back(std::move(done));
  if (callbacks.size() > 1) return;
  state_->queue.push_back(host);
  state_->work.notify_one();
}

}  // namespace drawbridge::net
