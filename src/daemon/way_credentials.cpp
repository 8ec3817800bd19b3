// The part of Way that tells what a route's `auth` says.

#include "auth/password_file.hpp"
#include "base/log_record.hpp"
#include "daemon/way.hpp"
#include "net/forward.hpp"

#include <fmt/format.h>

namespace drawbridge::daemon {
namespace {

using policy::rule_text;

net::Task<> ask_service(net::Loop& loop, net::Resolver& resolver, std::shared_ptr<net::ForwardGate> gate,
                        net::ForwardQuestion question, std::optional<client::Address> client, net::Opinion& opinion) {
  try {
    net::ForwardAnswer answer = co_await net::ask_forward(loop, resolver, std::move(gate), std::move(question), client);
    opinion = {std::move(answer.who), std::move(answer.why)};
  } catch (const std::exception&) {
    opinion = {Reason::full, {}};
  }
  loop.stop();
}

}  // namespace

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
      add(route.route.enforce_auth ? Step::Outcome::no : Step::Outcome::would_refuse, rule,
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
  if (!route.route.enforce_auth) {
    if (told_.undecided.empty()) {
      told_.would_refuse.push_back({judgement.reason, judgement.rule, printable(judgement.detail)});
    }
    told_.undecided.clear();
    told_.identity.clear();
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
  tasks.start(ask_service(loop, resolver, gate, std::move(question), client_, opinion));
  loop.run();
  return opinion;
}

}  // namespace drawbridge::daemon
