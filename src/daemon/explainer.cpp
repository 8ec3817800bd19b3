#include "daemon/explainer.hpp"

#include "base/log_record.hpp"
#include "config/disk.hpp"
#include "daemon/listed.hpp"
#include "daemon/revocation_store.hpp"
#include "daemon/way.hpp"
#include "net/gate.hpp"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

namespace drawbridge::daemon {
namespace {

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
  const auto revocations = RevocationStore::open(config, credentials_directory, errors);
  if (revocations) made->revocations_ = revocations->get();
  made->snapshot_ = std::make_shared<const net::Snapshot>(std::move(config), nullptr, std::move(gates));
  for (const config::Listener& listener : made->snapshot_->config().listeners) {
    Door door{
        &listener, {{}, listener.access, listener.proxy_protocol, listener.trusted_proxies, listener.web}, {}, {}};
    if (listener.tls) {
      door.entrance.tls =
          net::TlsContext::make(*listener.tls, listener.bind.text(), credentials_directory, door.tls_trouble);
    }
    if (listener.tls && listener.tls->client_certificates) {
      const config::ClientCertificates& wanted = *listener.tls->client_certificates;
      std::string why;
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
