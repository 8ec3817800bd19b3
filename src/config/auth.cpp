#include "base/log_record.hpp"
#include "base/text.hpp"
#include "config/forward_url.hpp"
#include "config/sections.hpp"

#include <array>

#include <fmt/format.h>

namespace drawbridge::config {
namespace {

// One text, or several as a list.
std::vector<std::string> read_texts(Reading& reading, const Field& field, std::string_view what) {
  std::vector<std::string> texts;
  const auto read_one = [&](const Field& one) {
    const auto text = read_text(reading, one, what);
    if (text && text->empty()) return expected(reading, one, what);
    if (text) texts.push_back(*text);
  };
  if (field.value.kind == Node::Kind::scalar) {
    read_one(field);
    return texts;
  }
  const auto* const items = read_list(reading, field, std::string(what) + ", or a list of such");
  if (items == nullptr) return texts;
  if (items->empty()) {
    reading.report.error(field.value.position, fmt::format("`{}` is empty; leave the key out", field.key));
  }
  for (const NodePtr& item : *items) read_one({field.key, *item, true});
  return texts;
}

template <class T>
Key<T> texts(std::string_view name, std::vector<std::string> T::*member, std::string_view what,
             std::string_view required = {}) {
  return {
      name,
      [member, what](Reading& reading, const Field& field, T& out) { out.*member = read_texts(reading, field, what); },
      [member](const T& from) { return write_texts(from.*member); }, required};
}

template <class T>
Key<T> text(std::string_view name, std::string T::*member, std::string_view what) {
  return {name,
          [member, what](Reading& reading, const Field& field, T& out) {
            const auto text = read_text(reading, field, what);
            if (text && text->empty()) return expected(reading, field, what);
            if (text) out.*member = *text;
          },
          [member](const T& from) { return write_text(from.*member); }};
}

Written write_place(const CredentialPlace& place) {
  using Kind = CredentialPlace::Kind;
  switch (place.kind) {
    case Kind::authorization: return "authorization";
    case Kind::subprotocol: return "subprotocol";
    case Kind::cookie: return Written("cookie:" + place.name);
    case Kind::query: return Written("query:" + place.name);
  }
  return nullptr;
}

Form<CredentialPlace> credential_place() {
  return {"authorization, subprotocol, cookie:NAME or query:NAME",
          [](std::string_view text) -> std::optional<CredentialPlace> {
            using Kind = CredentialPlace::Kind;
            if (text == "authorization") return CredentialPlace{Kind::authorization, ""};
            if (text == "subprotocol") return CredentialPlace{Kind::subprotocol, ""};
            for (const auto& [prefix, kind] : {std::pair{std::string_view("cookie:"), Kind::cookie},
                                               std::pair{std::string_view("query:"), Kind::query}}) {
              if (!text.starts_with(prefix)) continue;
              const std::string_view name = text.substr(prefix.size());
              if (!is_token(name)) return {};
              return CredentialPlace{kind, std::string(name)};
            }
            return {};
          },
          write_place};
}

void read_from(Reading& reading, const Field& field, std::vector<CredentialPlace>& from) {
  const Form<CredentialPlace> form = credential_place();
  const auto* const items = read_list(reading, field, "a list such as [ authorization, subprotocol ]");
  if (items == nullptr) return;
  if (items->empty()) {
    reading.report.error(field.value.position, "`from` is empty, so no credential would ever be found");
  }
  from.clear();
  for (const NodePtr& item : *items) {
    auto place = read_value(reading, {field.key, *item, true}, form);
    if (!place) continue;
    if (std::find(from.begin(), from.end(), *place) != from.end()) {
      reading.report.error(item->position, fmt::format("`{}` stands in `from` already", printable(item->text)));
    } else {
      from.push_back(*std::move(place));
    }
  }
}

// A kind as the loader sees it: its own settings, and where it is found.
template <class Kind>
struct Bearer {
  Kind kind;
  std::vector<CredentialPlace> from{{CredentialPlace::Kind::authorization, ""},
                                    {CredentialPlace::Kind::subprotocol, ""}};
};

template <class Kind>
Key<Bearer<Kind>> from_key() {
  return {"from", [](Reading& reading, const Field& field, Bearer<Kind>& out) { read_from(reading, field, out.from); },
          [](const Bearer<Kind>& from) { return write_list<CredentialPlace>(from.from, write_place); }};
}

// The keys of a kind for the whole of it.
template <class Kind>
Keys<Bearer<Kind>> bearer_keys(const Keys<Kind>& keys) {
  Keys<Bearer<Kind>> all;
  for (const Key<Kind>& key : keys) {
    all.push_back(
        {key.name,
         [read = key.read](Reading& reading, const Field& field, Bearer<Kind>& out) { read(reading, field, out.kind); },
         [write = key.write](const Bearer<Kind>& from) { return write(from.kind); }, key.required, key.below});
  }
  all.push_back(from_key<Kind>());
  return all;
}

Keys<Requirement> requirement_keys() {
  const auto values = [](std::string_view name, bool prefix) {
    return Key<Requirement>{
        name,
        [prefix](Reading& reading, const Field& field, Requirement& out) {
          out.values = read_texts(reading, field, "a text such as admin");
          out.prefix = prefix;
        },
        [prefix](const Requirement& from) { return from.prefix == prefix ? write_texts(from.values) : Written(); }};
  };
  Key<Requirement> claim = text("claim", &Requirement::claim, "the name of a claim such as role");
  claim.required = "the name of a claim such as role";
  return {std::move(claim), values("is", false), values("begins_with", true)};
}

void check_requirement(Reading& reading, const Node& node, const Requirement& /*requirement*/) {
  if ((node.find("is") == nullptr) == (node.find("begins_with") == nullptr)) {
    reading.report.error(node.position, "say either `is` or `begins_with`: what the claim must hold");
  }
}

constexpr std::array algorithms{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
                                "ES256", "ES384", "ES512", "HS256", "HS384", "HS512"};

void read_algorithms(Reading& reading, const Field& field, JwtAuth& jwt) {
  jwt.algorithms = read_texts(reading, field, "an algorithm such as RS256");
  for (const std::string& name : jwt.algorithms) {
    if (std::find(algorithms.begin(), algorithms.end(), name) != algorithms.end()) continue;
    reading.report.error(field.value.position, fmt::format("`{}` is no algorithm to trust; there are {}",
                                                           printable(name), fmt::join(algorithms, ", ")));
  }
  const auto shared = [](const std::string& name) { return name.starts_with("HS"); };
  const bool some = std::any_of(jwt.algorithms.begin(), jwt.algorithms.end(), shared);
  if (some && !std::all_of(jwt.algorithms.begin(), jwt.algorithms.end(), shared)) {
    reading.report.error(field.value.position,
                         "HS algorithms take a shared secret, the others public keys; make two entries of it");
  }
}

// Stands where a secret is not told.
constexpr std::string_view hidden = "hidden";

struct KeySource {
  std::string_view name;
  JwtAuth::Keys kind;
};
constexpr std::array key_sources{
    KeySource{"jwks", JwtAuth::Keys::jwks_file}, KeySource{"jwks_inline", JwtAuth::Keys::jwks},
    KeySource{"pem", JwtAuth::Keys::pem_file}, KeySource{"secret", JwtAuth::Keys::secret_file}};

Key<JwtAuth> key_source(const KeySource& source) {
  return {source.name,
          [source](Reading& reading, const Field& field, JwtAuth& jwt) {
            jwt.kind = source.kind;
            if (source.kind == JwtAuth::Keys::jwks) {
              // Text over several lines is fine here.
              if (field.value.kind != Node::Kind::scalar || field.value.text.empty()) {
                return expected(reading, field, "a JSON Web Key Set as text, such as '{\"keys\": [ … ]}'");
              }
              jwt.keys = field.value.text;
            } else if (auto path = read_file_name(reading, field)) {
              jwt.keys = *std::move(path);
            }
          },
          [source](const JwtAuth& from) {
            if (from.kind != source.kind) return Written();
            // It may hold a shared secret.
            return source.kind == JwtAuth::Keys::jwks ? Written(hidden) : Written(from.keys);
          }};
}

Keys<JwtAuth> jwt_keys() {
  Keys<JwtAuth> keys;
  for (const KeySource& source : key_sources) keys.push_back(key_source(source));
  keys.push_back({"algorithms", read_algorithms, [](const JwtAuth& from) { return write_texts(from.algorithms); },
                  "which signatures are taken, such as [ RS256, ES256 ]"});
  keys.push_back(texts("issuer", &JwtAuth::issuers, "the token's `iss` such as https://login.example.org"));
  keys.push_back(texts("audience", &JwtAuth::audiences, "the token's `aud` such as drawbridge"));
  keys.push_back(value("leeway", &JwtAuth::leeway, duration()));
  keys.push_back(text("identity", &JwtAuth::identity, "the name of the claim that says who it is, such as sub"));
  keys.push_back(sections("require", &JwtAuth::require, requirement_keys(), check_requirement));
  return keys;
}

void check_jwt(Reading& reading, const Node& node, const JwtAuth& jwt) {
  if (node.find("audience") == nullptr) {
    reading.report.warning(node.position,
                           "without `audience` every token of these keys admits, also one that was made for another "
                           "service; name yours");
  }
  const auto given = std::count_if(key_sources.begin(), key_sources.end(),
                                   [&](const KeySource& source) { return node.find(source.name) != nullptr; });
  if (given != 1) {
    reading.report.error(node.position, "say where the keys are, by one of `jwks`, `jwks_inline`, `pem` and `secret`");
    return;
  }
  const bool shared = !jwt.algorithms.empty() && jwt.algorithms.front().starts_with("HS");
  if (jwt.algorithms.empty() || jwt.kind == JwtAuth::Keys::jwks_file || jwt.kind == JwtAuth::Keys::jwks) return;
  if (shared != (jwt.kind == JwtAuth::Keys::secret_file)) {
    reading.report.error(position_of(node, "algorithms"),
                         shared ? "HS algorithms need a shared `secret`, never a public key"
                                : "a `secret` is for HS256, HS384 and HS512; the others need public keys");
  }
}

void read_forward_url(Reading& reading, const Field& field, ForwardAuth& forward) {
  const auto text = read_text(reading, field, "a URL such as http://127.0.0.1:9091/verify");
  if (!text) return;
  std::string why;
  if (parse_forward_url(*text, why)) {
    forward.url = *text;
  } else {
    reading.report.error(field.value.position, "`url` " + why);
  }
}

// A query may hold a secret.
Written write_forward_url(const ForwardAuth& forward) {
  const std::size_t query = forward.url.find('?');
  return query == std::string::npos ? Written(forward.url) : Written(forward.url.substr(0, query + 1).append(hidden));
}

void read_request_headers(Reading& reading, const Field& field, ForwardAuth& forward) {
  forward.request_headers = read_texts(reading, field, "the name of a header such as cookie");
  for (std::string& name : forward.request_headers) {
    name = to_lower(name);
    if (may_be_passed_on(name)) continue;
    reading.report.error(
        field.value.position,
        fmt::format("`{}` is no header that may be passed on: the service gets those of the connection "
                    "and about the request from the bridge alone",
                    printable(name)));
  }
}

Keys<ForwardAuth> forward_keys() {
  return {
      {"url", read_forward_url, write_forward_url, "where to ask, such as http://127.0.0.1:9091/verify"},
      file("ca", &ForwardAuth::ca),
      // Also an empty list: it is not the default.
      {"request_headers", read_request_headers,
       [](const ForwardAuth& from) {
         const Written headers = write_texts(from.request_headers);
         return headers.is_null() ? Written(boost::json::array()) : headers;
       }},
      {"identity",
       [](Reading& reading, const Field& field, ForwardAuth& out) {
         constexpr std::string_view what = "the name of the answer's header that says who it is, such as Remote-User";
         const auto name = read_text(reading, field, what);
         if (name && !is_token(*name)) return expected(reading, field, what);
         if (name) out.identity = to_lower(*name);
       },
       [](const ForwardAuth& from) { return write_text(from.identity.value_or("")); }},
      value("timeout", &ForwardAuth::timeout, duration()),
      value("concurrency", &ForwardAuth::concurrency, count(10'000)),
      value_or("none", "cache", &ForwardAuth::cache, duration()),
  };
}

Keys<TokensAuth> tokens_keys() {
  return {
      file("file", &TokensAuth::file, "the file of hashed tokens"),
      {"backends",
       [](Reading& reading, const Field& field, TokensAuth& out) {
         const auto* const items = read_list(reading, field, "a list such as [ tcp://10.0.0.5:5900 ]");
         if (items == nullptr) return;
         for (const NodePtr& item : *items) {
           if (auto target = read_value(reading, {field.key, *item, true}, tcp_backend())) {
             out.backends.push_back(*std::move(target));
           }
         }
       },
       [](const TokensAuth& from) -> Written {
         if (from.backends.empty()) return nullptr;
         return write_list<Backend>(from.backends, tcp_backend().write);
       }},
  };
}

Keys<BasicAuth> basic_keys() {
  return {file("file", &BasicAuth::file, "the htpasswd file")};
}

Keys<ClientCertificateAuth> client_certificate_keys() {
  return {texts("subjects", &ClientCertificateAuth::subjects, "a common name such as *.clients.example.org"),
          texts("names", &ClientCertificateAuth::names, "a name with its kind such as email:*@example.org")};
}

// A kind of credential, and how its mapping becomes an Auth.
template <class Kind>
Key<Auth> kind(std::string_view name, const Keys<Kind>& keys, Check<std::type_identity_t<Kind>> check = nullptr) {
  return {name,
          [keys, check](Reading& reading, const Field& field, Auth& out) {
            Kind settings;
            if (read_mapping(reading, field, keys, settings) && check != nullptr) check(reading, field.value, settings);
            out.how = std::move(settings);
          },
          [keys](const Auth& from) {
            const Kind* const settings = std::get_if<Kind>(&from.how);
            return settings != nullptr ? Written(write_mapping(keys, *settings)) : Written();
          },
          {},
          names(keys, ".")};
}

template <class Kind>
Key<Auth> bearer(std::string_view name, const Keys<Kind>& keys, Check<std::type_identity_t<Kind>> check = nullptr) {
  const Keys<Bearer<Kind>> all = bearer_keys(keys);
  return {name,
          [all, check](Reading& reading, const Field& field, Auth& out) {
            Bearer<Kind> settings;
            if (read_mapping(reading, field, all, settings) && check != nullptr) {
              check(reading, field.value, settings.kind);
            }
            out.how = std::move(settings.kind);
            out.from = std::move(settings.from);
          },
          [all](const Auth& from) {
            const Kind* const settings = std::get_if<Kind>(&from.how);
            if (settings == nullptr) return Written();
            return Written(write_mapping(all, Bearer<Kind>{*settings, from.from}));
          },
          {},
          names(all, ".")};
}

}  // namespace

Keys<Auth> auth_keys() {
  return {
      bearer<JwtAuth>("jwt", jwt_keys(), check_jwt),
      kind<BasicAuth>("basic", basic_keys()),
      kind<ClientCertificateAuth>("client_certificate", client_certificate_keys()),
      kind<ForwardAuth>("forward", forward_keys()),
      bearer<TokensAuth>("tokens", tokens_keys()),
  };
}

void check_auth(Reading& reading, const Node& node, const Auth& /*auth*/) {
  if (node.entries.size() == 1) return;
  reading.report.error(node.position,
                       "each entry of `auth` is one of `jwt`, `basic`, `client_certificate`, `forward` and `tokens`");
}

}  // namespace drawbridge::config
