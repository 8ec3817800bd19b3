#include "net/naming.hpp"

#include "base/text.hpp"
#include "client/proxy_header.hpp"
#include "net/client_address.hpp"
#include "net/refuse.hpp"
#include "policy/access.hpp"
#include "policy/admission.hpp"

#include <cerrno>

#include <sys/socket.h>

namespace drawbridge::net {
namespace {

constexpr std::string_view no_header = "no PROXY header";

// Left where they are, so that TLS finds its own first byte.
ssize_t peek(Opening& opening) {
  ssize_t n = 0;
  do {
    n = ::recv(opening.fd, opening.worker.scratch().up.data(), client::largest_proxy_header, MSG_PEEK);
  } while (n < 0 && errno == EINTR);
  return n;
}

void consume(Opening& opening, std::size_t size) {
  while (size > 0) {
    const ssize_t n = ::recv(opening.fd, opening.worker.scratch().up.data(), size, 0);
    if (n > 0) size -= static_cast<std::size_t>(n);
    if (n == 0 || (n < 0 && errno != EINTR)) return;  // not what was just looked at: TLS or the head will say so
  }
}

void rename(Opening& opening, const client::Address& client) {
  opening.identity.via = opening.identity.client;
  opening.client = client;
  opening.identity.client = client_text(opening.client, opening.settings->config().log.client);
}

bool is_trusted_proxy(const Opening& opening) {
  const auto& proxies = opening.entrance->trusted_proxies;
  return proxies && proxies->from.contains(opening.client);
}

// From now on the connection counts for its client. What is to become of it stands in the opening's entry.
void count(Opening& opening) {
  opening.client_is_known = true;
  const Services& services = opening.worker.services();
  const Instant now = Clock::now();
  const policy::Knock knock = services.penalties.knock(opening.client, now);
  if (policy::only_told(knock.objection))
    log_would_refuse(opening, Reason::penalty, policy::rule_at_accept(Reason::penalty));
  policy::Entry entry;
  if (knock.action == policy::Entry::Action::drop) {
    entry.reason = Reason::penalty;
  } else {
    entry = services.limiter.name(opening.entry.permit, *opening.client, now);
    if (entry.only_told) log_would_refuse(opening, *entry.only_told, policy::rule_at_accept(*entry.only_told));
  }
  if (entry.action == policy::Entry::Action::proceed && knock.action == policy::Entry::Action::refuse) {
    entry.action = knock.action;
    entry.reason = Reason::penalty;
  }
  opening.entry.action = entry.action;
  opening.entry.reason = entry.reason;
  opening.entry.retry_after =
      entry.reason == Reason::penalty && knock.objection ? knock.objection->retry_after : entry.retry_after;
}

}  // namespace

Task<bool> read_proxy_header(Opening& opening) {
  for (;;) {
    const ssize_t n = peek(opening);
    if (n == 0 || (n < 0 && errno != EAGAIN)) {
      give_up(opening, Reason::client_gone);
      co_return false;
    }
    client::ProxyParse parsed;
    if (n > 0) {
      parsed = client::parse_proxy_header(std::span(opening.worker.scratch().up).first(static_cast<std::size_t>(n)));
    }
    if (parsed.outcome == client::ProxyParse::Outcome::malformed) {
      give_up(opening, Reason::bad_request, no_header);
      co_return false;
    }
    if (parsed.outcome == client::ProxyParse::Outcome::complete) {
      consume(opening, parsed.size);
      opening.wait.look_again();           // what came behind it has been told of already
      if (!parsed.source) co_return true;  // the proxy's own business, such as a health check
      rename(opening, *parsed.source);
      break;
    }
    const bool more = co_await opening.wait.readable();
    if (!more) {
      give_up(opening, opening.wait.expired() ? Reason::tls_timeout : Reason::client_gone, no_header);
      co_return false;
    }
  }
  if (is_trusted_proxy(opening)) co_return true;
  if (!policy::may_come(opening.entrance->access, opening.client)) {
    give_up(opening, Reason::client_denied);
    co_return false;
  }
  count(opening);
  if (opening.entry.action != policy::Entry::Action::drop) co_return true;
  give_up(opening, opening.entry.reason);
  co_return false;
}

Result<client::Trace> trace_client(const config::TrustedProxies& proxies, const std::optional<client::Address>& peer,
                                   const ws::Request& request) {
  const bool forwarded = proxies.header == config::TrustedProxies::Header::forwarded;
  std::vector<std::string_view> values;
  for (const ws::Field& field : request.fields) {
    if (equal_ignoring_case(field.name, name_of(proxies.header))) values.push_back(field.value);
  }
  return forwarded ? client::trace_forwarded(peer, proxies.from, values)
                   : client::trace_x_forwarded_for(peer, proxies.from, values);
}

std::string_view name_of(config::TrustedProxies::Header header) {
  return header == config::TrustedProxies::Header::forwarded ? "Forwarded" : "X-Forwarded-For";
}

std::optional<Reason> take_forwarded(Opening& opening, const ws::Request& request) {
  if (!is_trusted_proxy(opening)) return std::nullopt;
  const config::TrustedProxies& proxies = *opening.entrance->trusted_proxies;
  const auto trace = trace_client(proxies, opening.client, request);
  if (!trace) {
    opening.asked->detail = "malformed " + std::string(name_of(proxies.header));
    return trace.error();
  }
  if (trace->client && trace->client != opening.client) rename(opening, *trace->client);
  if (trace->end != client::TraceEnd::untrusted) return std::nullopt;  // a proxy's own request
  // TLS is paid for already: also who would have been dropped at accept gets an answer.
  count(opening);
  if (opening.entry.action == policy::Entry::Action::drop) opening.entry.action = policy::Entry::Action::refuse;
  return std::nullopt;
}

}  // namespace drawbridge::net
