#include "support/authority.hpp"
#include "support/backend.hpp"
#include "support/daemon.hpp"
#include "support/raw_client.hpp"

#include <string>

#include <boost/test/unit_test.hpp>

using namespace drawbridge::testing;

namespace {

std::string presented(Daemon& daemon) {
  RawClient client = RawClient::open(daemon.port());
  std::string chain = client.wire().peer_certificate();
  client.finish();
  return chain;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(renewal)

BOOST_AUTO_TEST_CASE(a_renewed_certificate_is_in_force_without_a_reload) {
  const Backend backend(echo());
  Daemon daemon(simple(backend.port()));
  RawClient session = RawClient::open(daemon.port());
  const Certificate renewed = make_certificate({"bridge.test"}, 30);
  daemon.write("server.crt", renewed.chain);
  daemon.write("server.key", renewed.key);
  const Record read = daemon.wait_for("certificates_read");
  BOOST_TEST(read["bind"] == "127.0.0.1:0");
  BOOST_TEST(read["expires"].size() == 10U);
  BOOST_TEST(presented(daemon) == renewed.chain);
  session.send_frame(Op::binary, "still here");
  BOOST_TEST(session.read_payload(10) == "still here");

  // A reload finds them as they are, and the watch nothing new.
  daemon.reload(simple(backend.port()));
  daemon.wait_for("reloaded");
  BOOST_TEST(presented(daemon) == renewed.chain);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_used_changes_nothing_and_is_told_once) {
  const Backend backend(echo());
  Daemon daemon(simple(backend.port()));
  const Certificate renewed = make_certificate({"bridge.test"});
  daemon.write("server.key", renewed.key);
  const Record failed = daemon.wait_for("certificates_not_read");
  BOOST_TEST(failed["error"].find("server.key") != std::string::npos, failed["error"]);
  BOOST_TEST(presented(daemon) == server_certificate().chain);

  daemon.write("server.crt", "half a cert");
  BOOST_TEST(daemon.wait_for("certificates_not_read")["error"].find("server.crt") != std::string::npos);
  BOOST_TEST(presented(daemon) == server_certificate().chain);

  daemon.write("server.crt", renewed.chain);
  daemon.wait_for("certificates_read");
  BOOST_TEST(presented(daemon) == renewed.chain);
  int told = 0;
  for (const Record& record : daemon.records()) told += record["event"] == "certificates_not_read" ? 1 : 0;
  BOOST_TEST(told == 2);
}

BOOST_AUTO_TEST_CASE(a_new_revocation_list_holds_for_who_comes_next) {
  const Backend backend(echo());
  const Authority root("Root");
  const Certificate ben = root.issue({.common_names = {"ben"}});
  Daemon daemon(configuration("  - bind: 127.0.0.1:0\n"
                              "    tls:\n"
                              "      certificates: [ { chain: server.crt, key: server.key } ]\n"
                              "      client_certificates: { ca: ca.pem, crl: clients.crl, required: true }\n",
                              route("desk", backend.port())),
                {.files = {{"ca.pem", root.pem()}, {"clients.crl", root.revocation_list()}}});
  const TlsOptions as_ben{.max_version = TLS1_2_VERSION, .chain = ben.chain, .key = ben.key};
  RawClient(daemon.port(), as_ben).request(Head());
  daemon.write("clients.crl", root.revocation_list({ben}));
  daemon.wait_for("certificates_read");
  BOOST_CHECK_THROW(RawClient(daemon.port(), as_ben).request(Head()), std::runtime_error);
  BOOST_TEST(daemon.refused("tls_error")["detail"].find("revoked") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
