#pragma once

#include "base/log_record.hpp"
#include "client/network.hpp"
#include "ws/decoder.hpp"
#include "ws/origin.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace drawbridge::config {

// Plain data with the defaults of the reference; the loader fills it, everything else only reads it.
//
// A rule whose `enforce…` is false is only tried: what it would have refused or ended is logged and counted, and goes
// on as if the rule were not there.

using Milliseconds = std::chrono::milliseconds;

// Where a value stands, for messages. Lines and columns count from 1; 0 is "nowhere" (a default).
struct Position {
  std::string file;
  int line = 0;
  int column = 0;
};

// Events or bytes a second; absent where the configuration says `none`.
using Rate = std::optional<double>;

struct Certificate {
  std::string chain;  // an absolute path, or credential:NAME
  std::string key;
  Position position;
};

enum class TlsVersion : std::uint8_t { tls1_2, tls1_3 };

// Whom a listener asks for a certificate of his own.
struct ClientCertificates {
  std::string ca;         // PEM bundle of those who may issue them: an absolute path, or credential:NAME
  std::string crl;        // PEM, one or several; empty: none is looked at
  bool required = false;  // otherwise whoever has none may come in all the same
  Position position;
};

struct Tls {
  std::vector<Certificate> certificates;  // at least one
  TlsVersion min_version = TlsVersion::tls1_2;
  std::optional<ClientCertificates> client_certificates;
};

struct Bind {
  enum class Kind : std::uint8_t { tcp, unix_socket, systemd };
  Kind kind = Kind::tcp;
  std::string host;        // tcp: a numeric IPv4 or IPv6 address without brackets; "*" is dual stack
  std::uint16_t port = 0;  // tcp; 0 takes a free one
  std::string path;        // unix: absolute
  unsigned mode = 0660;    // unix: permission bits of the socket file
  std::string name;        // systemd: the FileDescriptorName of the inherited socket

  std::string text() const;  // as the configuration writes it
  bool loopback() const;     // 127.0.0.0/8 or ::1
};

// Which addresses may come. A denied one may not; where some are allowed, the others may not either.
struct Access {
  std::vector<client::Network> allow;
  std::vector<client::Network> deny;
  bool enforce_allow = true;
  bool enforce_deny = true;
  Position allow_position;
  Position deny_position;
};

// Proxies whose word about the client is taken.
struct TrustedProxies {
  enum class Header : std::uint8_t { x_forwarded_for, forwarded };
  client::Peers from;
  Header header = Header::x_forwarded_for;  // the one that they set; another may be the client's own
  Position position;
};

// Files that answer plain requests, beside the sockets.
struct Web {
  std::string directory{};  // absolute
  // A page may load what is beside it, and open sockets to where it came from.
  std::string content_security_policy =
      "default-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'; object-src 'none'";
  std::optional<Milliseconds> cache{};  // how long a browser may keep a file without asking
  Position position{};
};

struct Listener {
  Bind bind;
  std::optional<Tls> tls;
  bool plaintext = false;
  std::optional<client::Peers> proxy_protocol;  // who begins each connection with a PROXY header; nobody else may come
  std::optional<TrustedProxies> trusted_proxies;
  std::optional<Web> web;  // at every path that no route's files are at
  Access access;
  Position position;
};

// Where operators talk to the running daemon.
struct AdminListener {
  Bind bind;
  std::string token;               // a file: an absolute path, or credential:NAME; empty only for a Unix socket
  std::vector<std::string> hosts;  // that a Host field may name beside the address itself; as sent, in lower case
  bool plaintext = false;
  Position position;
};

struct Backend {
  enum class Kind : std::uint8_t { tcp, echo, none };
  std::string host{};      // tcp: a name or a numeric address without brackets
  std::uint16_t port = 0;  // tcp
  Kind kind = Kind::tcp;   // echo: there is no service, messages go back; none: the route only has files

  std::string text() const;  // as the configuration writes it
  bool operator==(const Backend&) const = default;
};

// "tcp://host:port"; empty if it is wrong.
std::optional<Backend> parse_tcp_backend(std::string_view text);

enum class MessageType : std::uint8_t { binary, text };
enum class Rejection : std::uint8_t { http, close, close_any };

struct RouteLimits {
  std::uint64_t frame = 16ULL << 20;           // bytes of one frame's payload
  std::uint64_t message = 64ULL << 20;         // bytes of one message, all its fragments together
  std::optional<std::uint64_t> session_bytes;  // payload bytes, both ways together
  Rate upstream_rate;                          // payload bytes a second, browser to backend
  Rate downstream_rate;
  Rate messages_per_second;               // from the browser
  std::optional<std::uint64_t> sessions;  // at once on this route
  bool enforce_session_bytes = true;
  bool enforce_sessions = true;

  bool operator==(const RouteLimits&) const = default;
};

struct RouteTimeouts {
  Milliseconds connect{5'000};
  std::optional<Milliseconds> idle;
  std::optional<Milliseconds> lifetime;
  std::optional<Milliseconds> ping = Milliseconds{20'000};
  std::optional<Milliseconds> dead = Milliseconds{60'000};
  std::optional<Milliseconds> stall = Milliseconds{60'000};
  Milliseconds close{5'000};
  bool enforce_idle = true;
  bool enforce_lifetime = true;

  bool operator==(const RouteTimeouts&) const = default;
};

// Of each identity on a route: all of its sessions there together.
struct Quotas {
  bool enforce = true;                           // false: what would be refused is only told, and nobody is slowed
  std::optional<std::uint64_t> sessions{};       // at once
  Rate rate{};                                   // payload bytes a second, both ways together
  std::optional<std::uint64_t> bytes_per_day{};  // payload bytes, both ways together; days are those of UTC

  bool any() const { return sessions || rate || bytes_per_day; }
  bool operator==(const Quotas&) const = default;
};

// Where in a request a credential is looked for.
struct CredentialPlace {
  enum class Kind : std::uint8_t { authorization, cookie, query, subprotocol };
  Kind kind = Kind::authorization;
  std::string name;  // of the cookie or the query's parameter

  bool operator==(const CredentialPlace&) const = default;
};

// What a claim of a token must say.
struct Requirement {
  std::string claim;
  // Text, number, true or false as the token's JSON spells it; a claim that is a list passes if one of its items does.
  std::vector<std::string> values;
  bool prefix = false;  // values are beginnings of what is asked for
  Position position;
};

struct JwtAuth {
  enum class Keys : std::uint8_t { jwks_file, jwks, pem_file, secret_file };
  Keys kind = Keys::jwks_file;
  std::string keys;                     // an absolute path or credential:NAME; jwks: the set itself, as JSON
  std::vector<std::string> algorithms;  // such as RS256; not empty
  std::vector<std::string> issuers;     // one of them must be the token's; empty: any
  std::vector<std::string> audiences;   // likewise
  Milliseconds leeway{30'000};
  std::vector<Requirement> require;
  std::string identity = "sub";  // the claim that says who it is
};

struct BasicAuth {
  std::string file;  // htpasswd
};

struct ClientCertificateAuth {
  std::vector<std::string> subjects;  // of the subject's common name; * stands for any run of characters; empty: any
  std::vector<std::string> names;     // of the subject alternative names, likewise
};

struct ForwardAuth {
  std::string url;  // as parse_forward_url takes it
  std::string ca;   // PEM bundle for https: an absolute path, or credential:NAME; empty: the system's
  // Passed on beside Origin; lower case (config/forward_url.hpp says which may be).
  std::vector<std::string> request_headers{"authorization", "cookie"};
  // The response's header that says who it is, lower case: an admission must have it. Absent: whatever Remote-User
  // says, or "forward".
  std::optional<std::string> identity;
  Milliseconds timeout{5'000};
  std::uint64_t concurrency = 64;       // sub-requests at once; more are turned away
  std::optional<Milliseconds> cache{};  // how long an admission holds for the same question
};

struct TokensAuth {
  std::string file;
  std::vector<Backend> backends;  // what a token may name as its target, besides the route's own
};

// One way to get in.
struct Auth {
  std::variant<JwtAuth, BasicAuth, ClientCertificateAuth, ForwardAuth, TokensAuth> how;
  std::vector<CredentialPlace> from;  // jwt and tokens
  Position position;
};

struct Route {
  std::string name;
  std::optional<std::string> host;  // lower case, without port and trailing dot
  std::string path;  // canonical (ws/target); a prefix route keeps its slash and drops the star: "/desk/"
  bool prefix = false;
  std::vector<ws::OriginPattern> origins;  // empty only where there is no backend
  Backend backend{.kind = Backend::Kind::none};
  std::optional<Web> web;  // below the path
  bool allow_missing_origin = false;
  std::optional<std::vector<std::string>> subprotocols;  // absent: the first offered one is answered
  ws::Accepts accepts = ws::Accepts::any;
  MessageType message_type = MessageType::binary;
  Rejection rejection = Rejection::http;
  RouteLimits limits;
  RouteTimeouts timeouts;
  Quotas quotas;
  Access access;
  std::vector<Auth> auth;      // one of them must admit; empty: nothing is asked
  bool trace_payload = false;  // operators may see what sessions carry
  bool enforce_origins = true;
  bool enforce_auth = true;  // false: good credentials still name who it is
  Position origins_position;
  Position subprotocols_position;
  Position position;

  bool has_sessions() const { return backend.kind != Backend::Kind::none; }
};

// Where the files of its `web` are, with a slash at the end: "/desk/" for both /desk and /desk/*.
std::string folder_of(const Route& route);

enum class LogClient : std::uint8_t { full, prefix, none };

struct Log {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::json;
  LogClient client = LogClient::full;

  bool operator==(const Log&) const = default;
};

struct Limits {
  std::optional<std::uint64_t> sessions;  // absent: auto, (descriptor limit - 64) / 2
  std::uint64_t pending = 2'000;          // connections before 101
  std::uint64_t sessions_per_client = 512;
  double handshakes_per_client = 50;  // a second
  std::uint64_t handshake_burst = 400;
  std::uint64_t head = 16ULL << 10;      // bytes of a request head
  std::uint64_t buffers = 256ULL << 20;  // bytes that all sessions together may hold for peers that do not read
  std::uint64_t identities = 65'536;     // whose quotas are counted, by route
  bool enforce_sessions_per_client = true;
  bool enforce_handshakes_per_client = true;

  bool operator==(const Limits&) const = default;
};

// 127.0.0.0/8 and ::1.
std::vector<client::Network> loopback_networks();

// What failures cost a client. Each adds its penalty to the client's account, which runs down as time passes. At
// `minimum` the client is shut out until the account is empty.
//
// So a kind of failure is forgiven for ever at one per penalty: a page that retries once a second with an old password
// shuts nobody out who shares its address. Without a penalty are those that any web page can make its visitors'
// browsers commit here, or it could shut them out.
struct Penalties {
  using Penalty = std::optional<Milliseconds>;

  bool enforce = true;               // false: who would be shut out is only told
  Penalty credential{1'000};         // a wrong one
  Penalty protocol{1'000};           // frames that break RFC 6455, in a session
  Penalty timeout{250};              // no TLS or no request in time; slow networks commit it too
  Penalty tls;                       // TLS failed; a certificate that the browser does not trust is enough
  Penalty origin;                    // that may not enter
  Penalty request;                   // malformed, or for what is not there
  Milliseconds minimum{30'000};      // from which a client is shut out
  Milliseconds maximum{5 * 60'000};  // that an account can hold
  std::uint64_t clients = 65'536;    // most accounts
  std::vector<client::Network> exempt = loopback_networks();  // whoever comes from here may be many: a proxy

  bool operator==(const Penalties&) const = default;
};

struct Timeouts {
  Milliseconds tls{10'000};
  Milliseconds head{10'000};
  Milliseconds drain{30'000};

  bool operator==(const Timeouts&) const = default;
};

struct Config {
  std::vector<Listener> listeners;
  std::vector<AdminListener> admin;
  std::vector<Route> routes;
  std::optional<unsigned> workers;  // absent: auto, one a core
  Log log;
  Limits limits;
  Penalties penalties;
  Timeouts timeouts;
  std::string state;        // a directory for what outlives a restart: an absolute path; empty: systemd's, if any
  std::string revocations;  // a file: an absolute path, or credential:NAME; empty: none
  Position revocations_position;
  Position sessions_position;  // of limits.sessions, if it is a number
};

}  // namespace drawbridge::config
