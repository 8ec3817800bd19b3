#include "support/backend.hpp"
#include "support/daemon.hpp"
#include "support/raw_client.hpp"
#include "support/websocket_client.hpp"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace drawbridge::testing;

namespace {

struct Desk {
  Backend backend{echo()};
  Daemon daemon{simple(backend.port())};
};

// A refusal as everybody must see it: the status, the word in the body and the log's record.
void expect_refusal(Daemon& daemon, const Answer& answer, unsigned status, const std::string& reason) {
  BOOST_TEST(answer.status == status);
  BOOST_TEST(answer.reason() == reason);
  BOOST_TEST(answer.field("Content-Type") == "application/json");
  BOOST_TEST(answer.field("Connection").starts_with("close"));
  const Record record = daemon.refused(reason);
  BOOST_TEST(record["status"] == std::to_string(status));
  BOOST_TEST(answer.body.find('"' + record["session"] + '"') != std::string::npos);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(upgrade, Desk)

BOOST_AUTO_TEST_CASE(a_browser_reaches_the_service_and_the_log_says_so) {
  WebSocketClient client(daemon.port());
  client.write("knock");
  BOOST_TEST(client.read_bytes(5) == "knock");
  BOOST_TEST(client.close(1000).code == 1000);
  const Record record = daemon.session("client_closed");
  BOOST_TEST(record["client"].starts_with("127.0.0.1"));
  BOOST_TEST(record["route"] == "desk");
  BOOST_TEST(record["origin"] == usual_origin);
  BOOST_TEST(record["tls"] == "TLSv1.3");
  BOOST_TEST(record["backend"] == "tcp://127.0.0.1:" + std::to_string(backend.port()));
  for (const char* count : {"up_bytes", "down_bytes"}) BOOST_TEST(record.number(count) == 5U, count);
  for (const char* count : {"up_frames", "down_frames", "up_messages", "down_messages"}) {
    BOOST_TEST(record.number(count) == 1U, count);
  }
  for (const char* count : {"up_discarded", "down_discarded"}) BOOST_TEST(record.number(count) == 0U, count);
  BOOST_TEST(record["code"] == "1000");
  BOOST_TEST(!record["session"].empty());
  BOOST_TEST(record.fields.contains("seconds"));
}

BOOST_AUTO_TEST_CASE(the_answer_is_that_of_the_rfc_and_no_extension_is_answered) {
  RawClient client(daemon.port());
  const Answer answer = client.request(Head().set("Sec-WebSocket-Extensions", "permessage-deflate"));
  BOOST_TEST(answer.status == 101U);
  BOOST_TEST(answer.field("Upgrade") == "websocket");
  BOOST_TEST(answer.field("Connection") == "Upgrade");
  BOOST_TEST(answer.field("Sec-WebSocket-Accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");  // RFC 6455 §1.3
  BOOST_TEST(!answer.fields.contains("sec-websocket-extensions"));
  BOOST_TEST(!answer.fields.contains("sec-websocket-protocol"));
}

BOOST_AUTO_TEST_CASE(heads_that_are_unusual_but_right_are_taken) {
  const std::vector<std::pair<const char*, Head>> heads{
      {"several connection options", Head().set("Connection", "keep-alive, Upgrade")},
      {"tokens in other cases", Head().set("Upgrade", "WebSocket").set("Connection", "upgrade")},
      {"a host with port, case and dot", Head().set("Host", "BRIDGE.test.:8443")},
      {"a query", Head("/desk?token=1&x=//..")},
      {"an empty body", Head().set("Content-Length", "0")},
      {"unknown fields twice", Head().set("X-A", "1").add_line("X-A: 2")},
  };
  for (const auto& [what, head] : heads) {
    BOOST_TEST_CONTEXT(what) {
      RawClient client(daemon.port());
      BOOST_TEST(client.request(head).status == 101U);
    }
  }
}

BOOST_AUTO_TEST_CASE(malformed_heads_are_refused_not_repaired) {
  struct Case {
    const char* what;
    std::string head;
    unsigned status;
    const char* reason;
  };
  std::string bare_line_feed = Head().text();
  bare_line_feed.erase(bare_line_feed.find('\r'), 1);
  std::string nul = Head().set("X-A", "a?b").text();
  nul[nul.find('?')] = '\0';
  const Head good;
  const std::vector<Case> cases{
      {"garbage", "\x01\x02\x03\r\n\r\n", 400, "bad_request"},
      {"HTTP/1.0", Head().request_line("GET /desk HTTP/1.0").text(), 400, "bad_request"},
      {"an absolute target", Head("https://bridge.test/desk").text(), 400, "bad_request"},
      {"dot segments", Head("/x/../desk").text(), 400, "bad_request"},
      {"encoded dot segments", Head("/x/%2e%2e/desk").text(), 400, "bad_request"},
      {"a doubled slash", Head("//desk").text(), 400, "bad_request"},
      {"an encoded slash", Head("/x%2Fdesk").text(), 400, "bad_request"},
      {"an encoded control byte", Head("/desk%00").text(), 400, "bad_request"},
      {"a broken encoding", Head("/desk%4").text(), 400, "bad_request"},
      {"no host", Head().without("Host").text(), 400, "bad_request"},
      {"two hosts", Head().add_line("Host: other.test").text(), 400, "bad_request"},
      {"a host that is none", Head().set("Host", "a/b").text(), 400, "bad_request"},
      {"two keys", Head().add_line("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==").text(), 400, "bad_request"},
      {"two versions", Head().add_line("Sec-WebSocket-Version: 13").text(), 400, "bad_request"},
      {"two origins", Head().add_line("Origin: https://app.example.org").text(), 400, "bad_request"},
      {"a malformed origin", Head().set("Origin", "app.example.org").text(), 400, "bad_request"},
      {"no key", Head().without("Sec-WebSocket-Key").text(), 400, "bad_request"},
      {"a key of 15 bytes", Head().set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25j").text(), 400, "bad_request"},
      {"a key that is no base64", Head().set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZ!==").text(), 400,
       "bad_request"},
      {"a body", Head().set("Content-Length", "3").text() + "abc", 400, "bad_request"},
      {"a chunked body", Head().set("Transfer-Encoding", "chunked").text() + "0\r\n\r\n", 400, "bad_request"},
      {"an obsolete fold", Head().add_line("X-A: 1\r\n 2").text(), 400, "bad_request"},
      {"space before a colon", Head().add_line("X-A : 1").text(), 400, "bad_request"},
      {"a bare line feed", bare_line_feed, 400, "bad_request"},
      {"a NUL", nul, 400, "bad_request"},
      {"POST", Head().request_line("POST /desk HTTP/1.1").text(), 405, "method"},
      {"no upgrade", Head().without("Upgrade").text(), 426, "upgrade_required"},
      {"another upgrade", Head().set("Upgrade", "h2c").text(), 426, "upgrade_required"},
      {"no connection option", Head().set("Connection", "keep-alive").text(), 426, "upgrade_required"},
      {"version 8", Head().set("Sec-WebSocket-Version", "8").text(), 426, "upgrade_required"},
      {"no route", Head("/nothing").text(), 404, "no_route"},
      {"below an exact path", Head("/desk/x").text(), 404, "no_route"},
      {"a target of 10,000 bytes", Head("/" + std::string(10'000, 'a')).text(), 414, "target_too_long"},
      {"a head of 17 KiB", Head().set("X-A", std::string(17 << 10, 'a')).text(), 431, "head_too_large"},
  };
  for (const Case& each : cases) {
    BOOST_TEST_CONTEXT(each.what) {
      RawClient client(daemon.port());
      client.send(each.head);
      const Answer answer = client.read_answer();
      expect_refusal(daemon, answer, each.status, each.reason);
      if (each.status == 405) BOOST_TEST(answer.field("Allow") == "GET");
      if (each.status == 426) {
        BOOST_TEST(answer.field("Upgrade") == "websocket");
        BOOST_TEST(answer.field("Sec-WebSocket-Version") == "13");
      }
      BOOST_TEST(client.wire().read_to_end() == "");
    }
  }
  BOOST_TEST(backend.accepted() == 0U);
}

BOOST_AUTO_TEST_CASE(bytes_behind_the_head_are_the_first_frames) {
  RawClient client(daemon.port());
  client.send(Head().text() + frame(Op::binary, "early ") + frame(Op::binary, "bird"));
  BOOST_TEST(client.read_answer().status == 101U);
  BOOST_TEST(client.read_payload(10) == "early bird");
}

BOOST_AUTO_TEST_CASE(half_a_frame_behind_the_head_is_completed_later) {
  RawClient client(daemon.port());
  const std::string whole = frame(Op::binary, "broken in two");
  client.send(Head().text() + whole.substr(0, 9));
  BOOST_TEST(client.read_answer().status == 101U);
  client.send(whole.substr(9));
  BOOST_TEST(client.read_payload(13) == "broken in two");
}

BOOST_AUTO_TEST_CASE(a_head_may_come_byte_by_byte) {
  RawClient client(daemon.port());
  for (const char byte : Head().text()) client.send({&byte, 1});
  BOOST_TEST(client.read_answer().status == 101U);
}

BOOST_AUTO_TEST_CASE(plain_http_on_a_tls_port_gets_a_readable_answer) {
  RawClient client(connect_tcp(daemon.port()));
  expect_refusal(daemon, client.request(Head()), 400, "plain_http");
  BOOST_TEST(client.wire().read_to_end() == "");
}

BOOST_AUTO_TEST_CASE(bytes_that_are_neither_tls_nor_http_end_as_tls_error) {
  RawClient client(connect_tcp(daemon.port()));
  client.send(std::string(600, '\xEE'));
  client.wire().read_to_end_or_reset();
  daemon.refused("tls_error");
}

BOOST_AUTO_TEST_CASE(tls_1_2_is_spoken_and_alpn_answers_http_1_1_only) {
  RawClient old(daemon.port(), {.max_version = TLS1_2_VERSION, .alpn = "http/1.1"});
  BOOST_TEST(old.wire().tls_version() == "TLSv1.2");
  BOOST_TEST(old.wire().alpn() == "http/1.1");
  BOOST_TEST(old.request(Head()).status == 101U);
  old.finish();
  BOOST_TEST(daemon.session("client_closed")["tls"] == "TLSv1.2");
  BOOST_CHECK_THROW(RawClient(daemon.port(), {.alpn = "h2"}), std::runtime_error);
  daemon.refused("tls_error");
  BOOST_CHECK_THROW(RawClient(daemon.port(), {.max_version = TLS1_1_VERSION}), std::runtime_error);
  daemon.refused("tls_error");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(upgrade_settings)

BOOST_AUTO_TEST_CASE(slow_heads_and_handshakes_end_at_their_deadlines) {
  const Backend backend(echo());
  Daemon daemon(simple(backend.port(), "", "timeouts: { head: 300ms, tls: 300ms }\n"));
  RawClient silent(daemon.port());
  silent.send("GET /desk HTTP/1.1\r\nHost: bridge.test\r\n");
  expect_refusal(daemon, silent.read_answer(), 408, "head_timeout");
  RawClient mute(connect_tcp(daemon.port()));
  BOOST_TEST(mute.wire().read_to_end_or_reset() == "");
  daemon.refused("tls_timeout");
}

BOOST_AUTO_TEST_CASE(a_host_of_another_certificate_is_misdirected) {
  const Backend backend(echo());
  const Certificate other = make_certificate({"other.test", "*.wild.test"});
  const std::string listener =
      "  - bind: 127.0.0.1:0\n    tls:\n      certificates:\n        - { chain: server.crt, key: server.key }\n"
      "        - { chain: other.crt, key: other.key }\n";
  Daemon daemon(configuration(listener, route("desk", backend.port())),
                {.files = {{"other.crt", other.chain}, {"other.key", other.key}}});
  const auto status = [&](const char* server_name, const char* host) {
    RawClient client(daemon.port(), {.server_name = server_name});
    const bool first = client.wire().peer_certificate() == server_certificate().chain;
    const bool asked_for_first = std::string_view(server_name).find("other") == std::string_view::npos &&
                                 std::string_view(server_name).find("wild") == std::string_view::npos;
    BOOST_TEST(first == asked_for_first, server_name);
    return client.request(Head().set("Host", host)).status;
  };
  BOOST_TEST(status("bridge.test", "bridge.test") == 101U);
  BOOST_TEST(status("other.test", "other.test") == 101U);
  BOOST_TEST(status("a.wild.test", "a.wild.test") == 101U);
  BOOST_TEST(status("", "bridge.test") == 101U);
  BOOST_TEST(status("unknown.test", "unknown.test") == 101U);
  BOOST_TEST(status("bridge.test", "other.test") == 421U);
  BOOST_TEST(status("bridge.test", "b.wild.test") == 421U);
  BOOST_TEST(status("other.test", "bridge.test") == 421U);
  BOOST_TEST(status("", "other.test:443") == 421U);
  daemon.refused("misdirected");
}

BOOST_AUTO_TEST_CASE(the_most_specific_route_wins_whatever_the_order) {
  const auto greeter = [](const char* name) { return greet(name); };
  const Backend any(greeter("any")), prefix(greeter("pre")), exact(greeter("exa")), host(greeter("hos"));
  Daemon daemon(configuration(tls_listener(), route("a", any.port(), ", path: /*") +
                                                  route("b", prefix.port(), ", path: /desk/*") +
                                                  route("c", exact.port(), ", path: /desk/1") +
                                                  route("d", host.port(), ", path: /*, host: www.bridge.test")));
  const auto answers = [&](const char* target, const char* host_field) {
    return RawClient::open(daemon.port(), Head(target).set("Host", host_field)).read_payload(3);
  };
  BOOST_TEST(answers("/desk", "bridge.test") == "any");
  BOOST_TEST(answers("/desk/2", "bridge.test") == "pre");
  BOOST_TEST(answers("/desk/1", "bridge.test") == "exa");
  BOOST_TEST(answers("/desk/1", "WWW.bridge.test.:444") == "hos");
}

BOOST_AUTO_TEST_SUITE_END()
