#include "net/client_verification.hpp"

#include "support/authority.hpp"
#include "tls_pair.hpp"

using namespace drawbridge;
using net::IoStatus;
using test::TlsPair;
using testing::Authority;
using testing::Certificate;
using testing::one_day;
using testing::Wish;

namespace {

using Issuers = std::vector<std::string>;
constexpr auto any_version = config::TlsVersion::tls1_2;

const Authority& root() {
  static const Authority authority("Root");
  return authority;
}

// The same without a connection: empty, or why not.
std::string objection(const TlsPair::Asked& asked, const Certificate& certificate, const Issuers& issuers) {
  const testing::TemporaryDirectory directory;
  const std::string crl = asked.crl.empty() ? "" : directory.write("clients.crl", asked.crl);
  std::string why;
  const auto verification =
      net::ClientVerification::read({directory.write("ca.pem", asked.ca), crl, asked.required, {}}, "", why);
  BOOST_REQUIRE_MESSAGE(verification, why);
  std::string sent;
  for (const std::string& issuer : issuers) sent += issuer;
  const auto leaf = config::certificates_of(certificate.chain);
  const bool good =
      verification->accepts(leaf.items.at(0).get(), config::certificates_of(sent).items, std::time(nullptr), why);
  BOOST_TEST(good == why.empty());
  return why;
}

// What the server says of a client's certificate: whose it is, or why not.
std::string verdict(const TlsPair::Asked& asked, const std::optional<Certificate>& certificate,
                    const Issuers& issuers = {}, int version = TLS1_3_VERSION) {
  TlsPair pair({"a.test"}, any_version, asked);
  SSL_set_max_proto_version(pair.client.get(), version);
  if (certificate) pair.present(*certificate, issuers);
  const IoStatus status = pair.shake();
  const auto peer = pair.server->peer_certificate();
  if (certificate) {
    const auto refused = status == IoStatus::ok ? std::string_view() : pair.server->certificate_error();
    BOOST_TEST(objection(asked, *certificate, issuers) == refused);
  }
  if (status == IoStatus::ok) return peer ? peer->common_name : "nobody";
  BOOST_TEST(!peer);
  return std::string(pair.server->certificate_error());
}

// The same in both versions.
void says(const std::string& expected, const TlsPair::Asked& asked, const std::optional<Certificate>& certificate,
          const Issuers& issuers = {}) {
  BOOST_TEST(verdict(asked, certificate, issuers, TLS1_2_VERSION) == expected);
  BOOST_TEST(verdict(asked, certificate, issuers, TLS1_3_VERSION) == expected);
}

std::string why_not(const config::ClientCertificates& asked) {
  std::string why;
  BOOST_TEST(!net::ClientVerification::read(asked, "", why));
  return why;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(client_verification)

BOOST_AUTO_TEST_CASE(a_good_certificate_says_who_comes) {
  says("anna", {root().pem()}, root().issue());
  says("anna", {root().pem(), "", true}, root().issue());
  says("anna", {root().pem()}, root().issue({.usage = ""}));
  says("anna", {Authority("Another").pem() + root().pem()}, root().issue());
}

BOOST_AUTO_TEST_CASE(who_has_none_is_let_in_unless_one_is_required) {
  says("nobody", {root().pem()}, {});
  says("no certificate was sent", {root().pem(), "", true}, {});
}

BOOST_AUTO_TEST_CASE(without_the_question_a_certificate_says_nothing) {
  TlsPair pair({"a.test"});
  pair.present(root().issue());
  BOOST_TEST((pair.shake() == IoStatus::ok));
  BOOST_TEST(!pair.server->peer_certificate());
}

BOOST_AUTO_TEST_CASE(a_certificate_that_does_not_hold_is_refused_also_where_none_is_required) {
  for (const bool required : {false, true}) {
    const TlsPair::Asked asked{root().pem(), "", required};
    says("certificate has expired", asked, root().issue({.end = -1}));
    says("certificate is not yet valid", asked, root().issue({.begin = one_day}));
    // Which words OpenSSL has for this is its own business.
    says("unsuitable certificate purpose", asked, root().issue({.usage = "serverAuth"}));
    says("unable to get local issuer certificate", asked, Authority("Another").issue());
    says("self-signed certificate", asked, testing::make_certificate({"a.test"}));
    says("certificate signature failure", asked, Authority("Root").issue());
  }
}

BOOST_AUTO_TEST_CASE(an_issuer_that_expired_vouches_for_nobody) {
  const Authority old("Old", -1);
  says("certificate has expired", {old.pem()}, old.issue());
}

BOOST_AUTO_TEST_CASE(a_client_cannot_issue_certificates) {
  const Certificate anna = root().issue();
  // Signed by anna's issuer's namesake: as if anna had signed it with a key that nobody vouched for.
  const Authority as_anna("anna");
  const std::string refused = verdict({root().pem()}, as_anna.issue({.common_names = {"root"}}), {anna.chain});
  BOOST_TEST(refused == "invalid CA certificate");
}

BOOST_AUTO_TEST_CASE(the_client_sends_the_intermediates_or_the_file_has_them) {
  const Authority middle = root().intermediate("Middle");
  const Certificate anna = middle.issue();
  says("anna", {root().pem()}, anna, {middle.pem()});
  says("anna", {root().pem() + middle.pem()}, anna);
  says("unable to get local issuer certificate", {root().pem()}, anna);
  // Up to the root: an intermediate alone is no anchor.
  says("unable to get issuer certificate", {middle.pem()}, anna);
  says("unable to get issuer certificate", {middle.pem()}, anna, {middle.pem()});
}

BOOST_AUTO_TEST_CASE(a_chain_has_at_most_five_intermediates) {
  std::vector<Authority> chain;
  Issuers sent;
  for (int i = 0; i < 6; ++i) {
    chain.push_back((chain.empty() ? root() : chain.back()).intermediate("Middle " + std::to_string(i)));
    sent.insert(sent.begin(), chain.back().pem());
    if (i == 4) says("anna", {root().pem()}, chain.back().issue(), sent);
  }
  says("certificate chain too long", {root().pem()}, chain.back().issue(), sent);
}

BOOST_AUTO_TEST_CASE(what_a_client_sends_of_a_chain_is_bounded) {
  const Issuers few(10, root().pem());
  says("anna", {root().pem()}, root().issue(), few);
  TlsPair pair({"a.test"}, any_version, TlsPair::Asked{root().pem()});
  pair.present(root().issue(), Issuers(200, root().pem()));
  BOOST_TEST((pair.shake() == IoStatus::broken));
}

BOOST_AUTO_TEST_CASE(a_revoked_certificate_is_refused) {
  const Certificate anna = root().issue();
  const Certificate ben = root().issue({.common_names = {"ben"}});
  const TlsPair::Asked asked{root().pem(), root().revocation_list({ben})};
  says("anna", asked, anna);
  says("certificate revoked", asked, ben);
  says("nobody", asked, {});
}

BOOST_AUTO_TEST_CASE(every_issuer_needs_a_list_that_is_up_to_date) {
  const Authority middle = root().intermediate("Middle");
  const Certificate anna = middle.issue();
  const Certificate ben = root().issue({.common_names = {"ben"}});
  const std::string both = root().pem() + middle.pem();
  says("anna", {both, root().revocation_list() + middle.revocation_list()}, anna);
  says("unable to get certificate CRL", {both, root().revocation_list()}, anna);
  says("unable to get certificate CRL", {both, middle.revocation_list()}, anna);
  says("ben", {both, root().revocation_list()}, ben);
  says("CRL has expired", {both, root().revocation_list({}, -1)}, ben);
  says("unable to get certificate CRL", {both, Authority("Another").revocation_list()}, ben);
  says("CRL signature failure", {both, Authority("Root").revocation_list()}, ben);
  says("certificate revoked", {both, root().revocation_list({{middle.pem(), ""}}) + middle.revocation_list()}, anna);
}

BOOST_AUTO_TEST_CASE(every_server_name_asks_and_verifies) {
  const Certificate good = root().issue();
  const Certificate revoked = root().issue({.common_names = {"ben"}});
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (const char* name : {"a.test", "b.test", "c.test", "unknown.test", ""}) {
      for (const bool required : {false, true}) {
        TlsPair pair({"a.test", "b.test", "c.test"}, any_version,
                     TlsPair::Asked{root().pem(), root().revocation_list({revoked}), required});
        const auto with = [&](const std::optional<Certificate>& certificate) {
          pair.connect();
          SSL_set_max_proto_version(pair.client.get(), version);
          if (*name != '\0') pair.ask_for(name);
          if (certificate) pair.present(*certificate);
          return pair.shake();
        };
        BOOST_TEST((with(good) == IoStatus::ok));
        BOOST_TEST(pair.server->peer_certificate().value().common_name == "anna");
        const STACK_OF(X509_NAME)* const issuers = SSL_get0_peer_CA_list(pair.client.get());
        BOOST_TEST(sk_X509_NAME_num(issuers) == 1);
        BOOST_TEST((with(revoked) == IoStatus::broken));
        BOOST_TEST(pair.server->certificate_error() == "certificate revoked");
        BOOST_TEST((with(testing::make_certificate({"a.test"})) == IoStatus::broken));
        BOOST_TEST((with({}) == (required ? IoStatus::broken : IoStatus::ok)));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(nothing_is_ever_resumed) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (const bool required : {false, true}) {
      TlsPair pair({"a.test", "b.test"}, any_version, TlsPair::Asked{root().pem(), "", required});
      const auto connect = [&](const char* name) {
        pair.connect();
        SSL_set_max_proto_version(pair.client.get(), version);
        pair.ask_for(name);
      };
      for (const char* name : {"a.test", "b.test"}) {
        connect(name);
        pair.present(root().issue());
        BOOST_REQUIRE((pair.shake() == IoStatus::ok));
        const auto session = pair.session();
        BOOST_TEST(SSL_SESSION_is_resumable(session.get()) == 0);
        // As if it were: whoever offers it is asked again.
        for (const char* next : {"a.test", "b.test"}) {
          connect(next);
          SSL_set_session(pair.client.get(), session.get());
          const IoStatus status = pair.shake();
          BOOST_TEST((status == (required ? IoStatus::broken : IoStatus::ok)));
          BOOST_TEST(SSL_session_reused(pair.client.get()) == 0);
          BOOST_TEST(!pair.server->peer_certificate());
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_session_made_where_nobody_asked_does_not_count_where_somebody_does) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsPair open({"a.test"});
    SSL_set_max_proto_version(open.client.get(), version);
    BOOST_REQUIRE((open.shake() == IoStatus::ok));
    const auto session = open.session();
    BOOST_TEST(SSL_SESSION_is_resumable(session.get()) == 1);
    TlsPair closed({"a.test"}, any_version, TlsPair::Asked{root().pem(), "", true});
    SSL_set_max_proto_version(closed.client.get(), version);
    SSL_set_session(closed.client.get(), session.get());
    BOOST_TEST((closed.shake() == IoStatus::broken));
    BOOST_TEST(closed.server->certificate_error() == "no certificate was sent");
  }
}

BOOST_AUTO_TEST_CASE(a_failure_that_is_not_the_certificates_is_not_blamed_on_it) {
  TlsPair pair({"a.test"}, any_version, TlsPair::Asked{root().pem(), "", true});
  BOOST_REQUIRE(::send(pair.client_socket.get(), "not TLS at all", 14, 0) > 0);
  BOOST_TEST((pair.server->handshake() == IoStatus::broken));
  BOOST_TEST(pair.server->certificate_error() == "");
}

BOOST_AUTO_TEST_CASE(our_own_chain_is_what_it_was_configured_to_be) {
  // The server's certificate is of the same authority: it is not completed from the file of the clients' issuers.
  const testing::TemporaryDirectory directory;
  const Certificate own = root().issue({.usage = ""});
  TlsPair pair({"a.test"});
  config::Tls tls;
  tls.certificates.push_back({directory.write("own.pem", own.chain), directory.write("own.key", own.key), {}});
  tls.client_certificates = {directory.write("ca.pem", root().pem()), "", false, {}};
  std::string why;
  pair.context = net::TlsContext::make(tls, "127.0.0.1:0", "", why);
  pair.connect();
  BOOST_REQUIRE((pair.shake() == IoStatus::ok));
  BOOST_TEST(sk_X509_num(SSL_get_peer_cert_chain(pair.client.get())) == 1);
}

BOOST_AUTO_TEST_CASE(files_that_cannot_be_used_are_named) {
  const testing::TemporaryDirectory directory;
  const std::string ca = directory.write("ca.pem", root().pem());
  const std::string empty = directory.write("empty.pem", "");
  const std::string broken = directory.write("broken.pem", root().pem() + root().pem().substr(0, 200));
  const std::string crl = directory.write("clients.crl", root().revocation_list());
  BOOST_TEST(why_not({directory.path("none.pem"), "", false, {}}) ==
             "cannot read " + directory.path("none.pem") + ": there is no such file");
  BOOST_TEST(why_not({empty, "", false, {}}) == empty + " holds no certificate");
  BOOST_TEST(why_not({crl, "", false, {}}) == crl + " holds no certificate");
  BOOST_TEST(why_not({broken, "", false, {}}) == broken + " holds a malformed certificate");
  BOOST_TEST(why_not({ca, ca, false, {}}) == ca + " holds no revocation list");
  BOOST_TEST(why_not({ca, directory.path("none.crl"), false, {}}) ==
             "cannot read " + directory.path("none.crl") + ": there is no such file");
  std::string many;
  for (int i = 0; i < 150; ++i) many += Authority(std::to_string(i) + std::string(250, 'x')).pem();
  const std::string crowd = directory.write("crowd.pem", many);
  BOOST_TEST(why_not({crowd, "", false, {}}) ==
             crowd + " holds too many issuers: their names take more than 32 KiB of each handshake");
}

BOOST_AUTO_TEST_SUITE_END()
