#include "ws/upgrade.hpp"

#include <functional>
#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

namespace drawbridge::ws {
namespace {

using namespace std::string_view_literals;
using Change = std::function<void(Request&)>;

// The example of RFC 6455 §1.3.
Request example() {
  return {.method = "GET",
          .target = "/chat?room=1",
          .version = 11,
          .fields = {{"Host", "server.example.com"},
                     {"Upgrade", "websocket"},
                     {"Connection", "Upgrade"},
                     {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
                     {"Origin", "http://example.com"},
                     {"Sec-WebSocket-Protocol", "chat, superchat"},
                     {"Sec-WebSocket-Version", "13"}}};
}

void set(Request& request, std::string_view name, std::string_view value) {
  for (Field& field : request.fields) {
    if (field.name == name) field.value = value;
  }
}

void remove(Request& request, std::string_view name) {
  std::erase_if(request.fields, [&](const Field& field) { return field.name == name; });
}

Change with(std::string_view name, std::string_view value) {
  return [=](Request& request) { set(request, name, value); };
}

Change without(std::string_view name) {
  return [=](Request& request) { remove(request, name); };
}

Change and_also(std::string_view name, std::string_view value) {
  return [=](Request& request) { request.fields.push_back({name, value}); };
}

struct Case {
  std::string_view name;
  Change change;
};

void expect(std::span<const Case> cases, std::optional<Reason> expected) {
  for (const auto& [name, change] : cases) {
    Request request = example();
    change(request);
    Upgrade upgrade;
    const auto refused = check_upgrade(request, upgrade);
    BOOST_TEST((refused == expected), name << ": " << (refused ? word(*refused) : "upgraded"));
  }
}

BOOST_AUTO_TEST_SUITE(upgrade)

BOOST_AUTO_TEST_CASE(accept_key_is_the_one_of_rfc_6455) {
  BOOST_TEST(accept_key("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  BOOST_TEST(accept_key("x3JJHMbDL1EzLkh9GBhXDw==") == "HSmrc0sMlYUkAGmm5OPpG2HaGWk=");
}

BOOST_AUTO_TEST_CASE(the_example_of_rfc_6455_is_understood_whole) {
  Upgrade upgrade;
  BOOST_TEST(!check_upgrade(example(), upgrade).has_value());
  BOOST_TEST(upgrade.host.host == "server.example.com");
  BOOST_TEST(!upgrade.host.port.has_value());
  BOOST_TEST(upgrade.target.path == "/chat");
  BOOST_TEST(upgrade.target.query == "room=1");
  BOOST_TEST((upgrade.origin_text == "http://example.com"));
  BOOST_TEST((upgrade.origin == Origin{"http", "example.com", 80}));
  BOOST_TEST(upgrade.subprotocols == (std::vector<std::string>{"chat", "superchat"}), boost::test_tools::per_element());
  BOOST_TEST(upgrade.accept == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

BOOST_AUTO_TEST_CASE(what_the_rfcs_allow_is_upgraded) {
  const Case cases[] = {
      {"as it is", [](Request&) {}},
      {"field names in any case",
       [](Request& request) {
         for (Field& field : request.fields)
           if (field.name == "Host") field.name = "hOsT";
       }},
      {"a port in Host", with("Host", "server.example.com:8443")},
      {"an IPv6 Host", with("Host", "[::1]:8443")},
      {"no Origin", without("Origin")},
      {"Origin null", with("Origin", "null")},
      {"no subprotocols", without("Sec-WebSocket-Protocol")},
      {"WebSocket in any case", with("Upgrade", "WebSocket")},
      {"several protocols in Upgrade", with("Upgrade", "h2c, websocket")},
      {"a second Upgrade line",
       [](Request& request) {
         set(request, "Upgrade", "h2c");
         request.fields.push_back({"upgrade", "websocket"});
       }},
      {"Firefox's Connection", with("Connection", "keep-alive, Upgrade")},
      {"a second Connection line",
       [](Request& request) {
         set(request, "Connection", "keep-alive");
         request.fields.push_back({"Connection", "UPGRADE"});
       }},
      {"an empty list element", with("Connection", ", upgrade,")},
      {"an empty body", and_also("Content-Length", "0")},
      {"extensions", and_also("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits")},
      {"subprotocols over several lines", and_also("Sec-WebSocket-Protocol", "third")},
      {"the same field twice where that matters not",
       [](Request& request) {
         request.fields.push_back({"Cookie", "a"});
         request.fields.push_back({"Cookie", "b"});
       }},
      {"a key that ends in A", with("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==")},
      {"a key with plus and slash", with("Sec-WebSocket-Key", "+/+/+/+/+/+/+/+/+/+/+w==")},
  };
  expect(cases, std::nullopt);
}

BOOST_AUTO_TEST_CASE(only_get_upgrades) {
  for (const std::string_view method : {"POST", "HEAD", "OPTIONS", "get", "CONNECT", ""}) {
    Request request = example();
    request.method = method;
    Upgrade upgrade;
    BOOST_TEST((check_upgrade(request, upgrade) == Reason::method), method);
  }
}

BOOST_AUTO_TEST_CASE(bad_requests_are_refused) {
  const Case cases[] = {
      {"HTTP/1.0", [](Request& request) { request.version = 10; }},
      {"HTTP/2.0", [](Request& request) { request.version = 20; }},
      {"no Host", without("Host")},
      {"an empty Host", with("Host", "")},
      {"two Hosts", and_also("Host", "server.example.com")},
      {"two Hosts in other case", and_also("HOST", "other.example.com")},
      {"a bad Host", with("Host", "server.example.com/path")},
      {"a Host with userinfo", with("Host", "user@server.example.com")},
      {"a list of Hosts", with("Host", "a.example, b.example")},
      {"an absolute target", [](Request& request) { request.target = "http://server.example.com/chat"; }},
      {"dot segments", [](Request& request) { request.target = "/a/../b"; }},
      {"two Origins", and_also("Origin", "http://example.com")},
      {"a bad Origin", with("Origin", "example.com")},
      {"an empty Origin", with("Origin", "")},
      {"a list of Origins", with("Origin", "http://a.example http://b.example")},
      {"a body", and_also("Content-Length", "5")},
      {"a length that is none", and_also("Content-Length", "00")},
      {"a signed length", and_also("Content-Length", "+0")},
      {"two lengths",
       [](Request& request) {
         request.fields.push_back({"Content-Length", "0"});
         request.fields.push_back({"Content-Length", "0"});
       }},
      {"chunks", and_also("Transfer-Encoding", "chunked")},
      {"identity", and_also("Transfer-Encoding", "identity")},
      {"no key", without("Sec-WebSocket-Key")},
      {"two keys", and_also("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")},
      {"two versions", and_also("Sec-WebSocket-Version", "13")},
      {"an empty key", with("Sec-WebSocket-Key", "")},
      {"a key without padding", with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ")},
      {"a key of 15 bytes", with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25j")},
      {"a key of 17 bytes", with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZWE=")},
      {"a key of 18 bytes", with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZWFi")},
      {"a key with bits in its padding", with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZR==")},
      {"a key of the URL alphabet", with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25j-Q==")},
      {"a key with padding inside", with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25=ZQ==")},
      {"an empty list of subprotocols", with("Sec-WebSocket-Protocol", "")},
      {"an empty subprotocol", with("Sec-WebSocket-Protocol", "chat,,superchat")},
      {"a last comma", with("Sec-WebSocket-Protocol", "chat,")},
      {"a subprotocol that is no token", with("Sec-WebSocket-Protocol", "chat, super chat")},
      {"a subprotocol twice", with("Sec-WebSocket-Protocol", "chat, superchat, chat")},
      {"a subprotocol twice over two lines", and_also("Sec-WebSocket-Protocol", "chat")},
  };
  expect(cases, Reason::bad_request);
}

BOOST_AUTO_TEST_CASE(a_request_that_does_not_ask_to_upgrade_is_told_how) {
  const Case cases[] = {
      {"no Upgrade", without("Upgrade")},
      {"another Upgrade", with("Upgrade", "h2c")},
      {"a longer word in Upgrade", with("Upgrade", "websockets")},
      {"a version in Upgrade", with("Upgrade", "websocket/13")},
      {"no Connection", without("Connection")},
      {"another Connection", with("Connection", "keep-alive")},
      {"a longer word in Connection", with("Connection", "upgraded")},
      {"no version", without("Sec-WebSocket-Version")},
      {"version 8", with("Sec-WebSocket-Version", "8")},
      {"version 130", with("Sec-WebSocket-Version", "130")},
      {"versions as a list", with("Sec-WebSocket-Version", "13, 8")},
  };
  expect(cases, Reason::upgrade_required);
}

BOOST_AUTO_TEST_CASE(the_checks_come_in_order) {
  const auto refusal = [](const std::vector<Change>& changes) {
    Request request = example();
    for (const Change& change : changes) change(request);
    Upgrade upgrade;
    return check_upgrade(request, upgrade);
  };
  const Change post = [](Request& request) { request.method = "POST"; };
  BOOST_TEST((refusal({post, without("Host"), without("Upgrade")}) == Reason::method));
  BOOST_TEST((refusal({without("Host"), without("Upgrade")}) == Reason::bad_request));
  BOOST_TEST((refusal({without("Upgrade"), with("Sec-WebSocket-Key", "x")}) == Reason::upgrade_required));
}

BOOST_AUTO_TEST_CASE(a_refused_request_still_names_host_target_and_origin) {
  Request request = example();
  request.method = "POST";
  remove(request, "Upgrade");
  Upgrade upgrade;
  BOOST_TEST(check_upgrade(request, upgrade).has_value());
  BOOST_TEST(upgrade.host.host == "server.example.com");
  BOOST_TEST(upgrade.target.path == "/chat");
  BOOST_TEST((upgrade.origin == Origin{"http", "example.com", 80}));

  request = example();
  remove(request, "Host");
  set(request, "Origin", "no origin");
  upgrade = {};
  BOOST_TEST(check_upgrade(request, upgrade).has_value());
  BOOST_TEST(upgrade.target.path == "/chat");
  BOOST_TEST((upgrade.origin_text == "no origin"));
  BOOST_TEST(!upgrade.origin.has_value());
}

BOOST_AUTO_TEST_CASE(a_field_is_found_only_if_it_stands_once) {
  Request request = example();
  request.fields.push_back({"Cookie", "a"});
  request.fields.push_back({"cookie", "b"});
  BOOST_TEST((request.field("ORIGIN") == "http://example.com"));
  BOOST_TEST(!request.field("Cookie").has_value());
  BOOST_TEST(!request.field("Date").has_value());
}

BOOST_AUTO_TEST_CASE(a_head_of_thousands_of_subprotocols_is_cheap) {
  std::string offered;
  for (int i = 0; i < 5000; ++i) offered += (i == 0 ? "p" : ",p") + std::to_string(i);
  Request request = example();
  set(request, "Sec-WebSocket-Protocol", offered);
  Upgrade upgrade;
  BOOST_TEST(!check_upgrade(request, upgrade).has_value());
  BOOST_TEST(upgrade.subprotocols.size() == 5000U);
  BOOST_TEST(upgrade.subprotocols[4999] == "p4999");
}

BOOST_AUTO_TEST_CASE(a_strict_head_has_nothing_ambiguous) {
  for (const std::string_view head : {"GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
                                      "GET / HTTP/1.1\r\nHost:a\r\nX: \t \r\nY:\r\n\r\n"}) {
    BOOST_TEST(raw_head_is_strict(head), head);
  }
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", "nothing"},
      {"GET / HTTP/1.1\r\n", "no empty line"},
      {"GET / HTTP/1.1", "no line end"},
      {"GET / HTTP/1.1\n\n", "bare LF"},
      {"GET / HTTP/1.1\r\nHost: a\n\r\n", "bare LF behind a field"},
      {"GET / HTTP/1.1\r\nHost: a\r\n\n", "bare LF at the end"},
      {"GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n", "bare CR"},
      {"GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", "two CR"},
      {"GET / HTTP/1.1\r\nHost: a\0\r\n\r\n"sv, "NUL"},
      {"GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", "obs-fold"},
      {"GET / HTTP/1.1\r\nHost: a\r\n\tb: c\r\n\r\n", "obs-fold with a tab"},
      {"GET / HTTP/1.1\r\n Host: a\r\n\r\n", "white space before the first field"},
      {"GET / HTTP/1.1\r\nHost : a\r\n\r\n", "white space before the colon"},
      {"GET / HTTP/1.1\r\nHost\t: a\r\n\r\n", "a tab before the colon"},
      {"GET / HTTP/1.1\r\nHost\r\n\r\n", "no colon"},
      {"GET / HTTP/1.1\r\n: a\r\n\r\n", "no name"},
      {"GET / HTTP/1.1\r\nHo(st: a\r\n\r\n", "a name that is no token"},
      {"\r\nGET / HTTP/1.1\r\n\r\n", "an empty line before"},
      {"GET / HTTP/1.1\r\n\r\nmore", "bytes behind"},
  };
  for (const auto& [head, name] : cases) BOOST_TEST(!raw_head_is_strict(head), name);
}

BOOST_AUTO_TEST_CASE(what_asks_for_no_websocket_asks_for_a_file) {
  const auto plain = [](std::string_view method, std::vector<Field> fields) {
    return Request{.method = method, .target = "/a?b", .version = 11, .fields = std::move(fields)};
  };
  BOOST_TEST(asks_for_file(plain("GET", {})));
  BOOST_TEST(asks_for_file(plain("HEAD", {})));
  BOOST_TEST(asks_for_file(plain("GET", {{"Upgrade", "h2c"}, {"Connection", "Upgrade, HTTP2-Settings"}})));
  BOOST_TEST(!asks_for_file(plain("POST", {})));
  BOOST_TEST(!asks_for_file(plain("get", {})));
  BOOST_TEST(!asks_for_file(plain("GET", {{"upgrade", "h2c, WebSocket"}})));
  BOOST_TEST(!asks_for_file(plain("GET", {{"sec-websocket-key", ""}})));
  BOOST_TEST(!asks_for_file(example()));

  const auto check = [&](std::vector<Field> fields, unsigned version = 11) {
    Request request = plain("GET", std::move(fields));
    request.version = version;
    Upgrade upgrade;
    const auto reason = check_file_request(request, upgrade);
    return reason ? std::string(word(*reason)) : upgrade.host.host + upgrade.target.path + "?" + upgrade.target.query;
  };
  BOOST_TEST(check({{"Host", "A.example:8443"}}) == "a.example/a?b");
  BOOST_TEST(check({{"Host", "a"}, {"Content-Length", "0"}}) == "a/a?b");
  BOOST_TEST(check({}) == "bad_request");
  BOOST_TEST(check({{"Host", "a"}, {"Host", "a"}}) == "bad_request");
  BOOST_TEST(check({{"Host", "a"}, {"Content-Length", "1"}}) == "bad_request");
  BOOST_TEST(check({{"Host", "a"}, {"Transfer-Encoding", "chunked"}}) == "bad_request");
  BOOST_TEST(check({{"Host", "a"}, {"Origin", "x"}}) == "bad_request");
  BOOST_TEST(check({{"Host", "a"}}, 10) == "bad_request");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace drawbridge::ws
