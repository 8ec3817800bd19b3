#include "unit/config/memory_files.hpp"

#include <chrono>

#include <boost/test/unit_test.hpp>

using namespace drawbridge::config;

namespace {

struct Mistake {
  std::string_view text;  // of the file, or what is added to a right one
  std::string_view told;
};

constexpr std::string_view right_listeners = "listeners: [ { bind: 127.0.0.1:1 } ]\n";
constexpr std::string_view right_routes = "routes: [ { name: n, path: /p, origins: [ '*' ], backend: 'tcp://b:1' } ]\n";

void tells(std::string_view before, std::initializer_list<Mistake> mistakes) {
  for (const auto& [text, expected] : mistakes) {
    const Loaded loaded = load_text(std::string(before) + std::string(text));
    BOOST_TEST(told(loaded) == expected, "\n" << text << "gave\n" << told(loaded));
    BOOST_TEST(!loaded.valid());
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mistakes)

BOOST_AUTO_TEST_CASE(in_the_whole_file) {
  tells("", {
                {"5\n", "1:1: the file must be a mapping with keys such as `listeners` and `routes`\n"},
                {"- a\n", "1:1: the file must be a mapping with keys such as `listeners` and `routes`\n"},
                {"log: {}\n",
                 "1:1: no listeners: add at least one with bind: 127.0.0.1:8080\n"
                 "1:1: no routes: add at least one with name, path, origins and backend\n"},
                {"routes: []\nlisteners:\n",
                 "1:9: no routes: add at least one with name, path, origins and backend\n"
                 "2:1: no listeners: add at least one with bind: 127.0.0.1:8080\n"},
                {"listeners: 5\nroutes: { a: 1 }\n",
                 "1:12: `listeners` must be a list of mappings, not `5`\n"
                 "2:9: `routes` must be a list of mappings, not a mapping\n"},
                {"listeners: [ 5 ]\nroutes: [ [] ]\n",
                 "1:14: an item of `listeners` must be a mapping of keys to values, not `5`\n"
                 "2:11: an item of `routes` must be a mapping of keys to values, not a list\n"},
            });
}

BOOST_AUTO_TEST_CASE(in_global_keys) {
  tells(
      std::string(right_listeners) + std::string(right_routes),
      {
          {"wrokers: 4\n", "3:1: unknown key `wrokers`; did you mean `workers`?\n"},
          {"metrics: {}\n",
           "3:1: unknown key `metrics`; known here: include, listeners, admin, routes, workers, log, limits, "
           "penalties, "
           "timeouts, state, revocations\n"},
          {"state: ''\n", "3:8: `state` must be the path of a directory such as /var/lib/drawbridge, not ``\n"},
          {"Log: {}\n", "3:1: unknown key `Log`; did you mean `log`?\n"},
          {"'\\e[2J\u00e4': 1\n",
           "3:1: unknown key `\\x5Ce[2J\\xC3\\xA4`; known here: include, listeners, admin, routes, workers, log, "
           "limits, "
           "penalties, timeouts, state, revocations\n"},
          {"penalties: { maximum: 5s, credential: soon, exempt: [ 10.0.0.1/8 ], crash: 1s }\n",
           "3:23: `maximum` (5s) must be at least `minimum` (30s), or nobody is shut out\n"
           "3:39: `credential` must be a duration above 0 such as 250ms, 5s or 10m or none, not `soon`\n"
           "3:55: an item of `exempt` must be a network or an address such as 192.0.2.0/24, not `10.0.0.1/8`\n"
           "3:69: unknown key `crash`; known here: enforce, credential, protocol, timeout, tls, origin, request, "
           "minimum, maximum, clients, exempt\n"},
          {"penalties: { minimum: 10m }\n",
           "3:23: `maximum` (5m) must be at least `minimum` (10m), or nobody is shut out\n"},
          {"penalties: { minimum: none, maximum: 1s, exempt: 5, clients: 0 }\n",
           "3:23: `minimum` must be a duration above 0 such as 250ms, 5s or 10m, not `none`\n"
           "3:50: `exempt` must be a list of networks such as [ 192.0.2.0/24, \"2001:db8::/32\" ], not `5`\n"
           "3:62: `clients` must be a whole number from 1 to 10000000, not `0`\n"},
          {"log: {}\nlog: {}\n", "4:1: repeated key `log`; first given on line 3\n"},
          {"workers: 0\n", "3:10: `workers` must be a whole number from 1 to 1024 or auto, not `0`\n"},
          {"workers: 2.5\n", "3:10: `workers` must be a whole number from 1 to 1024 or auto, not `2.5`\n"},
          {"workers: none\n", "3:10: `workers` must be a whole number from 1 to 1024 or auto, not `none`\n"},
          {"workers: [ 2 ]\n", "3:10: `workers` must be a whole number from 1 to 1024 or auto, not a list\n"},
          {"workers:\n", "3:1: `workers` must be a whole number from 1 to 1024 or auto, not nothing\n"},
          {"log: { level: loud }\n", "3:15: `level` must be debug, info, warning or error, not `loud`\n"},
          {"log: { format: xml }\n", "3:16: `format` must be json or text, not `xml`\n"},
          {"log: { client: half }\n", "3:16: `client` must be full, prefix or none, not `half`\n"},
          {"log: json\n", "3:6: `log` must be a mapping of keys to values, not `json`\n"},
          {"limits: { sessions: 0 }\n",
           "3:21: `sessions` must be a whole number from 1 to 1000000000 or auto, not `0`\n"},
          {"limits: { pending: none }\n", "3:20: `pending` must be a whole number from 1 to 1000000000, not `none`\n"},
          {"limits: { handshakes_per_client: 50 }\n",
           "3:34: `handshakes_per_client` must be a rate such as 10/s, not `50`\n"},
          {"limits: { head: 16KB }\n", "3:17: `head` must be a size from 256 to 1MiB such as 16KiB, not `16KB`\n"},
          {"limits: { head: 255 }\n", "3:17: `head` must be a size from 256 to 1MiB such as 16KiB, not `255`\n"},
          {"limits: { head: 2MiB }\n", "3:17: `head` must be a size from 256 to 1MiB such as 16KiB, not `2MiB`\n"},
          {"limits: { buffers: 0 }\n", "3:20: `buffers` must be a size above 0 such as 64KiB, not `0`\n"},
          {"timeouts: { drain: 30 }\n",
           "3:20: `drain` must be a duration above 0 such as 250ms, 5s or 10m, not `30`\n"},
          {"timeouts: { tls: none }\n",
           "3:18: `tls` must be a duration above 0 such as 250ms, 5s or 10m, not `none`\n"},
          {"timeouts: { idle: 5s }\n", "3:13: unknown key `idle`; known here: tls, head, drain\n"},
      });
}

BOOST_AUTO_TEST_CASE(in_a_listener) {
  tells(std::string(right_routes) + "listeners:\n  - ",
        {
            {"tls: {}\n",
             "3:5: missing key `bind`: where to listen, such as 0.0.0.0:8443\n"
             "3:10: missing key `certificates`: at least one { chain: fullchain.pem, key: privkey.pem }\n"},
            {"bind: 0.0.0.0:8443\n",
             "3:11: `0.0.0.0:8443` would be reachable without encryption; add `tls`, or say `plaintext: true`\n"},
            {"bind: 0.0.0.0:8443\n    plaintext: false\n",
             "3:11: `0.0.0.0:8443` would be reachable without encryption; add `tls`, or say `plaintext: true`\n"},
            {"bind: 0.0.0.0:8443\n    plaintext: yes\n",
             "4:16: `plaintext` must be true or false, without quotes, not `yes`\n"},
            {"bind: 0.0.0.0:8443\n    plaintext: 'true'\n",
             "4:16: `plaintext` must be true or false, without quotes, not `true`\n"},
            {"bind: systemd:web\n",
             "3:11: `systemd:web` may be reachable from other machines; add `tls`, or say `plaintext: true`\n"},
            {"bind: 127.0.0.1:1\n    plaintext: true\n    tls: { certificates: [ { chain: a, key: b } ] }\n",
             "4:16: `plaintext: true` contradicts `tls`; take one of them away\n"},
            {"bind: localhost:8443\n",
             "3:11: `bind` needs an address, not the name `localhost`; write 127.0.0.1 or [::1]\n"},
            {"bind: 8443\n",
             "3:11: `bind` must be address:port, [v6]:port, *:port, unix:/path or systemd:NAME, not `8443`\n"},
            {"bind: [ 127.0.0.1:1 ]\n",
             "3:11: `bind` must be an address with a port, unix:/path or systemd:NAME, not a list\n"},
            {"bind: *:8443\n",
             "3:11: not valid YAML: the referenced anchor is not defined; put a value that begins with * or & in "
             "quotes\n"},
            {"bind: 127.0.0.1:1\n    mode: 0660\n", "4:11: `mode` is only for the file of a unix: socket\n"},
            {"bind: unix:/a\n    mode: 0888\n", "4:11: `mode` must be octal permissions such as 0660, not `0888`\n"},
            {"bind: unix:/a\n    mode: 01777\n", "4:11: `mode` must be octal permissions such as 0660, not `01777`\n"},
            {"bind: 127.0.0.1:1\n    tls: { certificates: [] }\n",
             "4:26: `certificates` is empty; TLS needs at least one { chain: fullchain.pem, key: privkey.pem }\n"},
            {"bind: 127.0.0.1:1\n    tls: { certificates: [ { chain: a } ] }\n",
             "4:28: missing key `key`: the PEM file of the certificate's private key\n"},
            {"bind: 127.0.0.1:1\n    tls: { certificates: [ { chain: '', key: credential:../a } ] }\n",
             "4:37: `chain` must be the path of a PEM file or credential:NAME, not ``\n"
             "4:46: `key` must be the path of a PEM file or credential:NAME, not `credential:../a`\n"},
            {"bind: 127.0.0.1:1\n    tls: { min_version: 1.1, certificates: [ { chain: a, key: \"a\\0b\" } ] }\n",
             "4:25: `min_version` must be 1.2 or 1.3, not `1.1`\n"
             "4:63: `key` must be the path of a PEM file or credential:NAME, not `a\\x00b`\n"},
            {"bind: 127.0.0.1:1\n    tls: { certificates: [ { chain: a, key: b } ], client_certificates: }\n",
             "4:52: missing key `ca`: the PEM file of those who issue the clients' certificates\n"},
            {"bind: 127.0.0.1:1\n    tls: { certificates: [ { chain: a, key: b } ], client_certificates: { ca: "
             "'credential:', crl: '', required: yes, crls: c } }\n",
             "4:79: `ca` must be the path of a PEM file or credential:NAME, not `credential:`\n"
             "4:99: `crl` must be the path of a PEM file or credential:NAME, not ``\n"
             "4:113: `required` must be true or false, without quotes, not `yes`\n"
             "4:118: unknown key `crls`; did you mean `crl`?\n"},
            {"bind: 127.0.0.1:1\n  - bind: 127.0.0.1:1\n",
             "4:11: `127.0.0.1:1` is already taken by `127.0.0.1:1` on line 3\n"},
            {"bind: '*:1'\n    plaintext: true\n  - bind: 0.0.0.0:1\n    plaintext: true\n",
             "5:11: `0.0.0.0:1` is already taken by `*:1` on line 3\n"},
            {"bind: unix:a\n  - bind: unix:/etc/a\n",
             "4:11: `unix:/etc/a` is already taken by `unix:/etc/a` on line 3\n"},
            {"bnid: 127.0.0.1:1\n",
             "3:5: missing key `bind`: where to listen, such as 0.0.0.0:8443\n"
             "3:5: unknown key `bnid`; did you mean `bind`?\n"},
        });
}

BOOST_AUTO_TEST_CASE(in_a_route) {
  const std::string before = std::string(right_listeners) + "routes:\n  - ";
  tells(before,
        {
            {"limits: {}\n",
             "3:5: missing key `name`: what logs and metrics call the route\n"
             "3:5: missing key `path`: what browsers ask for, such as /desk\n"
             "3:5: missing key `origins`: who may enter, such as [ \"https://app.example.org\" ]\n"
             "3:5: missing key `backend`: the service behind the route, such as tcp://127.0.0.1:5900\n"},
            {"{ name: '', path: /p, origins: [ '*' ], backend: 'tcp://b:1' }\n",
             "3:13: `name` must be a name of 1 to 64 bytes without spaces around it, not ``\n"},
            {"{ name: [ n ], path: /p, origins: [ '*' ], backend: 'tcp://b:1' }\n",
             "3:13: `name` must be a name of 1 to 64 bytes without spaces around it, not a list\n"},
            {"{ name: n, path: /p, orgins: [ '*' ], backend: 'tcp://b:1' }\n",
             "3:5: missing key `origins`: who may enter, such as [ \"https://app.example.org\" ]\n"
             "3:26: unknown key `orgins`; did you mean `origins`?\n"},
            {"{ name: n, path: /p, origins: [], backend: 'tcp://b:1' }\n",
             "3:35: `origins` is empty, so nobody could enter; list some, or \"*\" for any\n"},
            {"{ name: n, path: /p, origins: , backend: 'tcp://b:1' }\n",
             "3:26: `origins` is empty, so nobody could enter; list some, or \"*\" for any\n"},
            {"{ name: n, path: /p, origins: '*', backend: 'tcp://b:1' }\n",
             "3:35: `origins` must be a list such as [ \"https://app.example.org\" ], not `*`\n"},
            {"{ name: n, path: /p, origins: [ null, app.example.org, 'https://a.example/x' ], backend: 'tcp://b:1' }\n",
             "3:37: an item of `origins` must be scheme://host[:port], scheme://*.host, \"null\" or \"*\", such as "
             "https://app.example.org, not nothing\n"
             "3:43: an item of `origins` must be scheme://host[:port], scheme://*.host, \"null\" or \"*\", such as "
             "https://app.example.org, not `app.example.org`\n"
             "3:60: an item of `origins` must be scheme://host[:port], scheme://*.host, \"null\" or \"*\", such as "
             "https://app.example.org, not `https://a.example/x`\n"},
        });
  for (const std::string_view backend :
       {"tcp://b", "tcp://b:0", "tcp://b:65536", "tcp://:1", "tcp://b:1/", "tcp://u@b:1", "http://b:1", "b:1",
        "tcp://::1:1", "tcp://1.2.3:1", "tcp://a..b:1", "tcp://[::1:1", ""}) {
    const std::string text =
        before + "{ name: n, path: /p, origins: [ '*' ], backend: '" + std::string(backend) + "' }\n";
    BOOST_TEST(told(load_text(text)) ==
               "3:53: `backend` must be tcp://host:port (or echo:) such as tcp://127.0.0.1:5900, not `" +
                   std::string(backend) + "`\n");
  }
}

BOOST_AUTO_TEST_CASE(in_a_routes_path_and_host) {
  tells(std::string(right_listeners) + "routes:\n  - name: n\n    origins: [ '*' ]\n    backend: tcp://b:1\n    ",
        {
            {"path: desk\n",
             "6:11: `path` must be a path such as /desk, or /desk/* for all below it (without //, dot segments or "
             "needless %XX), not `desk`\n"},
            {"path: /a//b\n",
             "6:11: `path` must be a path such as /desk, or /desk/* for all below it (without //, dot segments or "
             "needless %XX), not `/a//b`\n"},
            {"path: /a/../b\n",
             "6:11: `path` must be a path such as /desk, or /desk/* for all below it (without //, dot segments or "
             "needless %XX), not `/a/../b`\n"},
            {"path: /%61\n",
             "6:11: `path` must be a path such as /desk, or /desk/* for all below it (without //, dot segments or "
             "needless %XX), not `/%61`\n"},
            {"path: /a*\n", "6:11: `path` may hold * only as its last segment, as in /desk/*, not `/a*`\n"},
            {"path: /*/a\n", "6:11: `path` may hold * only as its last segment, as in /desk/*, not `/*/a`\n"},
            {"path: /a?x=1\n", "6:11: `path` is compared without query and fragment; take them from `/a?x=1`\n"},
            {"path: /p\n    host: a.example:443\n",
             "7:11: `host` must be a host without a port such as app.example.org (leave the key out for any), not "
             "`a.example:443`\n"},
            {"path: /p\n    host: '*.example'\n",
             "7:11: `host` must be a host without a port such as app.example.org (leave the key out for any), not "
             "`*.example`\n"},
            {"path: /p\n  - { name: m, origins: [ '*' ], backend: 'tcp://b:1', path: /p }\n",
             "7:62: the route on line 6 has the same host and path\n"},
            {"path: /p\n    host: A.example\n"
             "  - { name: n, origins: [ '*' ], backend: 'tcp://b:1', path: /p, host: a.example. }\n",
             "8:13: repeated route name `n`; first given on line 3\n"
             "8:62: the route on line 6 has the same host and path\n"},
            {"path: /%c3\n  - { name: m, origins: [ '*' ], backend: 'tcp://b:1', path: /%C3 }\n",
             "7:62: the route on line 6 has the same host and path\n"},
        });
}

BOOST_AUTO_TEST_CASE(in_a_routes_other_keys) {
  tells(
      std::string(right_listeners) +
          "routes:\n  - name: n\n    path: /p\n    origins: [ '*' ]\n    backend: tcp://b:1\n    ",
      {
          {"allow_missing_origin: 1\n",
           "7:27: `allow_missing_origin` must be true or false, without quotes, not `1`\n"},
          {"accepts: bin\n", "7:14: `accepts` must be any, binary or text, not `bin`\n"},
          {"message_type: any\n", "7:19: `message_type` must be binary or text, not `any`\n"},
          {"rejection: close_any\n", "7:16: `rejection` must be http, close or close-any, not `close_any`\n"},
          {"subprotocols: []\n", "7:19: `subprotocols` is empty; leave the key out to take what is offered\n"},
          {"subprotocols: mqtt\n", "7:19: `subprotocols` must be a list such as [ binary, mqtt ], not `mqtt`\n"},
          {"subprotocols: [ a, 'b c', a, '' ]\n",
           "7:24: an item of `subprotocols` must be a token such as mqtt, not `b c`\n"
           "7:31: `a` stands in `subprotocols` already\n"
           "7:34: an item of `subprotocols` must be a token such as mqtt, not ``\n"},
          {"limits: { frame: none }\n", "7:22: `frame` must be a size above 0 such as 64KiB, not `none`\n"},
          {"limits: { session_bytes: 5 MB }\n",
           "7:30: `session_bytes` must be a size above 0 such as 64KiB or none, not `5 MB`\n"},
          {"limits: { upstream_rate: 10MiB }\n",
           "7:30: `upstream_rate` must be a rate such as 10MiB/s or none, not `10MiB`\n"},
          {"limits: { messages_per_second: 100 }\n",
           "7:36: `messages_per_second` must be a rate such as 10/s or none, not `100`\n"},
          {"limits: { sessions: -1 }\n",
           "7:25: `sessions` must be a whole number from 1 to 1000000000 or none, not `-1`\n"},
          {"limits: { sessions: auto }\n",
           "7:25: `sessions` must be a whole number from 1 to 1000000000 or none, not `auto`\n"},
          {"limits: { frame: 2MiB, message: 1MiB }\n", "7:37: `message` (1MiB) must be at least `frame` (2MiB)\n"},
          {"limits: { frame: 128MiB }\n", "7:22: `message` (64MiB) must be at least `frame` (128MiB)\n"},
          {"limits: { frame: 128MB, message: 1KiB }\n",
           "7:22: `frame` must be a size above 0 such as 64KiB, not `128MB`\n"},
          {"quotas: { sessions: 1 }\n",
           "7:13: `quotas` are those of identities, and without `auth` there are none; add an entry\n"},
          {"timeouts: { close: 0ms }\n",
           "7:24: `close` must be a duration above 0 such as 250ms, 5s or 10m, not `0ms`\n"},
          {"timeouts: { connect: none }\n",
           "7:26: `connect` must be a duration above 0 such as 250ms, 5s or 10m, not `none`\n"},
          {"timeouts: { idle: never }\n",
           "7:23: `idle` must be a duration above 0 such as 250ms, 5s or 10m or none, not `never`\n"},
          {"timeouts: { dead: 20s }\n", "7:23: `dead` (20s) must be longer than `ping` (20s), or quiet sessions die\n"},
          {"timeouts: { ping: 2m }\n", "7:23: `dead` (1m) must be longer than `ping` (2m), or quiet sessions die\n"},
          {"timeouts: { ping: 2, dead: 1s }\n",
           "7:23: `ping` must be a duration above 0 such as 250ms, 5s or 10m or none, not `2`\n"},
      });
}

BOOST_AUTO_TEST_CASE(are_all_told_at_once_in_the_order_of_the_file) {
  tells("",
        {{R"(wokers: 4
listeners:
  - bind: 0.0.0.0:8443
  - bind: unix:/run/b.sock
    mode: rw
routes:
  - name: desk
    path: desk
    orgins: [ "https://app.example.org" ]
    backend: http://127.0.0.1
    limits: { frame: 64KB }
    timeouts: { dead: 1s }
  - name: desk
    path: /desk
    origins: []
    backend: tcp://127.0.0.1:5900
    backend: tcp://127.0.0.1:5901
log: { level: 5 }
)",
          "1:1: unknown key `wokers`; did you mean `workers`?\n"
          "3:11: `0.0.0.0:8443` would be reachable without encryption; add `tls`, or say `plaintext: true`\n"
          "5:11: `mode` must be octal permissions such as 0660, not `rw`\n"
          "7:5: missing key `origins`: who may enter, such as [ \"https://app.example.org\" ]\n"
          "8:11: `path` must be a path such as /desk, or /desk/* for all below it (without //, dot segments or "
          "needless %XX), not `desk`\n"
          "9:5: unknown key `orgins`; did you mean `origins`?\n"
          "10:14: `backend` must be tcp://host:port (or echo:) such as tcp://127.0.0.1:5900, not `http://127.0.0.1`\n"
          "11:22: `frame` must be a size above 0 such as 64KiB, not `64KB`\n"
          "12:23: `dead` (1s) must be longer than `ping` (20s), or quiet sessions die\n"
          "13:11: repeated route name `desk`; first given on line 7\n"
          "15:14: `origins` is empty, so nobody could enter; list some, or \"*\" for any\n"
          "17:5: repeated key `backend`; first given on line 16\n"
          "18:15: `level` must be debug, info, warning or error, not `5`\n"}});
}

BOOST_AUTO_TEST_CASE(show_long_values_cut) {
  const std::string text =
      std::string(right_listeners) + std::string(right_routes) + "workers: " + std::string(9'000, '7');
  BOOST_TEST(told(load_text(text)) ==
             "3:10: `workers` must be a whole number from 1 to 1024 or auto, not `" + std::string(256, '7') + "...`\n");
}

BOOST_AUTO_TEST_CASE(in_great_number_are_found_quickly) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "k" + std::to_string(i) + "_with_a_long_name: 1\n";
  const auto start = std::chrono::steady_clock::now();
  const Loaded loaded = load_text(text);
  BOOST_TEST(loaded.diagnostics.size() == 20'002U);
  BOOST_TEST((std::chrono::steady_clock::now() - start < std::chrono::seconds(10)));
}

BOOST_AUTO_TEST_SUITE_END()
