// The part of Way from the listener to a request that can be read.

#include "base/log_record.hpp"
#include "daemon/way.hpp"
#include "net/head.hpp"
#include "net/naming.hpp"
#include "net/peer_certificate.hpp"

#include <fmt/format.h>

namespace drawbridge::daemon {
namespace {

using policy::rule_text;

// Of RFC 5737: somebody out there.
constexpr std::string_view stranger = "192.0.2.1";

std::string place_of(const config::Position& position) {
  return fmt::format("{}:{}:{}", position.file, position.line, position.column);
}

}  // namespace

Explanation Way::walk(const std::vector<config::X509Ptr>& chain) && {
  told_.request = printable(asked_.url);
  told_.listener = fmt::format("{} ({}), {}", door_.listener->bind.text(), place_of(door_.listener->position),
                               door_.listener->tls ? "TLS" : "plaintext");
  if (come() && shake_hands(chain)) be_read();
  told_.client = address_text(client_) + how_found_;
  if (told_.reason) told_.backend.clear();
  return std::move(told_);
}

// As a connection is accepted.
bool Way::come() {
  const net::Entrance& entrance = door_.entrance;
  const bool has_proxies = entrance.proxy_protocol || entrance.trusted_proxies;
  client_ = asked_.peer;
  how_found_ = ", the peer";
  if (!asked_.peer && asked_.client && has_proxies) {
    if (entrance.proxy_protocol) skip("proxy_protocol", "which proxy it comes through is not said");
    return be_named();
  }
  if (!asked_.peer && asked_.client) {
    client_ = asked_.client;
    how_found_ = ", as --client says";
  }
  if (!asked_.peer && !asked_.client && door_.listener->bind.kind != config::Bind::Kind::unix_socket) {
    client_ = client::parse_address(door_.listener->bind.loopback() ? "127.0.0.1" : stranger);
    how_found_ = ", for example: neither --client nor --peer says another";
    if (entrance.proxy_protocol) {
      skip("proxy_protocol", "which proxy it comes through is not said");
      return true;
    }
  }
  if (!entrance.welcomes(client_)) {
    if (!entrance.proxy_protocol) return drop_by(entrance.access);
    return drop(Reason::client_denied, rule_text("proxy_protocol", door_.listener->position),
                address_text(client_) + " is none of those who may begin with a PROXY header");
  }
  if (asked_.peer && asked_.client) {
    if (entrance.is_proxy(asked_.peer)) return be_named();
    how_found_ = ", the peer: it is no trusted proxy, so --client does not count";
  }
  return true;
}

bool Way::be_named() {
  const std::string proxy = asked_.peer ? client::text(*asked_.peer) : "a proxy";
  client_ = asked_.client;
  how_found_ = fmt::format(", as {} would name it", proxy);
  named_for_header_ = !door_.entrance.proxy_protocol;
  if (named_for_header_) return true;
  // As net::read_proxy_header has it.
  const auto& trusted = door_.entrance.trusted_proxies;
  const config::Access& access = door_.entrance.access;
  if ((trusted && trusted->from.contains(client_)) || policy::may_come(access, client_)) return true;
  return drop_by(access);
}

bool Way::shake_hands(const std::vector<config::X509Ptr>& chain) {
  if (!door_.listener->tls) return true;
  if (!asked_.tls) return refuse(Reason::plain_http, "tls", "the listener speaks TLS, and the URL is not wss:");
  return show_certificate(chain);
}

bool Way::show_certificate(const std::vector<config::X509Ptr>& chain) {
  const auto& wanted = door_.listener->tls->client_certificates;
  if (!wanted) return true;
  const std::string rule = rule_text("tls.client_certificates", wanted->position);
  if (chain.empty() && wanted->required) {
    told_.detail = "no certificate was sent";
    return drop(Reason::tls_error, rule, "a certificate is required, and --certificate names none");
  }
  if (chain.empty()) {
    ok(rule, "none is shown, and none is required");
    return true;
  }
  std::vector<config::X509Ptr> others;
  for (auto at = chain.begin() + 1; at != chain.end(); ++at) {
    X509_up_ref(at->get());
    others.emplace_back(at->get());
  }
  if (!door_.verification->accepts(chain.front().get(), others, now_, told_.detail)) {
    return drop(Reason::tls_error, rule, told_.detail);
  }
  certificate_ = net::read_certificate(*chain.front());
  ok(rule, "issued to " + printable(auth::principal_of(*certificate_).identity));
  return true;
}

void Way::be_read() {
  const std::size_t most = snapshot_.config().limits.head;
  if (asked_.head.size() > most) {
    refuse(net::excess_of(asked_.head, most), "limits.head",
           fmt::format("the request's head has {} bytes, of {} that it may have", asked_.head.size(), most));
    return;
  }
  const auto head = net::Head::parse(asked_.head);
  if (!head) {
    refuse(head.error(), "request", "its head is not strictly HTTP, or too long");
    return;
  }
  if (!has_form(head->request())) return take_name(head->request());
  if (take_forwarded(head->request())) judge(head->request());
}

// Also of who is refused for the form of what he sent it is known who he is.
void Way::take_name(const ws::Request& request) {
  const auto& proxies = door_.entrance.trusted_proxies;
  if (!proxies || named_for_header_ || !proxies->from.contains(client_)) return;
  const auto trace = net::trace_client(*proxies, client_, request);
  if (trace) {
    client_ = trace->client;
    how_found_ = fmt::format(", by {}", net::name_of(proxies->header));
  } else {
    told_.detail = fmt::format("malformed {}", net::name_of(proxies->header));
  }
}

bool Way::has_form(const ws::Request& request) {
  const auto form = ws::check_upgrade(request, upgrade_);
  if (!form) {
    ok("request", "a WebSocket upgrade");
    return true;
  }
  if (*form != Reason::bad_request) return refuse(*form, "request", "it is no WebSocket upgrade of version 13");
  std::string what = "repeated or malformed fields, or a body";
  if (!ws::parse_target(request.target)) what = "a path or query that can be read in two ways";
  if (upgrade_.origin_text && !upgrade_.origin) what = "a malformed Origin (scheme://host, nothing behind it)";
  return refuse(*form, "request", what);
}

bool Way::take_forwarded(const ws::Request& request) {
  const auto& proxies = door_.entrance.trusted_proxies;
  if (!proxies) return true;
  const std::string rule = rule_text("trusted_proxies", proxies->position);
  const std::string_view header = net::name_of(proxies->header);
  if (named_for_header_) {
    skip(rule, fmt::format("--client stands for what {} says", header));
    return true;
  }
  if (!proxies->from.contains(client_)) {
    ok(rule, fmt::format("{} is none of them: its {} does not count", address_text(client_), header));
    return true;
  }
  const auto trace = net::trace_client(*proxies, client_, request);
  if (!trace) {
    told_.detail = fmt::format("malformed {}", header);
    return refuse(trace.error(), rule, told_.detail);
  }
  client_ = trace->client;
  how_found_ = fmt::format(", by {}", header);
  ok(rule, fmt::format("the client is {}, {}", address_text(client_), client::text(trace->end)));
  return true;
}

}  // namespace drawbridge::daemon
