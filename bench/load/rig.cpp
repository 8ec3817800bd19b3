#include "load/rig.hpp"

#include "load/failure.hpp"

#include <array>
#include <cstring>

#include <fcntl.h>

namespace drawbridge::bench {

namespace {

constexpr std::size_t scratch_size = 256 << 10;  // a backend reads and writes that much at once
constexpr double patience = 20;                  // seconds in which some byte must move

std::string name(const Session& session) {
  return "session " + std::to_string(session.index);
}

SSL_CTX* client_context(bool websocket) {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  if (context == nullptr) throw Failure("SSL_CTX_new");
  // Thousands of them fit in this process too; a write may be cut between records and its buffer may move.
  SSL_CTX_set_mode(context,
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // Not every proxy says close_notify; a bridge should.
  if (!websocket) SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
  return context;
}

int non_blocking(int descriptor) {
  const int flags = ::fcntl(descriptor, F_GETFL);
  if (flags < 0 || ::fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) != 0) throw system_failure("--backend-fd");
  return descriptor;
}

}  // namespace

void Play::browser_received(Session& session, std::span<const std::byte>) {
  throw Failure(name(session) + ": the browser received bytes that nobody sent");
}

void Play::backend_received(Session& session, std::span<const std::byte>) {
  throw Failure(name(session) + ": the backend received bytes that nobody sent");
}

void Play::browser_writable(Session& session) {
  session.browser->wants_to_send(false);
}

void Play::backend_writable(Session& session) {
  session.peer->wants_to_send(false);
}

void Play::browser_ended(Session& session) {
  throw Failure(name(session) + ": the browser's connection ended: " + session.browser->end());
}

void Play::backend_ended(Session& session) {
  const std::string& end = session.browser->end();
  throw Failure(name(session) + ": the backend's connection ended" + (end.empty() ? end : ": " + end));
}

Rig::Rig(const Options& options, Play& play)
    : options_(options),
      play_(play),
      target_(options.pid),
      tls_(client_context(options.websocket), SSL_CTX_free),
      scratch_(scratch_size),
      listener_(*this, non_blocking(options.backend_fd)) {
  if (!options.resume) return;
  SSL_CTX_set_app_data(tls_.get(), this);
  SSL_CTX_set_session_cache_mode(tls_.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(tls_.get(), keep_session);
}

// 1: the session is ours from now on.
int Rig::keep_session(SSL* ssl, SSL_SESSION* session) {
  static_cast<Rig*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)))->resumable_.reset(session);
  return 1;
}

Rig::~Rig() = default;

void Rig::open_sessions(std::uint32_t count) {
  sessions_.resize(count);
  const auto start_time = Clock::now();
  std::uint32_t started = 0;
  run_until([&] {
    const double due = seconds_since(start_time) * options_.opens_per_second + 1;
    while (started < count && started - opened_ < options_.concurrency && started < due) start(started++);
    return opened_ == count;
  });
}

void Rig::open_and_close(std::uint32_t count) {
  pairing_ = false;
  sessions_.resize(count);
  std::uint32_t started = 0;
  run_until([&] {
    while (started < count && started - closed_ < options_.concurrency) start(started++);
    return closed_ == count && accepted_ == count && unpaired_.empty();
  });
}

void Rig::run_until(const std::function<bool()>& done) {
  progress();
  while (!done()) {
    turn(1);
    if (seconds_since(last_progress_) > patience) throw Failure("stalled: no byte has moved for 20 s");
  }
}

void Rig::run_for(double seconds) {
  const auto start_time = Clock::now();
  while (seconds_since(start_time) < seconds) turn(10);
}

void Rig::turn(int timeout_ms) {
  loop_.turn(timeout_ms);
  ended_sessions_.clear();
  ended_peers_.clear();
}

void Rig::start(std::uint32_t index) {
  auto& session = sessions_[index] = std::make_unique<Session>();
  session->index = index;
  session->browser = std::make_unique<Browser>(*this, *session);
}

void Rig::upgraded(Session& session) {
  if (session.browser->resumed()) ++resumed_;
  if (!pairing_) return session.browser->close();
  session.browser->append(sizeof session.index, [&](std::span<std::byte> payload) {
    std::memcpy(payload.data(), &session.index, sizeof session.index);
  });
}

void Rig::accepted(int descriptor) {
  ++accepted_;
  auto peer = std::make_unique<Peer>(*this, descriptor);
  Peer* const key = peer.get();
  unpaired_.emplace(key, std::move(peer));
}

Session& Rig::pair(Peer& peer, std::uint32_t index) {
  if (index >= sessions_.size() || !sessions_[index] || sessions_[index]->peer)
    throw Failure("the backend received a first message that no waiting browser sent");
  sessions_[index]->peer = std::move(unpaired_.extract(&peer).mapped());
  ++opened_;
  return *sessions_[index];
}

void Rig::browser_ended(Session& session) {
  const char* good = options_.websocket ? "close 1000" : "closed";
  if (pairing_ || !session.browser->end().starts_with(good)) return play_.browser_ended(session);
  ++closed_;
  ended_sessions_.push_back(std::move(sessions_[session.index]));
}

void Rig::peer_ended(Peer& peer) {
  ended_peers_.push_back(std::move(unpaired_.extract(&peer).mapped()));
}

}  // namespace drawbridge::bench
