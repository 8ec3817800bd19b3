#include "base/log_record.hpp"
#include "base/text.hpp"
#include "config/bind.hpp"
#include "config/sections.hpp"

#include <charconv>

#include <fmt/format.h>

namespace drawbridge::config {
namespace {

constexpr std::string_view credential_prefix = "credential:";

void read_bind(Reading& reading, const Field& field, Listener& listener) {
  const auto text = read_text(reading, field, "an address with a port, unix:/path or systemd:NAME");
  if (!text) return;
  std::string why;
  if (auto bind = parse_bind(*text, reading.directory, why)) {
    bind->mode = listener.bind.mode;
    listener.bind = *std::move(bind);
  } else {
    reading.report.error(field.value.position, "`bind` " + why);
  }
}

void read_mode(Reading& reading, const Field& field, Listener& listener) {
  const Form<unsigned> octal{"octal permissions such as 0660", [](std::string_view text) {
                               unsigned mode = 0;
                               const char* const last = text.data() + text.size();
                               const auto [end, error] = std::from_chars(text.data(), last, mode, 8);
                               const bool right = error == std::errc{} && end == last && mode <= 0777;
                               return right ? std::optional(mode) : std::nullopt;
                             }};
  if (const auto mode = read_value(reading, field, octal)) listener.bind.mode = *mode;
}

Key<Certificate> certificate_file(std::string_view name, std::string Certificate::*member, std::string_view required) {
  return {name,
          [member](Reading& reading, const Field& field, Certificate& certificate) {
            constexpr std::string_view what = "the path of a PEM file or credential:NAME";
            const auto text = read_text(reading, field, what);
            if (!text) return;
            const bool credential = text->starts_with(credential_prefix);
            const std::string name_of_credential = credential ? text->substr(credential_prefix.size()) : "";
            // A credential is a file in systemd's directory, not above or below it.
            const bool right = credential
                                   ? !name_of_credential.empty() && name_of_credential != "." &&
                                         name_of_credential != ".." && name_of_credential.find('/') == std::string::npos
                                   : !text->empty();
            if (!right) return expected(reading, field, what);
            certificate.*member = credential ? *text : reading.absolute(*text);
          },
          required};
}

const Keys<Tls>& tls_keys() {
  static const Keys<Tls> keys{
      sections("certificates", &Tls::certificates,
               Keys<Certificate>{
                   certificate_file("chain", &Certificate::chain, "the PEM file of the certificate and its issuers"),
                   certificate_file("key", &Certificate::key, "the PEM file of the certificate's private key"),
               },
               nullptr, "at least one { chain: fullchain.pem, key: privkey.pem }"),
      choice("min_version", &Tls::min_version,
             Words<TlsVersion>{{"1.2", TlsVersion::tls1_2}, {"1.3", TlsVersion::tls1_3}}),
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

}  // namespace

Keys<Listener> listener_keys() {
  return {
      {"bind", read_bind, "where to listen, such as 0.0.0.0:8443"},
      {"mode", read_mode},
      {"tls", read_tls, {}, names(tls_keys(), ".")},
      boolean("plaintext", &Listener::plaintext),
  };
}

void check_listener(Reading& reading, const Node& node, const Listener& listener) {
  const Bind& bind = listener.bind;
  const bool has_bind = !bind.host.empty() || !bind.path.empty() || !bind.name.empty();
  if (!has_bind) return;
  check_encryption(reading, node, listener);
  if (node.find("mode") != nullptr && bind.kind != Bind::Kind::unix_socket) {
    reading.report.error(position_of(node, "mode"), "`mode` is only for the file of a unix: socket");
  }
  const Position& position = position_of(node, "bind");
  for (const auto& [other, where] : reading.claims.binds) {
    if (!collide(bind, other)) continue;
    reading.report.error(position, fmt::format("`{}` is already taken by `{}` on {}", printable(bind.text()),
                                               printable(other.text()), place(where, position)));
    return;
  }
  reading.claims.binds.emplace_back(bind, position);
}

}  // namespace drawbridge::config
