#include "net/passwords.hpp"

#include "auth/password_file.hpp"
#include "net/thread.hpp"

#include <array>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <new>
#include <optional>
#include <stdexcept>
#include <thread>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <sys/resource.h>
#include <unistd.h>

namespace drawbridge::net {
namespace {

// Where others need the processor, they come first: nobody may slow sessions down by guessing.
constexpr int niceness = 10;

using Digest = std::array<std::uint8_t, 32>;
using Secret = std::array<std::uint8_t, 32>;

// A client as the limiter counts it: IPv6 by its /64.
std::optional<client::Address> counted(std::optional<client::Address> client) {
  if (client && !client->is_v4()) std::fill(client->bytes.begin() + 8, client->bytes.end(), std::uint8_t{0});
  return client;
}

struct ByBytes {
  bool operator()(const std::optional<client::Address>& a, const std::optional<client::Address>& b) const {
    if (!a || !b) return !a && b;
    return a->bytes < b->bytes;
  }
};

}  // namespace

struct Passwords::State {
  struct Waiting {
    PasswordQuestion question;
    Callback done;
  };

  std::mutex mutex;
  std::condition_variable work;
  bool stopped = false;
  std::deque<Waiting> queue;
  std::map<std::optional<client::Address>, std::size_t, ByBytes> waiting_of;
  std::map<Digest, Instant> right;  // until when
  Secret secret{};

  // Keyed, so that memory holds nothing by which passwords could be tried.
  Digest digest_of(const PasswordQuestion& question) const {
    std::string text;
    for (const std::string* part : {&question.hash, &question.user, &question.password}) {
      text += std::to_string(part->size()) + ":" + *part;
    }
    Digest digest{};
    unsigned size = digest.size();
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    if (HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), bytes, text.size(), digest.data(), &size) ==
        nullptr) {
      throw std::runtime_error("OpenSSL offers no SHA-256");
    }
    OPENSSL_cleanse(text.data(), text.size());
    return digest;
  }

  void remember(const Digest& digest, Instant now) {
    if (right.size() >= most_known) {
      std::erase_if(right, [now](const auto& entry) { return entry.second <= now; });
      if (right.size() >= most_known) right.clear();
    }
    right[digest] = now + known_for;
  }

  void run() {
    std::unique_lock lock(mutex);
    for (;;) {
      work.wait(lock, [this] { return stopped || !queue.empty(); });
      if (stopped) return;
      Waiting next = std::move(queue.front());
      queue.pop_front();
      lock.unlock();
      const std::optional<bool> matches = check(next.question);
      lock.lock();
      // From then on the process may end, and OpenSSL with it.
      if (stopped) return;
      const auto count = waiting_of.find(counted(next.question.client));
      if (--count->second == 0) waiting_of.erase(count);
      if (matches) tell(next, *matches);
      OPENSSL_cleanse(next.question.password.data(), next.question.password.size());
    }
  }

  // Empty: it was not checked. The work for those who gave up would only make the others give up too.
  static std::optional<bool> check(const PasswordQuestion& question) {
    if (Clock::now() >= question.until) return {};
    try {
      return auth::password_matches(question.password, question.hash);
    } catch (const std::bad_alloc&) {
      return {};
    }
  }

  // Called under the lock: the destructor then knows that no callback runs after it.
  void tell(const Waiting& waiting, bool matches) {
    try {
      if (matches) remember(digest_of(waiting.question), Clock::now());
      waiting.done(matches);
    } catch (const std::bad_alloc&) {
      // Who asked hears nothing, and gives up in time.
    }
  }
};

Passwords::Passwords() : state_(std::make_shared<State>()) {
  if (RAND_bytes(state_->secret.data(), static_cast<int>(state_->secret.size())) != 1) {
    throw std::runtime_error("OpenSSL has no random bytes");
  }
  std::thread([state = state_] {
    begin_thread("passwords");
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), niceness);
    state->run();
  }).detach();
}

Passwords::~Passwords() {
  const std::lock_guard lock(state_->mutex);
  state_->stopped = true;
  state_->queue.clear();
  state_->work.notify_all();
}

bool Passwords::known(const PasswordQuestion& question, Instant now) {
  const Digest digest = state_->digest_of(question);
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->right.find(digest);
  return found != state_->right.end() && now < found->second;
}

bool Passwords::ask(PasswordQuestion question, Callback done) {
  const std::lock_guard lock(state_->mutex);
  if (state_->queue.size() >= most_waiting) return false;
  std::size_t& count = state_->waiting_of[counted(question.client)];
  if (count >= most_waiting_of_one) return false;
  state_->queue.push_back({std::move(question), std::move(done)});
  ++count;
  state_->work.notify_one();
  return true;
}

}  // namespace drawbridge::net
