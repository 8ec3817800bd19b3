#include "net/forward.hpp"

#include "net/dial.hpp"
#include "net/socket_wait.hpp"
#include "net/tls_end.hpp"

#include <array>
#include <cerrno>
#include <cstring>

#include <sys/un.h>

namespace drawbridge::net {
namespace {

// Bytes a read: an answer's head is seldom larger.
constexpr std::size_t a_read = 2'048;

// A connection to the service. Lives in the frame of converse, which the other tasks borrow it from.
struct Conversation {
  Conversation(Loop& its_loop, Descriptor socket, const TlsClientContext* context, Instant deadline)
      : loop(its_loop), wait(loop, socket.get(), deadline) {
    if (context != nullptr) {
      auto made = std::make_unique<TlsEnd>(std::move(socket), *context);
      tls = made.get();
      end = std::move(made);
    } else {
      end = std::make_unique<PlainEnd>(std::move(socket));
    }
  }

  Loop& loop;
  std::unique_ptr<End> end;
  TlsEnd* tls = nullptr;  // end, if it is TLS
  SocketWait wait;        // after the end: it goes first
};

// Whether what `status` asks for came before the deadline.
Task<bool> ready_again(Conversation& conversation, IoStatus status) {
  if (conversation.end->lacked_memory()) conversation.wait.look_again();
  if (status == IoStatus::again_read) co_return co_await conversation.wait.readable();
  if (status == IoStatus::again_write) co_return co_await conversation.wait.writable();
  co_return false;
}

ForwardAnswer broken_off(const Conversation& conversation, const char* what) {
  return forward_unavailable(conversation.wait.expired() ? "did not answer in time" : what);
}

// The socket file is there or not: nothing to wait for (connect(2); EAGAIN is a full queue).
Result<Descriptor> connect_unix(const std::string& path) {
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return Reason::full;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), std::min(path.size(), sizeof(address.sun_path) - 1));
  int connected = -1;
  do {
    connected = ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  } while (connected != 0 && errno == EINTR);
  if (connected != 0) return Reason::backend_refused;
  return socket;
}

Task<Result<Descriptor>> connect_to(Loop& loop, Resolver& resolver, const config::ForwardUrl& url, Instant deadline) {
  if (!url.socket.empty()) co_return connect_unix(url.socket);
  config::Backend service;
  service.host = url.host;
  service.port = url.port;
  auto dialled = co_await dial(loop, resolver, std::move(service), deadline);
  if (!dialled) co_return dialled.error();
  dialled->readiness.reset();  // a conversation has its own
  co_return std::move(dialled->socket);
}

ForwardAnswer not_connected(Reason reason) {
  switch (reason) {
    case Reason::full: return {Reason::full, {}};
    case Reason::backend_unresolved: return forward_unavailable("has a name that does not resolve");
    case Reason::backend_timeout: return forward_unavailable("cannot be reached in time");
    default: return forward_unavailable("does not accept connections");
  }
}

// Absent: done.
Task<std::optional<ForwardAnswer>> shake_hands(Conversation& conversation) {
  for (;;) {
    // As with browsers: a handshake costs, and the carried sessions come first.
    co_await conversation.loop.turns().next();
    const IoStatus status = conversation.tls->handshake();
    if (status == IoStatus::ok) co_return std::nullopt;
    if (const auto distrust = conversation.tls->certificate_error(); !distrust.empty()) {
      co_return forward_unavailable("has a certificate that is not trusted: " + std::string(distrust));
    }
    const bool again = co_await ready_again(conversation, status);
    if (!again) co_return broken_off(conversation, "does not agree on TLS");
  }
}

// Absent: written, as far as the service took it. It may have answered and closed before it had all.
Task<std::optional<ForwardAnswer>> write_all(Conversation& conversation, const std::string& request) {
  auto bytes = std::span(reinterpret_cast<const std::uint8_t*>(request.data()), request.size());
  while (!bytes.empty()) {
    const IoResult result = conversation.end->write(bytes);
    if (result.status == IoStatus::ok) {
      bytes = bytes.subspan(result.bytes);
      continue;
    }
    const bool again = co_await ready_again(conversation, result.status);
    if (conversation.wait.expired()) co_return broken_off(conversation, "");
    if (!again) break;
  }
  co_return std::nullopt;
}

Task<ForwardAnswer> read_reply(Conversation& conversation, ForwardReply& reply) {
  std::array<std::uint8_t, a_read> buffer;
  for (;;) {
    const IoResult result = conversation.end->read(buffer);
    if (result.status == IoStatus::ok) {
      auto answer = reply.take({reinterpret_cast<const char*>(buffer.data()), result.bytes});
      if (answer) co_return std::move(*answer);
      continue;
    }
    const bool again = co_await ready_again(conversation, result.status);
    if (!again) co_return broken_off(conversation, "closed the connection before it had answered");
  }
}

Task<ForwardAnswer> converse(Loop& loop, Resolver& resolver, const ForwardGate& gate, const ForwardQuestion& question,
                             const std::string& request, Instant deadline) {
  auto socket = co_await connect_to(loop, resolver, gate.url(), deadline);
  if (!socket) co_return not_connected(socket.error());
  Conversation conversation(loop, std::move(*socket), gate.tls(), deadline);
  if (!conversation.wait.watches()) co_return not_connected(Reason::full);
  if (conversation.tls != nullptr) {
    auto failed = co_await shake_hands(conversation);
    if (failed) co_return std::move(*failed);
  }
  auto failed = co_await write_all(conversation, request);
  if (failed) co_return std::move(*failed);
  ForwardReply reply(gate.auth().identity, question.has_credential());
  co_return co_await read_reply(conversation, reply);
}

}  // namespace

Task<ForwardAnswer> ask_forward(Loop& loop, Resolver& resolver, std::shared_ptr<ForwardGate> gate,
                                ForwardQuestion question, std::optional<client::Address> client) {
  const Instant asked = Clock::now();
  const auto known = gate->known(question, asked);
  if (known) co_return forward_admitted(*known);
  const auto request = forward_request(gate->url(), question);
  if (!request) co_return ForwardAnswer{request.error(), {}};
  std::string why;
  const ForwardGate::Place place = gate->enter(client, why);
  if (!place) co_return forward_unavailable(why);

  const Instant deadline = asked + gate->auth().timeout;
  ForwardAnswer answer = co_await converse(loop, resolver, *gate, question, *request, deadline);
  if (answer.who) gate->remember(question, answer.who->identity, asked, Clock::now());
  co_return answer;
}

}  // namespace drawbridge::net
