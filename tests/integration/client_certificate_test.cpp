#include "support/authority.hpp"
#include "support/backend.hpp"
#include "support/daemon.hpp"
#include "support/raw_client.hpp"

#include <csignal>
#include <optional>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <poll.h>

using namespace drawbridge::testing;

namespace {

constexpr int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

using Session = std::unique_ptr<SSL_SESSION, decltype(&SSL_SESSION_free)>;

const Authority& root() {
  static const Authority authority("Root");
  return authority;
}

// Listeners with three names; `asked` is what stands in client_certificates, empty: nothing does.
std::string listener(const std::string& asked) {
  return "  - { bind: \"127.0.0.1:0\", tls: { certificates: [ { chain: server.crt, key: server.key }, { chain: b.crt, "
         "key: "
         "b.key }, { chain: c.crt, key: c.key } ]" +
         (asked.empty() ? "" : ", client_certificates: { " + asked + " }") + " } }\n";
}

struct Bridge {
  explicit Bridge(const std::vector<std::string>& asked, std::map<std::string, std::string> more_files = {}) {
    std::string listeners;
    for (const std::string& each : asked) listeners += listener(each);
    const Certificate b = make_certificate({"b.test"});
    const Certificate c = make_certificate({"c.test"});
    DaemonOptions options{.files = std::move(more_files)};
    options.files.insert({{"b.crt", b.chain}, {"b.key", b.key}, {"c.crt", c.chain}, {"c.key", c.key}});
    options.files.insert({"ca.pem", root().pem()});
    text = configuration(listeners, route("desk", backend.port()));
    daemon.emplace(text, options);
  }

  // What a browser with that certificate comes to at the listener: "101", or what the log says of it.
  std::string visit(TlsOptions tls, const std::optional<Certificate>& certificate, const std::string& issuers = "",
                    std::size_t at = 0) {
    if (certificate) tls.chain = certificate->chain + issuers;
    if (certificate) tls.key = certificate->key;
    const std::string host = tls.server_name.empty() ? "bridge.test" : tls.server_name;
    try {
      RawClient client(daemon->port(at), tls);
      const Answer answer = client.request(Head().set("Host", host));
      resumed = SSL_session_reused(client.wire().tls()) == 1;
      // A copy: OpenSSL takes the session away with a connection that is not shut down.
      session.reset(SSL_SESSION_dup(SSL_get0_session(client.wire().tls())));
      if (answer.status == 101) client.finish();
      daemon->wait_for("session");
      return std::to_string(answer.status);
    } catch (const Timeout&) {
      throw;
    } catch (const std::runtime_error&) {
      // With TLS 1.3 the browser may have sent its request already, and finds the connection closed.
      const Record record = daemon->refused("tls_error");
      BOOST_TEST(record["path"] == "");
      return record["detail"];
    }
  }
  // The same in both versions.
  void says(const std::string& expected, const std::optional<Certificate>& certificate,
            const std::string& issuers = "") {
    for (const int version : versions) BOOST_TEST(visit({.max_version = version}, certificate, issuers) == expected);
  }

  Backend backend{echo()};
  std::string text;
  std::optional<Daemon> daemon;
  bool resumed = false;
  Session session{nullptr, SSL_SESSION_free};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(client_certificates)

BOOST_AUTO_TEST_CASE(only_good_certificates_pass) {
  const Authority middle = root().intermediate("Middle");
  for (const char* asked : {"ca: ca.pem", "ca: ca.pem, required: true"}) {
    BOOST_TEST_CONTEXT(asked) {
      Bridge bridge({asked});
      bridge.says("101", root().issue());
      bridge.says("101", middle.issue(), middle.pem());
      bridge.says("unable to get local issuer certificate", middle.issue());
      bridge.says("certificate has expired", root().issue({.end = -1}));
      bridge.says("certificate is not yet valid", root().issue({.begin = one_day}));
      bridge.says("unsuitable certificate purpose", root().issue({.usage = "serverAuth"}));
      bridge.says("unable to get local issuer certificate", Authority("Another").issue());
      bridge.says("certificate signature failure", Authority("Root").issue());
      bridge.says("self-signed certificate", make_certificate({"anna"}));
      const bool required = std::string(asked).find("required") != std::string::npos;
      bridge.says(required ? "no certificate was sent" : "101", {});
    }
  }
}

BOOST_AUTO_TEST_CASE(every_server_name_asks) {
  const Certificate ben = root().issue({.common_names = {"ben"}});
  Bridge bridge({"ca: ca.pem, crl: clients.crl, required: true"}, {{"clients.crl", root().revocation_list({ben})}});
  for (const int version : versions) {
    for (const char* name : {"bridge.test", "b.test", "c.test", "unknown.test", ""}) {
      BOOST_TEST_CONTEXT(name) {
        const TlsOptions tls{.server_name = name, .max_version = version};
        BOOST_TEST(bridge.visit(tls, root().issue()) == "101");
        BOOST_TEST(bridge.visit(tls, ben) == "certificate revoked");
        BOOST_TEST(bridge.visit(tls, {}) == "no certificate was sent");
        BOOST_TEST(bridge.visit(tls, Authority("Another").issue()) == "unable to get local issuer certificate");
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_saved_session_is_no_certificate) {
  Bridge bridge({"", "ca: ca.pem, required: true", "ca: ca.pem"});
  for (const int version : versions) {
    for (const char* name : {"bridge.test", "b.test"}) {
      BOOST_TEST_CONTEXT(name << " " << version) {
        TlsOptions tls{.server_name = name, .max_version = version};
        // From where nobody asks: good there, and only there.
        BOOST_TEST(bridge.visit(tls, {}) == "101");
        const Session open = std::move(bridge.session);
        tls.session = open.get();
        BOOST_TEST(bridge.visit(tls, {}) == "101");
        BOOST_TEST(bridge.resumed);
        for (const char* other : {"bridge.test", "b.test"}) {
          tls.server_name = other;
          BOOST_TEST(bridge.visit(tls, {}, "", 1) == "no certificate was sent");
          BOOST_TEST(bridge.visit(tls, root().issue({.end = -1}), "", 1) == "certificate has expired");
          BOOST_TEST(bridge.visit(tls, root().issue(), "", 1) == "101");
          BOOST_TEST(!bridge.resumed);
          BOOST_TEST(bridge.visit(tls, {}, "", 2) == "101");
          BOOST_TEST(!bridge.resumed);
        }
        // From where a certificate was shown: good nowhere.
        tls.server_name = name;
        tls.session = nullptr;
        BOOST_TEST(bridge.visit(tls, root().issue(), "", 1) == "101");
        const Session shown = std::move(bridge.session);
        BOOST_TEST(SSL_SESSION_is_resumable(shown.get()) == 0);
        tls.session = shown.get();
        BOOST_TEST(bridge.visit(tls, {}, "", 1) == "no certificate was sent");
        BOOST_TEST(bridge.visit(tls, {}, "", 0) == "101");
        BOOST_TEST(!bridge.resumed);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_reload_takes_up_a_new_revocation_list_and_keeps_the_old_one_if_it_is_broken) {
  const Certificate anna = root().issue();
  const Certificate ben = root().issue({.common_names = {"ben"}});
  Bridge bridge({"ca: ca.pem, crl: clients.crl"}, {{"clients.crl", root().revocation_list()}});
  Daemon& daemon = *bridge.daemon;
  bridge.says("101", anna);
  bridge.says("101", ben);
  RawClient stays(daemon.port(), {.chain = ben.chain, .key = ben.key});
  BOOST_TEST(stays.request(Head()).status == 101U);

  daemon.write("clients.crl", root().revocation_list({ben}));
  daemon.process().signal(SIGHUP);
  daemon.wait_for("reloaded");
  bridge.says("101", anna);
  bridge.says("certificate revoked", ben);

  daemon.write("clients.crl", "nothing");
  daemon.process().signal(SIGHUP);
  daemon.wait_for("reload_failed");
  bridge.says("101", anna);
  bridge.says("certificate revoked", ben);

  daemon.write("clients.crl", root().revocation_list({}, -1));
  daemon.process().signal(SIGHUP);
  daemon.wait_for("reloaded");
  bridge.says("CRL has expired", anna);
  bridge.says("101", {});

  // Who was in stays in.
  stays.send_frame(Op::binary, "still here");
  BOOST_TEST(stays.read_payload(10) == "still here");
}

// With TLS 1.3 it sends on before it hears of it. A reset would then destroy what it is to hear.
BOOST_AUTO_TEST_CASE(a_client_that_sends_on_is_told_that_its_certificate_was_refused) {
  Bridge bridge({"ca: ca.pem, required: true"});
  RawClient client(bridge.daemon->port(), {});
  pollfd parted{.fd = client.wire().descriptor(), .events = POLLRDHUP, .revents = 0};
  BOOST_TEST_REQUIRE(poll(&parted, 1, static_cast<int>(patience.count())) == 1);
  client.send(Head().text());
  client.send("and more");
  BOOST_CHECK_EXCEPTION(client.wire().read_some(), std::runtime_error, [](const std::runtime_error& e) {
    return std::string(e.what()) == "TLS read: tlsv13 alert certificate required";
  });
}

BOOST_AUTO_TEST_CASE(other_failures_have_no_detail) {
  Bridge bridge({"ca: ca.pem, required: true"});
  RawClient client(connect_tcp(bridge.daemon->port()));
  client.send("not TLS at all");
  client.wire().read_to_end_or_reset();
  BOOST_TEST(!bridge.daemon->refused("tls_error").fields.contains("detail"));
}

BOOST_AUTO_TEST_CASE(check_tells_of_their_files) {
  const TemporaryDirectory directory;
  directory.write("server.crt", server_certificate().chain);
  directory.write("server.key", server_certificate().key);
  directory.write("ca.pem", root().pem());
  const auto check = [&](const std::string& crl) {
    directory.write("clients.crl", crl);
    const std::string text = configuration(
        "  - bind: 127.0.0.1:0\n    tls:\n      certificates: [ { chain: server.crt, key: server.key } ]\n"
        "      client_certificates: { ca: ca.pem, crl: clients.crl }\n",
        route("desk", 5900));
    return run({program(), "check", "-c", directory.write("drawbridge.yaml", text)});
  };
  const Run good = check(root().revocation_list());
  BOOST_TEST(good.code == 0);
  BOOST_TEST(good.error == "");
  const Run outdated = check(root().revocation_list({}, -1));
  BOOST_TEST(outdated.code == 0);
  BOOST_TEST(outdated.error.find("drawbridge.yaml:5:28: warning: revocation list 1 in") != std::string::npos,
             outdated.error);
  const Run broken = check("nothing");
  BOOST_TEST(broken.code == 1);
  BOOST_TEST(broken.error.find("holds no revocation list in PEM form") != std::string::npos, broken.error);
}

BOOST_AUTO_TEST_SUITE_END()
