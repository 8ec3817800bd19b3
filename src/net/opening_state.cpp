#include "net/opening_state.hpp"

#include "net/client_address.hpp"
#include "net/refuse.hpp"

#include <new>

#include <netinet/in.h>
#include <netinet/tcp.h>

namespace drawbridge::net {

Opening::Opening(Worker& its_worker, Worker::Load its_load, Accepted accepted)
    : worker(its_worker),
      load(std::move(its_load)),
      entrance(std::move(accepted.entrance)),
      client(accepted.peer),
      client_is_known(!entrance->is_proxy(client)),
      entry(std::move(accepted.entry)),
      fd(accepted.socket.get()),
      settings(worker.snapshot()),
      socket(std::move(accepted.socket)),
      wait(worker.loop(), fd, Clock::now() + settings->config().timeouts.tls) {
  identity.session = worker.new_session_id();
  identity.client = client_text(client, settings->config().log.client);
  if (!entrance->tls) browser = std::make_unique<PlainEnd>(std::move(socket));
}

Opening::~Opening() {
  if (told || !worker.draining()) return;
  try {
    log_refusal(*this, Reason::draining, "status", 0);
  } catch (const std::bad_alloc&) {
    // One line less.
  }
}

void Opening::begin_tls() {
  auto end = std::make_unique<TlsEnd>(std::move(socket), entrance->tls);
  tls = end.get();
  browser = std::move(end);
}

void bound_unsent(int fd) {
  constexpr int unsent = 128 * 1024;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof(unsent));
}

policy::Circumstances circumstances_of(const Opening& opening) {
  policy::Circumstances circumstances;
  circumstances.draining = opening.worker.draining();
  circumstances.client = opening.client;
  circumstances.access = &opening.entrance->access;
  if (opening.entry.action == policy::Entry::Action::refuse) circumstances.refusal = opening.entry.reason;
  circumstances.retry_after = opening.entry.retry_after;
  circumstances.host_is_ours = [&opening](std::string_view host) {
    return opening.tls == nullptr || opening.tls->may_serve(host);
  };
  return circumstances;
}

Task<bool> ready_again(Opening& opening, End& end, IoStatus status) {
  if (end.lacked_memory()) opening.wait.look_again();
  if (status == IoStatus::again_read) co_return co_await opening.wait.readable();
  if (status == IoStatus::again_write) co_return co_await opening.wait.writable();
  co_return false;
}

Task<bool> write_all(Opening& opening, End& end, std::string_view text) {
  auto bytes = std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  while (!bytes.empty()) {
    const IoResult result = end.write(bytes);
    if (result.status == IoStatus::ok) {
      bytes = bytes.subspan(result.bytes);
    } else if (!co_await ready_again(opening, end, result.status)) {
      co_return false;
    }
  }
  co_return true;
}

}  // namespace drawbridge::net
