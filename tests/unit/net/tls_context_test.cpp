#include "net/tls_context.hpp"

#include "tls_pair.hpp"

using namespace drawbridge;
using test::TlsPair;

BOOST_AUTO_TEST_SUITE(tls_context)

BOOST_AUTO_TEST_CASE(the_server_name_picks_the_certificate_and_the_first_answers_the_rest) {
  for (const auto& [asked, expected] : {std::pair{"b.test", "b.test"}, std::pair{"a.test", "a.test"},
                                        std::pair{"unknown.test", "a.test"}, std::pair{"", "a.test"}}) {
    TlsPair pair({"a.test", "b.test"});
    if (*asked != '\0') pair.ask_for(asked);
    BOOST_TEST((pair.shake() == net::IoStatus::ok));
    BOOST_TEST(pair.presented() == expected);
    BOOST_TEST(pair.server->version() == "TLSv1.3");
  }
}

BOOST_AUTO_TEST_CASE(a_host_of_another_certificate_is_misdirected_and_an_unknown_one_is_not) {
  TlsPair pair({"a.test", "b.test"});
  BOOST_REQUIRE((pair.shake() == net::IoStatus::ok));
  BOOST_TEST(pair.server->may_serve("a.test"));
  BOOST_TEST(!pair.server->may_serve("b.test"));
  BOOST_TEST(pair.server->may_serve("c.test"));
  for (const auto& [asked, other] :
       {std::pair{"a.test", "b.test"}, std::pair{"", "b.test"}, std::pair{"b.test", "a.test"}}) {
    BOOST_TEST(pair.context->may_serve(std::string(asked), *asked == '\0' ? "a.test" : asked));
    BOOST_TEST(!pair.context->may_serve(std::string(asked), other));
    BOOST_TEST(pair.context->may_serve(std::string(asked), "c.test"));
  }
}

BOOST_AUTO_TEST_CASE(a_session_is_resumed_under_the_name_it_was_made_for_and_under_no_other) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsPair pair({"a.test", "b.test"});
    const auto resumes = [&](SSL_SESSION* session, const char* name) {
      pair.connect();
      SSL_set_max_proto_version(pair.client.get(), version);
      if (*name != '\0') pair.ask_for(name);
      if (session != nullptr) SSL_set_session(pair.client.get(), session);
      BOOST_REQUIRE((pair.shake() == net::IoStatus::ok));
      return SSL_session_reused(pair.client.get()) == 1;
    };
    for (const auto& [first, other] : {std::pair{"a.test", "b.test"}, std::pair{"b.test", "a.test"}}) {
      BOOST_TEST(!resumes(nullptr, first));
      const auto session = pair.session();
      BOOST_TEST(resumes(session.get(), first));
      BOOST_TEST(!resumes(session.get(), other));
      BOOST_TEST(pair.presented() == other);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_session_ends_at_its_listener) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsPair pair({"a.test"});
    SSL_set_max_proto_version(pair.client.get(), version);
    BOOST_REQUIRE((pair.shake() == net::IoStatus::ok));
    const auto session = pair.session();
    TlsPair other({"a.test"});
    SSL_set_max_proto_version(other.client.get(), version);
    SSL_set_session(other.client.get(), session.get());
    BOOST_TEST((other.shake() == net::IoStatus::ok));
    BOOST_TEST(SSL_session_reused(other.client.get()) == 0);
  }
}

BOOST_AUTO_TEST_CASE(only_http_1_1_is_agreed_on) {
  static constexpr unsigned char both[] = "\x02h2\x08http/1.1";
  static constexpr unsigned char only_h2[] = "\x02h2";
  TlsPair pair({"a.test"});
  SSL_set_alpn_protos(pair.client.get(), both, sizeof(both) - 1);
  BOOST_TEST((pair.shake() == net::IoStatus::ok));
  const unsigned char* chosen = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(pair.client.get(), &chosen, &size);
  BOOST_TEST(std::string(reinterpret_cast<const char*>(chosen), size) == "http/1.1");

  TlsPair other({"a.test"});
  SSL_set_alpn_protos(other.client.get(), only_h2, sizeof(only_h2) - 1);
  BOOST_TEST((other.shake() == net::IoStatus::broken));
}

BOOST_AUTO_TEST_CASE(old_versions_and_weak_suites_are_refused) {
  TlsPair old({"a.test"});
  SSL_set_max_proto_version(old.client.get(), TLS1_1_VERSION);
  SSL_set_security_level(old.client.get(), 0);
  BOOST_TEST((old.shake() != net::IoStatus::ok));

  TlsPair two({"a.test"}, config::TlsVersion::tls1_3);
  SSL_set_max_proto_version(two.client.get(), TLS1_2_VERSION);
  BOOST_TEST((two.shake() != net::IoStatus::ok));

  TlsPair cbc({"a.test"});
  SSL_set_max_proto_version(cbc.client.get(), TLS1_2_VERSION);
  SSL_set_cipher_list(cbc.client.get(), "ECDHE-ECDSA-AES128-SHA256");
  BOOST_TEST((cbc.shake() != net::IoStatus::ok));

  TlsPair good({"a.test"});
  SSL_set_max_proto_version(good.client.get(), TLS1_2_VERSION);
  BOOST_TEST((good.shake() == net::IoStatus::ok));
}

BOOST_AUTO_TEST_CASE(plain_http_is_recognised) {
  TlsPair pair({"a.test"});
  const std::string request = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
  BOOST_REQUIRE(::send(pair.client_socket.get(), request.data(), request.size(), 0) > 0);
  BOOST_TEST((pair.server->handshake() == net::IoStatus::broken));
  BOOST_TEST(pair.server->was_plain_http());
}

BOOST_AUTO_TEST_CASE(bytes_and_the_end_cross_both_ways) {
  TlsPair pair({"a.test"});
  BOOST_REQUIRE((pair.shake() == net::IoStatus::ok));
  const std::string sent(40'000, 'x');
  BOOST_REQUIRE(SSL_write(pair.client.get(), sent.data(), static_cast<int>(sent.size())) > 0);
  std::vector<std::uint8_t> buffer(65'536);
  const net::IoResult read = pair.server->read(buffer);
  BOOST_TEST((read.status == net::IoStatus::ok));
  BOOST_TEST(read.bytes == sent.size());
  BOOST_TEST(read.drained);
  BOOST_TEST((pair.server->read(buffer).status == net::IoStatus::again_read));

  const net::IoResult written = pair.server->write({buffer.data(), 1'000});
  BOOST_TEST(written.bytes == 1'000U);
  BOOST_TEST(SSL_read(pair.client.get(), buffer.data(), static_cast<int>(buffer.size())) == 1'000);
  BOOST_TEST((pair.server->shut_write() == net::IoStatus::ok));
  BOOST_TEST(SSL_read(pair.client.get(), buffer.data(), static_cast<int>(buffer.size())) == 0);
  // Half-closed: the other way still works.
  BOOST_REQUIRE(SSL_write(pair.client.get(), "late", 4) == 4);
  BOOST_TEST(pair.server->read(buffer).bytes == 4U);
  SSL_shutdown(pair.client.get());
  BOOST_TEST((pair.server->read(buffer).status == net::IoStatus::end));
}

BOOST_AUTO_TEST_CASE(a_record_that_was_tampered_with_is_broken_for_good) {
  TlsPair pair({"a.test"});
  BOOST_REQUIRE((pair.shake() == net::IoStatus::ok));
  const std::string forged = "\x17\x03\x03" + std::string("\x00\x20", 2) + std::string(32, '!');
  BOOST_REQUIRE(::send(pair.client_socket.get(), forged.data(), forged.size(), 0) > 0);
  std::vector<std::uint8_t> buffer(100);
  BOOST_TEST((pair.server->read(buffer).status == net::IoStatus::broken));
  BOOST_TEST((pair.server->read(buffer).status == net::IoStatus::broken));
  BOOST_TEST((pair.server->write({buffer.data(), 1}).status == net::IoStatus::broken));
}

BOOST_AUTO_TEST_CASE(a_certificate_that_cannot_be_used_is_named) {
  config::Tls tls;
  tls.certificates.push_back({"/nonexistent/chain.pem", "/nonexistent/key.pem", {}});
  std::string why;
  BOOST_TEST(net::TlsContext::make(tls, "127.0.0.1:0", "", why) == nullptr);
  BOOST_TEST(why.find("/nonexistent/chain.pem") != std::string::npos, why);
}

BOOST_AUTO_TEST_SUITE_END()
