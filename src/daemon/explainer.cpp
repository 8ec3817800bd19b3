#include "daemon/explainer.hpp"

#include "auth/credential.hpp"
#include "base/log_record.hpp"
#include "config/disk.hpp"
#include "net/credentials.hpp"
#include "net/forward.hpp"
#include "net/head.hpp"
#include "net/naming.hpp"
#include "net/peer_certificate.hpp"
#include "policy/admission.hpp"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

namespace drawbridge::daemon {
namespace {

using policy::rule_text;

// Of RFC 5737: somebody out there.
constexpr std::string_view stranger = "192.0.2.1";
constexpr std::size_t most_listed = 5;

std::string place_of(const config::Position& position) {
  return fmt::format("{}:{}:{}", position.file, position.line, position.column);
}

std::string address_text(const std::optional<client::Address>& address) {
  return address ? client::text(*address) : "a peer on a Unix socket";
}

// "a, b, c and 4 more"
template <class Range, class Text>
std::string listed(const Range& range, Text text) {
  std::string out;
  std::size_t count = 0;
  for (const auto& item : range) {
    if (count++ < most_listed) out += (out.empty() ? "" : ", ") + printable(text(item));
  }
  return count > most_listed ? fmt::format("{} and {} more", out, count - most_listed) : out;
}
std::string listed(const std::vector<std::string>& texts) {
  return listed(texts, [](const std::string& text) { return text; });
}
std::string listed(const std::vector<client::Network>& networks) {
  return listed(networks, [](const client::Network& network) { return network.text(); });
}

std::string pattern_text(const ws::OriginPattern& pattern) {
  return pattern.text();
}

std::string fitting_pattern(const config::Route& route, const ws::Origin& origin) {
  const auto fits = [&](const ws::OriginPattern& pattern) { return ws::matches(pattern, origin); };
  const auto found = std::find_if(route.origins.begin(), route.origins.end(), fits);
  return found == route.origins.end() ? "" : found->text();
}

// What a certificate's file holds: its own, then those that are sent along.
std::optional<std::vector<config::X509Ptr>> read_chain(const std::string& path, std::string& why) {
  const auto content = config::read_regular_file(path, why);
  if (!content) {
    why = fmt::format("the certificate {}: {}", printable(path), why);
    return {};
  }
  auto found = config::certificates_of(content->bytes);
  if (!found.malformed && !found.items.empty()) return std::move(found.items);
  why = fmt::format("{} holds {} certificate", printable(path), found.malformed ? "a malformed" : "no");
  return {};
}

net::Task<> ask_service(net::Loop& loop, net::Resolver& resolver, std::shared_ptr<net::ForwardGate> gate,
                        net::ForwardQuestion question, net::Opinion& opinion) {
  try {
    net::ForwardAnswer answer = co_await net::ask_forward(loop, resolver, std::move(gate), std::move(question));
    opinion = {std::move(answer.who), std::move(answer.why)};
  } catch (const std::exception&) {
    opinion = {Reason::full, {}};
  }
  loop.stop();
}

// One request on its way through the rules: each function is asked after those above it, and says whether the next one
// is.
class Way {
 public:
  Way(const net::Snapshot& snapshot, const auth::Revocations* revocations, const Door& door, const Asked& asked,
      auth::UnixSeconds now, bool ask)
      : snapshot_(snapshot), revocations_(revocations), door_(door), asked_(asked), now_(now), ask_(ask) {}

  Explanation walk(const std::vector<config::X509Ptr>& chain) && {
    told_.request = printable(asked_.url);
    told_.listener = fmt::format("{} ({}), {}", door_.listener->bind.text(), place_of(door_.listener->position),
                                 door_.listener->tls ? "TLS" : "plaintext");
    if (come() && shake_hands(chain)) be_read();
    told_.client = address_text(client_) + how_found_;
    if (told_.reason) told_.backend.clear();
    return std::move(told_);
  }

 private:
  void add(Step::Outcome outcome, std::string rule, std::string found = {}) {
    told_.steps.push_back({outcome, std::move(rule), std::move(found)});
  }
  void ok(std::string rule, std::string found = {}) { add(Step::Outcome::ok, std::move(rule), std::move(found)); }
  void skip(std::string rule, std::string found = {}) {
    add(Step::Outcome::skipped, std::move(rule), std::move(found));
  }
  // A refusal that nobody can be told.
  bool drop(Reason reason, std::string rule, std::string found) {
    add(Step::Outcome::no, std::move(rule), std::move(found));
    told_.reason = reason;
    return false;
  }
  bool refuse(Reason reason, std::string rule, std::string found) {
    drop(reason, std::move(rule), std::move(found));
    told_.status = info(reason).http_status;
    return false;
  }

  bool come();
  bool be_named();
  std::string access_rule(const config::Access& access) const;
  std::string access_found(const config::Access& access) const;
  bool shake_hands(const std::vector<config::X509Ptr>& chain);
  bool show_certificate(const std::vector<config::X509Ptr>& chain);
  void be_read();
  bool has_form(const ws::Request& request);
  void take_name(const ws::Request& request);
  bool take_forwarded(const ws::Request& request);
  void judge(const ws::Request& request);
  void list_rules(const policy::Verdict& verdict, bool only_credentials);
  void authenticate(const net::ActiveRoute& route, const ws::Request& request);
  net::Opinion opinion_of(const net::Gate::Entry& entry, const ws::Request& request) const;
  net::Opinion by_service(const std::shared_ptr<net::ForwardGate>& gate, const ws::Request& request) const;
  net::Opinion by_password(const net::Gate::Passwords& file, const ws::Request& request) const;

  const net::Snapshot& snapshot_;
  const auth::Revocations* revocations_;
  const Door& door_;
  const Asked& asked_;
  const auth::UnixSeconds now_;
  const bool ask_;

  std::optional<client::Address> client_;
  std::string how_found_;
  bool named_for_header_ = false;  // --client stands for what a trusted proxy's header says
  std::optional<auth::PeerCertificate> certificate_;
  ws::Upgrade upgrade_;
  ws::Upgrade as_sent_;
  Explanation told_;
};

std::string Way::access_rule(const config::Access& access) const {
  const bool denied = policy::access_of(access, client_) == policy::Access::denied;
  if (denied || access.allow.empty()) return rule_text("deny", access.deny_position);
  return rule_text("allow", access.allow_position);
}

std::string Way::access_found(const config::Access& access) const {
  const std::string who = address_text(client_);
  switch (policy::access_of(access, client_)) {
    case policy::Access::granted: return who + " may come";
    case policy::Access::denied: return who + " is one of " + listed(access.deny);
    case policy::Access::not_allowed: return who + " is none of " + listed(access.allow);
  }
  return {};
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
    if (!entrance.proxy_protocol)
      return drop(Reason::client_denied, access_rule(entrance.access), access_found(entrance.access));
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
  if ((trusted && trusted->from.contains(client_)) || policy::access_of(access, client_) == policy::Access::granted) {
    return true;
  }
  return drop(Reason::client_denied, access_rule(access), access_found(access));
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

// What policy::admit says, told rule by rule.
void Way::judge(const ws::Request& request) {
  as_sent_ = upgrade_;
  const bool only_credentials = auth::remove_credentials(upgrade_);
  policy::Circumstances circumstances;
  circumstances.client = client_;
  circumstances.access = &door_.entrance.access;
  circumstances.offers_only_credentials = only_credentials;
  circumstances.host_is_ours = [&](std::string_view host) {
    return !door_.entrance.tls || door_.entrance.tls->may_serve(asked_.server_name, host);
  };
  const policy::Verdict verdict =
      policy::admit(snapshot_.config().routes, snapshot_.table(), {}, upgrade_, circumstances);
  told_.reason = verdict.reason;
  told_.rule = verdict.rule;
  if (verdict.reason) told_.status = info(*verdict.reason).http_status;
  if (verdict.in_close_frame) told_.close_code = policy::rejection_code(*verdict.reason);
  if (verdict.subprotocol) told_.subprotocol = *verdict.subprotocol;
  list_rules(verdict, only_credentials);
  if (!verdict.route) return;
  const net::ActiveRoute& route = *snapshot_.route(*verdict.route);
  told_.route = route.route.name;
  authenticate(route, request);
  if (!told_.reason && told_.backend.empty()) told_.backend = route.route.backend.text();
  if (told_.admitted()) skip("backend", told_.backend + " is not connected to");
}

// The rules of policy::admit in its order, with what each found.
void Way::list_rules(const policy::Verdict& verdict, bool only_credentials) {
  bool over = false;  // one said no
  const auto rule = [&](std::string name, bool said_no, const std::string& found) {
    if (over) return skip(std::move(name));
    add(said_no ? Step::Outcome::no : Step::Outcome::ok, std::move(name), found);
    over = said_no;
  };
  const auto refuses_with = [&](Reason reason) { return verdict.reason == reason; };
  const auto lists = [&](const config::Access& access) {
    if (access.allow.empty() && access.deny.empty()) return;
    const bool denied = policy::access_of(access, client_) != policy::Access::granted;
    rule(access_rule(access), denied, access_found(access));
  };
  lists(door_.entrance.access);
  skip("limits, penalties", "only the running daemon knows how often this client came");
  if (!door_.tls_trouble.empty()) {
    skip(rule_text("tls", door_.listener->position), "not readable here: " + door_.tls_trouble);
  } else if (door_.listener->tls && door_.listener->tls->certificates.size() > 1) {
    const bool misdirected = refuses_with(Reason::misdirected);
    rule(rule_text("tls.certificates", door_.listener->position), misdirected,
         fmt::format("the certificate shown for {} {} for {}",
                     asked_.server_name.empty() ? "no name" : printable(asked_.server_name),
                     misdirected ? "is another one than that" : "does", printable(upgrade_.host.host)));
  }
  const std::string sought = printable(upgrade_.host.host + upgrade_.target.path);
  if (!verdict.route) return rule("routes", refuses_with(Reason::no_route), "none is for " + sought);

  const config::Route& route = snapshot_.config().routes[*verdict.route];
  rule(rule_text("routes", route.position), false, fmt::format("{}, for {}", printable(route.name), sought));
  lists(route.access);
  const bool wrong_origin = refuses_with(Reason::origin);
  if (!upgrade_.origin) {
    rule(rule_text("allow_missing_origin", route.position), wrong_origin, "no Origin is sent");
  } else {
    const std::string origin = printable(*upgrade_.origin_text);
    rule(rule_text("origins", route.origins_position), wrong_origin,
         wrong_origin ? fmt::format("{} is none of: {}", origin, listed(route.origins, pattern_text))
                      : fmt::format("{} fits {}", origin, printable(fitting_pattern(route, *upgrade_.origin))));
  }
  if (only_credentials || !upgrade_.subprotocols.empty()) {
    const std::string offered =
        only_credentials ? "none is offered besides the credential" : "offered: " + listed(upgrade_.subprotocols);
    rule(rule_text("subprotocols", route.subprotocols_position), refuses_with(Reason::subprotocol),
         verdict.reason ? offered : fmt::format("{}; answered: {}", offered, printable(told_.subprotocol)));
  }
}

// As net::authenticate does, and without its waiting.
void Way::authenticate(const net::ActiveRoute& route, const ws::Request& request) {
  if (!route.gate) {
    if (!told_.reason) ok("auth", "the route asks for no credential");
    return;
  }
  net::Judgement judgement;
  bool over = told_.reason.has_value();
  for (const net::Gate::Entry& entry : route.gate->entries()) {
    const std::string rule = rule_text(net::kind_of(entry.settings), entry.settings.position);
    const auto* service = std::get_if<net::Gate::Forward>(&entry.keys);
    if (!over && service != nullptr && !ask_) {
      told_.undecided = fmt::format("the service at {} would be asked; --ask asks it", (*service)->url().authority());
      skip(rule, told_.undecided);
      continue;
    }
    if (over) {
      skip(rule);
      continue;
    }
    net::Opinion opinion = opinion_of(entry, request);
    const bool revoked = opinion.who && revocations_ != nullptr && revocations_->revoked(*opinion.who);
    if (opinion.who && !revoked) {
      ok(rule, "admits " + printable(opinion.who->identity));
    } else {
      const Reason reason = opinion.who ? Reason::revoked : opinion.who.error();
      add(Step::Outcome::no, rule,
          std::string(word(reason)) + (opinion.why.empty() ? "" : ": " + printable(opinion.why)));
    }
    over = judgement.add(entry.settings, std::move(opinion), revoked);
  }
  if (told_.reason) return;
  if (over) told_.undecided.clear();
  told_.identity = printable(judgement.identity);
  if (judgement.principal) {
    const auto target = config::parse_tcp_backend(judgement.principal->backend.value_or(""));
    if (target) told_.backend = target->text();
    return;
  }
  if (!told_.undecided.empty()) return;
  told_.reason = judgement.reason;
  told_.rule = judgement.rule;
  told_.detail = printable(judgement.detail);
  told_.status = info(judgement.reason).http_status;
  if (policy::told_in_close_frame(route.route, judgement.reason))
    told_.close_code = policy::rejection_code(judgement.reason);
}

net::Opinion Way::opinion_of(const net::Gate::Entry& entry, const ws::Request& request) const {
  if (const auto* file = std::get_if<net::Gate::Passwords>(&entry.keys)) return by_password(*file, request);
  if (const auto* gate = std::get_if<net::Gate::Forward>(&entry.keys)) return by_service(*gate, request);
  const auto* rule = std::get_if<config::ClientCertificateAuth>(&entry.settings.how);
  if (rule != nullptr) return net::by_certificate(*rule, certificate_);
  return net::by_bearer(entry, request, as_sent_, now_);
}

net::Opinion Way::by_password(const net::Gate::Passwords& file, const ws::Request& request) const {
  const auto claim = net::password_claim(*file->get(), request, client_);
  if (!claim) return {claim.error()};
  return claim->opinion(auth::password_matches(claim->question.password, claim->question.hash));
}

net::Opinion Way::by_service(const std::shared_ptr<net::ForwardGate>& gate, const ws::Request& request) const {
  net::Loop loop;
  net::Resolver resolver;
  net::Tasks tasks;
  net::Opinion opinion;
  const std::string client = client_ ? client::text(*client_) : "";
  auto question = net::forward_question(gate->auth(), request, upgrade_, door_.listener->tls.has_value(), client);
  tasks.start(ask_service(loop, resolver, gate, std::move(question), opinion));
  loop.run();
  return opinion;
}

std::unique_ptr<auth::Revocations> read_revocations(const config::Config& config, const std::string& directory,
                                                    std::string& why) {
  if (config.revocations.empty()) return nullptr;
  const auto content = config::read_regular_file(config::file_of(config.revocations, directory), why);
  return content ? auth::Revocations::parse(content->bytes, why) : nullptr;
}

}  // namespace

std::unique_ptr<Explainer> Explainer::make(config::Config config, const std::string& credentials_directory,
                                           std::vector<config::Diagnostic>& errors) {
  using Severity = config::Diagnostic::Severity;
  const std::size_t before = errors.size();
  std::unique_ptr<Explainer> made(new Explainer);
  std::vector<std::shared_ptr<net::Gate>> gates;
  for (const config::Route& route : config.routes) {
    gates.push_back(net::Gate::make(route, credentials_directory, errors));
  }
  std::string why;
  made->revocations_ = read_revocations(config, credentials_directory, why);
  if (!why.empty()) errors.push_back({Severity::error, config.revocations_position, why});

  made->snapshot_ = std::make_shared<const net::Snapshot>(std::move(config), nullptr, std::move(gates));
  for (const config::Listener& listener : made->snapshot_->config().listeners) {
    Door door{&listener, {{}, listener.access, listener.proxy_protocol, listener.trusted_proxies}, {}, {}};
    if (listener.tls) {
      door.entrance.tls =
          net::TlsContext::make(*listener.tls, listener.bind.text(), credentials_directory, door.tls_trouble);
    }
    if (listener.tls && listener.tls->client_certificates) {
      const config::ClientCertificates& wanted = *listener.tls->client_certificates;
      why.clear();
      door.verification = net::ClientVerification::read(wanted, credentials_directory, why);
      if (!door.verification) errors.push_back({Severity::error, wanted.position, why});
    }
    made->doors_.push_back(std::move(door));
  }
  return errors.size() == before ? std::move(made) : nullptr;
}

// The one that was named; otherwise the first that speaks as the URL does, rather on its port; otherwise the first.
const Door* Explainer::door_of(const Asked& asked, std::string& why) const {
  const auto named = [&](const Door& door) { return door.listener->bind.text() == *asked.listener; };
  if (asked.listener) {
    const auto found = std::find_if(doors_.begin(), doors_.end(), named);
    if (found != doors_.end()) return &*found;
    why = fmt::format("no listener is bound to `{}`; there are {}", printable(*asked.listener),
                      listed(doors_, [](const Door& door) { return door.listener->bind.text(); }));
    return nullptr;
  }
  const auto rank = [&](const Door& door) {
    return std::tuple(door.listener->tls.has_value() == asked.tls, door.listener->bind.port == asked.port);
  };
  return &*std::max_element(doors_.begin(), doors_.end(),
                            [&](const Door& a, const Door& b) { return rank(a) < rank(b); });
}

std::optional<Explanation> Explainer::explain(const Asked& asked, auth::UnixSeconds now, bool ask,
                                              std::string& why) const {
  const Door* door = door_of(asked, why);
  if (door == nullptr) return {};
  std::vector<config::X509Ptr> chain;
  if (asked.certificate) {
    auto read = read_chain(*asked.certificate, why);
    if (!read) return {};
    chain = *std::move(read);
  }
  return Way(*snapshot_, revocations_.get(), *door, asked, asked.at.value_or(now), ask).walk(chain);
}

}  // namespace drawbridge::daemon
