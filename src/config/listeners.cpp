#include "base/log_record.hpp"
#include "config/sections.hpp"

#include <fmt/format.h>

namespace drawbridge::config {
namespace {

const Keys<ClientCertificates>& client_certificates_keys() {
  static const Keys<ClientCertificates> keys{
      file("ca", &ClientCertificates::ca, "the PEM file of those who issue the clients' certificates", "PEM file"),
      file("crl", &ClientCertificates::crl, {}, "PEM file"),
      boolean("required", &ClientCertificates::required),
  };
  return keys;
}

void read_client_certificates(Reading& reading, const Field& field, Tls& tls) {
  ClientCertificates& asked = tls.client_certificates.emplace();
  asked.position = field.value.position;
  read_mapping(reading, field, client_certificates_keys(), asked);
}

Written write_client_certificates(const Tls& tls) {
  return tls.client_certificates ? Written(write_mapping(client_certificates_keys(), *tls.client_certificates))
                                 : Written();
}

const Keys<Tls>& tls_keys() {
  static const Keys<Tls> keys{
      sections("certificates", &Tls::certificates,
               Keys<Certificate>{
                   file("chain", &Certificate::chain, "the PEM file of the certificate and its issuers", "PEM file"),
                   file("key", &Certificate::key, "the PEM file of the certificate's private key", "PEM file"),
               },
               nullptr, "at least one { chain: fullchain.pem, key: privkey.pem }"),
      choice("min_version", &Tls::min_version,
             Words<TlsVersion>{{"1.2", TlsVersion::tls1_2}, {"1.3", TlsVersion::tls1_3}}),
      {"client_certificates",
       read_client_certificates,
       write_client_certificates,
       {},
       names(client_certificates_keys(), ".")},
  };
  return keys;
}

void read_tls(Reading& reading, const Field& field, Listener& listener) {
  Tls& tls = listener.tls.emplace();
  if (!read_mapping(reading, field, tls_keys(), tls)) return;
  const Entry* const certificates = field.value.find("certificates");
  const bool is_list = certificates != nullptr &&
                       (certificates->value->kind == Node::Kind::list || certificates->value->kind == Node::Kind::null);
  if (is_list && tls.certificates.empty()) {
    reading.report.error(certificates->value->position,
                         "`certificates` is empty; TLS needs at least one { chain: fullchain.pem, key: privkey.pem }");
  }
}

const Keys<TrustedProxies>& trusted_proxies_keys() {
  using Header = TrustedProxies::Header;
  static const Keys<TrustedProxies> keys{
      {"from", [](Reading& reading, const Field& field, TrustedProxies& out) { read_peers(reading, field, out.from); },
       [](const TrustedProxies& from) { return write_peers(from.from); },
       "whose word is taken, such as [ 10.0.0.0/8 ]"},
      choice("header", &TrustedProxies::header,
             Words<Header>{{"x-forwarded-for", Header::x_forwarded_for}, {"forwarded", Header::forwarded}}),
  };
  return keys;
}

Written write_tls(const Listener& listener) {
  return listener.tls ? Written(write_mapping(tls_keys(), *listener.tls)) : Written();
}

void check_encryption(Reading& reading, const Node& node, const Listener& listener) {
  const Entry* const plaintext = node.find("plaintext");
  if (node.find("tls") != nullptr) {
    if (!listener.plaintext) return;
    reading.report.error(plaintext->value->position, "`plaintext: true` contradicts `tls`; take one of them away");
    return;
  }
  const bool said_wrongly = plaintext != nullptr && !(plaintext->value->plain && plaintext->value->text == "false");
  if (listener.plaintext || said_wrongly) return;
  const Bind& bind = listener.bind;
  if (bind.kind == Bind::Kind::systemd) {
    reading.report.error(position_of(node, "bind"),
                         fmt::format("`{}` may be reachable from other machines; add `tls`, or say `plaintext: true`",
                                     printable(bind.text())));
  } else if (bind.kind == Bind::Kind::tcp && !bind.loopback()) {
    reading.report.error(position_of(node, "bind"),
                         fmt::format("`{}` would be reachable without encryption; add `tls`, or say `plaintext: true`",
                                     printable(bind.text())));
  }
}

// Nobody could come where only peers of the other kind may speak.
void check_peers(Reading& reading, const Node& node, const Listener& listener) {
  if (!listener.proxy_protocol) return;
  const bool is_unix = listener.bind.kind == Bind::Kind::unix_socket;
  const client::Peers& peers = *listener.proxy_protocol;
  if (is_unix && !peers.unix_sockets) {
    reading.report.error(position_of(node, "proxy_protocol"),
                         "peers of a Unix socket have no address; say `proxy_protocol: [ unix ]`");
  } else if (listener.bind.kind == Bind::Kind::tcp && peers.networks.empty() && peers.unix_sockets) {
    reading.report.error(position_of(node, "proxy_protocol"),
                         "`unix` is for unix: sockets; name the proxies' addresses");
  }
}

}  // namespace

Keys<Listener> listener_keys() {
  return {
      {"bind", [](Reading& reading, const Field& field, Listener& out) { read_bind(reading, field, out.bind); },
       [](const Listener& from) { return write_bind(from.bind); }, "where to listen, such as 0.0.0.0:8443"},
      {"mode", [](Reading& reading, const Field& field, Listener& out) { read_mode(reading, field, out.bind); },
       [](const Listener& from) { return write_mode(from.bind); }},
      {"tls", read_tls, write_tls, {}, names(tls_keys(), ".")},
      boolean("plaintext", &Listener::plaintext),
      {"proxy_protocol",
       [](Reading& reading, const Field& field, Listener& out) {
         read_peers(reading, field, out.proxy_protocol.emplace());
       },
       [](const Listener& from) { return from.proxy_protocol ? write_peers(*from.proxy_protocol) : Written(); }},
      {"trusted_proxies",
       [](Reading& reading, const Field& field, Listener& out) {
         out.trusted_proxies.emplace().position = field.value.position;
         read_mapping(reading, field, trusted_proxies_keys(), *out.trusted_proxies);
       },
       [](const Listener& from) {
         return from.trusted_proxies ? Written(write_mapping(trusted_proxies_keys(), *from.trusted_proxies))
                                     : Written();
       },
       {},
       names(trusted_proxies_keys(), ".")},
      web<Listener>(),
      allow<Listener>(),
      deny<Listener>(),
      enforce<Listener>({enforce_allow<Listener>(), enforce_deny<Listener>()}),
  };
}

void check_listener(Reading& reading, const Node& node, const Listener& listener) {
  const Bind& bind = listener.bind;
  const bool has_bind = !bind.host.empty() || !bind.path.empty() || !bind.name.empty();
  if (!has_bind) return;
  check_encryption(reading, node, listener);
  check_enforce(reading, node);
  check_access(reading, node, listener.access);
  check_peers(reading, node, listener);
  claim_bind(reading, node, bind);
}

}  // namespace drawbridge::config
