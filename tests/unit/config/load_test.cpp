#include "unit/config/memory_files.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

using namespace drawbridge;
using namespace drawbridge::config;

namespace {

Config right(std::string_view text) {
  Loaded loaded = load_text(text);
  BOOST_REQUIRE_MESSAGE(loaded.valid(), told(loaded));
  return loaded.config;
}

// A configuration whose one route has these keys as well.
Route route_with(std::string_view keys) {
  return right(std::string(smallest) + std::string(keys)).routes.at(0);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(load_configuration)

BOOST_AUTO_TEST_CASE(a_route_may_echo) {
  std::string text(smallest);
  const std::string backend = "tcp://127.0.0.1:5900";
  text.replace(text.find(backend), backend.size(), "\"echo:\"");
  const Config config = right(text);
  BOOST_REQUIRE(config.routes.size() == 1U);
  BOOST_TEST((config.routes[0].backend.kind == Backend::Kind::echo));
}

BOOST_AUTO_TEST_CASE(the_smallest_file_has_all_defaults) {
  const Config config = right(smallest);
  BOOST_REQUIRE(config.listeners.size() == 1U);
  const Listener& listener = config.listeners[0];
  BOOST_TEST(listener.bind.text() == "0.0.0.0:8443");
  BOOST_TEST(listener.position.line == 2);
  BOOST_TEST(listener.position.column == 5);
  BOOST_TEST(!listener.plaintext);
  BOOST_REQUIRE(listener.tls);
  BOOST_TEST((listener.tls->min_version == TlsVersion::tls1_2));
  BOOST_REQUIRE(listener.tls->certificates.size() == 1U);
  BOOST_TEST(listener.tls->certificates[0].chain == "/etc/fullchain.pem");
  BOOST_TEST(listener.tls->certificates[0].key == "/etc/privkey.pem");
  BOOST_TEST(listener.tls->certificates[0].position.line == 3);
  BOOST_TEST(listener.tls->certificates[0].position.column == 28);

  BOOST_REQUIRE(config.routes.size() == 1U);
  const Route& route = config.routes[0];
  BOOST_TEST(route.name == "desk");
  BOOST_TEST(!route.host);
  BOOST_TEST(route.path == "/desk");
  BOOST_TEST(!route.prefix);
  BOOST_REQUIRE(route.origins.size() == 1U);
  BOOST_TEST(route.origins[0].text() == "https://app.example.org");
  BOOST_TEST(route.backend.host == "127.0.0.1");
  BOOST_TEST(route.backend.port == 5900);
  BOOST_TEST(!route.allow_missing_origin);
  BOOST_TEST(!route.subprotocols);
  BOOST_TEST((route.accepts == ws::Accepts::any));
  BOOST_TEST((route.message_type == MessageType::binary));
  BOOST_TEST((route.rejection == Rejection::http));
  BOOST_TEST((route.limits == RouteLimits{}));
  BOOST_TEST((route.timeouts == RouteTimeouts{}));
  BOOST_TEST(route.position.line == 5);

  BOOST_TEST(!config.workers);
  BOOST_TEST((config.log == Log{}));
  BOOST_TEST((config.limits == Limits{}));
  BOOST_TEST((config.timeouts == Timeouts{}));
}

BOOST_AUTO_TEST_CASE(the_file_that_an_empty_one_is_advised_to_be_is_right) {
  const Loaded empty = load_text("");
  BOOST_REQUIRE(empty.diagnostics.size() == 1U);
  const std::string& advice = empty.diagnostics[0].message;
  BOOST_TEST(advice.starts_with("the file is empty; the smallest configuration is {"));
  const Config config = right(advice.substr(advice.find('{')));
  BOOST_TEST(config.listeners.at(0).bind.loopback());
  BOOST_TEST(config.routes.at(0).name == "desk");
}

BOOST_AUTO_TEST_CASE(that_operators_can_read_what_crosses_is_said) {
  const Loaded loaded = load_text(std::string(smallest) + "    trace_payload: true\n");
  BOOST_TEST(loaded.valid());
  BOOST_TEST(
      told(loaded).ends_with("warning: `trace_payload` is on: operators can read what people send and receive on "
                             "this route\n"),
      told(loaded));
  BOOST_TEST(told(load_text(std::string(smallest) + "    trace_payload: false\n")).empty());
}

BOOST_AUTO_TEST_CASE(every_key_is_read) {
  const Route route = route_with(R"(
    host: App.Example.ORG.
    allow_missing_origin: true
    subprotocols: [ mqtt, "v1.stomp" ]
    accepts: text
    message_type: text
    rejection: close-any
    trace_payload: true
    limits:
      frame: 1KiB
      message: 2KiB
      session_bytes: 3GiB
      upstream_rate: 4KiB/s
      downstream_rate: 5MiB/s
      messages_per_second: 0.5/s
      sessions: 6
    timeouts: { connect: 1ms, idle: 2s, lifetime: 3h, ping: 4m, dead: 5m, stall: 6s, close: 7s }
)");
  BOOST_TEST(route.host.value() == "app.example.org");
  BOOST_TEST(route.allow_missing_origin);
  BOOST_TEST((route.subprotocols == std::vector<std::string>{"mqtt", "v1.stomp"}));
  BOOST_TEST((route.accepts == ws::Accepts::text));
  BOOST_TEST((route.message_type == MessageType::text));
  BOOST_TEST((route.rejection == Rejection::close_any));
  BOOST_TEST(route.trace_payload);
  const RouteLimits limits{.frame = 1024,
                           .message = 2048,
                           .session_bytes = 3ULL << 30,
                           .upstream_rate = 4096.0,
                           .downstream_rate = 5.0 * (1 << 20),
                           .messages_per_second = 0.5,
                           .sessions = 6};
  BOOST_TEST((route.limits == limits));
  using namespace std::chrono_literals;
  const RouteTimeouts timeouts{
      .connect = 1ms, .idle = 2s, .lifetime = 3h, .ping = 4min, .dead = 5min, .stall = 6s, .close = 7s};
  BOOST_TEST((route.timeouts == timeouts));
  const Route with_quotas = route_with(
      "    auth: [ { basic: { file: users } } ]\n"
      "    quotas: { enforce: false, sessions: 2, rate: 1MiB/s, bytes_per_day: 10GiB }\n");
  BOOST_TEST(
      (with_quotas.quotas == Quotas{.enforce = false, .sessions = 2, .rate = 1048576.0, .bytes_per_day = 10ULL << 30}));
  BOOST_TEST(with_quotas.quotas.any());

  const Config config = right(std::string(smallest) + R"(
workers: 3
log: { level: debug, format: text, client: prefix }
limits: { sessions: 10, pending: 20, sessions_per_client: 30, handshakes_per_client: 1/s, handshake_burst: 2,
          head: 4KiB, buffers: 1MiB, identities: 7 }
penalties: { enforce: false, credential: 1s, protocol: 2s, timeout: 3s, tls: 4s, origin: 5s, request: 6s, minimum: 7s,
             maximum: 8s, clients: 9, exempt: [ 10.0.0.0/8, "2001:db8::1" ] }
timeouts: { tls: 1s, head: 2s, drain: 3s }
state: kept/here
)");
  BOOST_TEST(config.state.starts_with('/'));
  BOOST_TEST(config.state.ends_with("/kept/here"));
  BOOST_TEST(config.workers.value() == 3U);
  BOOST_TEST((config.log == Log{LogLevel::debug, LogFormat::text, LogClient::prefix}));
  BOOST_TEST((config.limits == Limits{10, 20, 30, 1.0, 2, 4096, 1 << 20, 7}));
  const std::vector exempt{*client::parse_network("10.0.0.0/8"), *client::parse_network("2001:db8::1")};
  BOOST_TEST((config.penalties == Penalties{false, 1s, 2s, 3s, 4s, 5s, 6s, 7s, 8s, 9, exempt}));
  BOOST_TEST((config.timeouts == Timeouts{1s, 2s, 3s}));
  BOOST_TEST(config.sessions_position.line == 12);
  BOOST_TEST(config.sessions_position.column == 21);
}

BOOST_AUTO_TEST_CASE(none_and_auto_take_a_value_away) {
  const Route route = route_with(R"(
    limits: { session_bytes: none, upstream_rate: none, downstream_rate: none, messages_per_second: none, sessions: none }
    timeouts: { idle: none, lifetime: none, ping: none, dead: none, stall: none }
    auth: [ { basic: { file: users } } ]
    quotas: { sessions: none, rate: none, bytes_per_day: none }
)");
  BOOST_TEST((route.quotas == Quotas{}));
  BOOST_TEST(!route.quotas.any());
  BOOST_TEST((route.limits == RouteLimits{}));
  BOOST_TEST((!route.timeouts.ping && !route.timeouts.dead && !route.timeouts.stall && !route.timeouts.idle));
  const Config config = right(std::string(smallest) + "workers: auto\nlimits: { sessions: auto }\n");
  BOOST_TEST((!config.workers && !config.limits.sessions));
  const Penalties penalties =
      right(std::string(smallest) + "penalties: { credential: none, protocol: none, timeout: none, exempt: [] }\n")
          .penalties;
  BOOST_TEST((!penalties.credential && !penalties.protocol && !penalties.timeout));
  BOOST_TEST(penalties.exempt.empty());
}

BOOST_AUTO_TEST_CASE(a_trailing_star_makes_a_prefix) {
  struct Case {
    std::string_view written;
    std::string_view path;
    bool prefix;
  };
  for (const auto& [written, path, prefix] :
       {Case{"/desk/*", "/desk/", true}, Case{"/*", "/", true}, Case{"/desk/", "/desk/", false}, Case{"/", "/", false},
        Case{"/a%c3%a9", "/a%C3%A9", false}}) {
    std::string text(smallest);
    text.replace(text.find("/desk"), 5, written);
    const Route route = right(text).routes.at(0);
    BOOST_TEST(route.path == path);
    BOOST_TEST(route.prefix == prefix, written);
  }
}

BOOST_AUTO_TEST_CASE(same_paths_differ_by_host_or_star) {
  const auto route = [](std::string_view name, std::string_view where) {
    return fmt::format("  - {{ name: {}, {}, origins: [ '*' ], backend: 'tcp://a:1' }}\n", name, where);
  };
  right(std::string(smallest) + route("a", "path: /desk, host: a.example") +
        route("b", "path: /desk, host: b.example") + route("c", "path: /desk/*") + route("d", "path: /desk/"));
}

BOOST_AUTO_TEST_CASE(unencrypted_listeners_are_loopback_or_unix_or_say_so) {
  const Config config = right(std::string("listeners:\n") +
                              "  - bind: 127.0.0.1:1\n"
                              "  - bind: '[::1]:1'\n"
                              "  - bind: unix:run/b.sock\n"
                              "    mode: '0600'\n"
                              "  - bind: '*:2'\n"
                              "    plaintext: true\n"
                              "  - bind: systemd:bridge\n"
                              "    plaintext: true\n" +
                              std::string(smallest.substr(smallest.find("routes:"))));
  BOOST_REQUIRE(config.listeners.size() == 5U);
  BOOST_TEST(config.listeners[2].bind.path == "/etc/run/b.sock");
  BOOST_TEST(config.listeners[2].bind.mode == 0600U);
  BOOST_TEST(config.listeners[3].plaintext);
}

BOOST_AUTO_TEST_CASE(credentials_keep_their_names) {
  std::string text(smallest);
  text.replace(text.find("fullchain.pem"), 13, "credential:chain");
  text.replace(text.find("privkey.pem"), 11, "/key.pem");
  const Certificate certificate = right(text).listeners.at(0).tls.value().certificates.at(0);
  BOOST_TEST(certificate.chain == "credential:chain");
  BOOST_TEST(certificate.key == "/key.pem");
}

BOOST_AUTO_TEST_CASE(nobody_is_asked_for_a_certificate_unless_it_says_so) {
  std::string text(smallest);
  BOOST_TEST(!right(text).listeners.at(0).tls.value().client_certificates);
  text.replace(text.find("certificates:"), 0, "client_certificates: { ca: ca.pem }, ");
  ClientCertificates asked = right(text).listeners.at(0).tls.value().client_certificates.value();
  BOOST_TEST(asked.ca == "/etc/ca.pem");
  BOOST_TEST(asked.crl == "");
  BOOST_TEST(!asked.required);
  BOOST_TEST(asked.position.line == 3);
  text.replace(text.find("ca.pem"), 6, "credential:ca, crl: lists/clients.crl, required: true");
  asked = right(text).listeners.at(0).tls.value().client_certificates.value();
  BOOST_TEST(asked.ca == "credential:ca");
  BOOST_TEST(asked.crl == "/etc/lists/clients.crl");
  BOOST_TEST(asked.required);
}

BOOST_AUTO_TEST_CASE(an_alias_repeats_a_value) {
  const Config config = right(R"(
listeners: [ { bind: 127.0.0.1:1 } ]
routes:
  - { name: a, path: /a, origins: &ours [ "https://a.example" ], backend: "tcp://a:1", limits: &small { frame: 1KiB } }
  - { name: b, path: /b, origins: *ours, backend: "tcp://b:1", limits: *small }
)");
  BOOST_TEST((config.routes.at(1).origins == config.routes.at(0).origins));
  BOOST_TEST(config.routes.at(1).limits.frame == 1024U);
}

BOOST_AUTO_TEST_CASE(sections_may_be_left_empty) {
  const Config config = right(std::string(smallest) + "    limits:\n    timeouts: {}\nlog:\ninclude:\n");
  BOOST_TEST((config.routes.at(0).limits == RouteLimits{}));
  BOOST_TEST((config.log == Log{}));
}

BOOST_AUTO_TEST_CASE(diagnostics_are_written_as_compilers_do) {
  BOOST_TEST((Diagnostic{Diagnostic::Severity::error, {"a.yaml", 3, 5}, "no"}.text()) == "a.yaml:3:5: no");
  BOOST_TEST((Diagnostic{Diagnostic::Severity::warning, {"a.yaml", 3, 5}, "hm"}.text()) == "a.yaml:3:5: warning: hm");
  BOOST_TEST((Diagnostic{Diagnostic::Severity::error, {"a.yaml", 0, 0}, "no"}.text()) == "a.yaml: no");
}

BOOST_AUTO_TEST_SUITE_END()
