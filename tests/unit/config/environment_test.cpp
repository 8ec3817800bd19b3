#include "config/load.hpp"
#include "support/authority.hpp"
#include "support/temporary_directory.hpp"

#include <memory>

#include <boost/test/unit_test.hpp>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>

using namespace drawbridge::config;
using drawbridge::testing::Authority;
using drawbridge::testing::TemporaryDirectory;

namespace {

constexpr std::int64_t now = 1'750'000'000;  // 2025-06-15 15:06:40 UTC
constexpr std::int64_t day = 24 * 3600;

Environment at_now() {
  Environment environment;
  environment.unix_time = now;
  return environment;
}

using KeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

KeyPtr make_key() {
  return {EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"), EVP_PKEY_free};
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return text;
}

std::string pem(EVP_PKEY* key, const EVP_CIPHER* cipher = nullptr) {
  BIO* const bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PKCS8PrivateKey(bio, key, cipher, cipher ? "secret" : nullptr, cipher ? 6 : 0, nullptr, nullptr);
  return text_of(bio);
}

std::string certificate_for(EVP_PKEY* key, std::int64_t begin, std::int64_t end) {
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), X509_free);
  X509_set_pubkey(certificate.get(), key);
  ASN1_TIME_set(X509_getm_notBefore(certificate.get()), begin);
  ASN1_TIME_set(X509_getm_notAfter(certificate.get()), end);
  X509_sign(certificate.get(), key, EVP_sha256());
  BIO* const bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(bio, certificate.get());
  return text_of(bio);
}

std::string told_of(const Config& config, const Environment& environment, const TemporaryDirectory& directory) {
  std::string out;
  for (const auto& diagnostic : check_environment(config, environment)) out += diagnostic.text() + "\n";
  // The path of this run's directory tells nothing.
  const std::string prefix = directory.path("");
  for (auto at = out.find(prefix); at != std::string::npos; at = out.find(prefix)) out.erase(at, prefix.size());
  return out;
}

// A certificate and its key on the disk.
struct Pair {
  TemporaryDirectory directory;
  KeyPtr key = make_key();
  std::string chain_path = directory.path("chain.pem");
  std::string key_path = directory.path("key.pem");

  Pair() {
    chain(certificate_for(key.get(), now - day, now + 90 * day));
    directory.write("key.pem", pem(key.get()));
    ::chmod(key_path.c_str(), 0640);
  }
  void chain(const std::string& text) const { directory.write("chain.pem", text); }

  std::string told(const Environment& environment = at_now()) const {
    Config config;
    Listener& listener = config.listeners.emplace_back();
    listener.tls.emplace().certificates.push_back({chain_path, key_path, {"d.yaml", 3, 28}});
    return told_of(config, environment, directory);
  }
};

// What is told of the issuers and revocation lists of a listener's clients.
struct Clients {
  TemporaryDirectory directory;
  ClientCertificates asked{directory.path("ca.pem"), "", false, {"d.yaml", 4, 7}};

  std::string told(const std::string& ca, const std::string& crl = "", const Environment& environment = at_now()) {
    directory.write("ca.pem", ca);
    if (!crl.empty()) asked.crl = directory.write("clients.crl", crl);
    Config config;
    config.listeners.emplace_back().tls.emplace().client_certificates = asked;
    return told_of(config, environment, directory);
  }
};

Authority authority(const std::string& name, long end = 365 * day) {
  return Authority(name, end, now);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(environment)

BOOST_AUTO_TEST_CASE(a_certificate_with_its_key_is_fine) {
  BOOST_TEST(Pair().told() == "");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_is_an_error) {
  Pair pair;
  pair.chain_path = pair.directory.path("none.pem");
  pair.key_path = "/";
  BOOST_TEST(pair.told() ==
             "d.yaml:3:28: cannot read `none.pem`: there is no such file\n"
             "d.yaml:3:28: cannot read `/`: it is a directory\n");
}

BOOST_AUTO_TEST_CASE(what_is_no_pem_is_an_error) {
  const Pair pair;
  const std::string right = certificate_for(pair.key.get(), now - day, now + 90 * day);
  pair.chain("hello\n");
  BOOST_TEST(pair.told() ==
             "d.yaml:3:28: `chain.pem` holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)\n");
  pair.chain("");
  BOOST_TEST(pair.told() ==
             "d.yaml:3:28: `chain.pem` holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)\n");
  pair.chain("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  BOOST_TEST(pair.told() == "d.yaml:3:28: certificate 1 in `chain.pem` is malformed\n");
  pair.chain(right + right.substr(0, right.size() / 2));
  BOOST_TEST(pair.told() == "d.yaml:3:28: certificate 2 in `chain.pem` is malformed\n");
  pair.chain(right);
  pair.directory.write("key.pem", right);
  BOOST_TEST(pair.told() == "d.yaml:3:28: `key.pem` holds no private key in PEM form (-----BEGIN PRIVATE KEY-----)\n");
}

BOOST_AUTO_TEST_CASE(an_encrypted_key_is_an_error_and_no_question) {
  const Pair pair;
  pair.directory.write("key.pem", pem(pair.key.get(), EVP_aes_128_cbc()));
  BOOST_TEST(pair.told() ==
             "d.yaml:3:28: the key `key.pem` is encrypted, and nobody is there to type its passphrase; store it "
             "decrypted\n");
}

BOOST_AUTO_TEST_CASE(a_key_of_another_certificate_is_an_error) {
  const Pair pair;
  pair.directory.write("key.pem", pem(make_key().get()));
  BOOST_TEST(pair.told() == "d.yaml:3:28: the key `key.pem` does not belong to the first certificate of `chain.pem`\n");
}

BOOST_AUTO_TEST_CASE(dates_are_warnings_for_each_certificate_of_the_chain) {
  const Pair pair;
  const auto valid = [&](std::int64_t begin, std::int64_t end) {
    return certificate_for(pair.key.get(), now + begin, now + end);
  };
  pair.chain(valid(-day, -1));
  BOOST_TEST(pair.told() == "d.yaml:3:28: warning: the certificate `chain.pem` expired on 2025-06-15\n");
  pair.chain(valid(day, 90 * day));
  BOOST_TEST(pair.told() == "d.yaml:3:28: warning: the certificate `chain.pem` is not valid before 2025-06-16\n");
  pair.chain(valid(-day, 30 * day));
  BOOST_TEST(pair.told() == "");
  pair.chain(valid(-day, 30 * day - 1));
  BOOST_TEST(pair.told() == "d.yaml:3:28: warning: the certificate `chain.pem` expires on 2025-07-15, in 29 days\n");
  pair.chain(valid(-day, 90 * day) + valid(-day, day));
  BOOST_TEST(pair.told() == "d.yaml:3:28: warning: certificate 2 in `chain.pem` expires on 2025-06-16, in 1 days\n");
}

BOOST_AUTO_TEST_CASE(a_key_that_the_world_can_read_is_a_warning) {
  const Pair pair;
  ::chmod(pair.key_path.c_str(), 0644);
  BOOST_TEST(pair.told() ==
             "d.yaml:3:28: warning: everybody on this machine can read the key `key.pem`; chmod o-r it\n");
}

BOOST_AUTO_TEST_CASE(credentials_are_files_in_systemds_directory) {
  Pair pair;
  pair.chain_path = "credential:chain.pem";
  pair.key_path = "credential:key.pem";
  Environment in_service = at_now();
  in_service.credentials_directory = pair.directory.path("");
  BOOST_TEST(pair.told(in_service) == "");
  BOOST_TEST(
      pair.told() ==
      "d.yaml:3:28: `credential:chain.pem` needs LoadCredential= and exists only while systemd runs the service\n"
      "d.yaml:3:28: `credential:key.pem` needs LoadCredential= and exists only while systemd runs the service\n");
  BOOST_TEST(file_of("credential:x", "/run/credentials") == "/run/credentials/x");
  BOOST_TEST(file_of("/etc/x", "/run/credentials") == "/etc/x");
}

BOOST_AUTO_TEST_CASE(issuers_of_clients_and_their_lists_are_fine) {
  const Authority root = authority("Root");
  const Authority middle = root.intermediate("Middle");
  const std::string all = root.pem() + middle.pem();
  BOOST_TEST(Clients().told(root.pem()) == "");
  BOOST_TEST(Clients().told(all) == "");
  BOOST_TEST(Clients().told(all, root.revocation_list({root.issue()}) + middle.revocation_list()) == "");
}

BOOST_AUTO_TEST_CASE(issuers_that_cannot_be_had_are_errors) {
  const std::string right = authority("Root").pem();
  BOOST_TEST(Clients().told("") ==
             "d.yaml:4:7: `ca.pem` holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)\n");
  BOOST_TEST(Clients().told(right + right.substr(0, right.size() / 2)) ==
             "d.yaml:4:7: certificate 2 in `ca.pem` is malformed\n");
  Clients absent;
  absent.asked.ca = absent.directory.path("none.pem");
  BOOST_TEST(absent.told(right) == "d.yaml:4:7: cannot read `none.pem`: there is no such file\n");
  Clients secret;
  secret.asked.ca = "credential:ca.pem";
  BOOST_TEST(secret.told(right) ==
             "d.yaml:4:7: `credential:ca.pem` needs LoadCredential= and exists only while systemd runs the service\n");
  Environment in_service = at_now();
  in_service.credentials_directory = secret.directory.path("");
  BOOST_TEST(secret.told(right, "", in_service) == "");
}

BOOST_AUTO_TEST_CASE(issuers_that_vouch_for_nobody_are_warnings) {
  const Authority root = authority("Root");
  BOOST_TEST(Clients().told(root.pem() + authority("Old", -1).pem()) ==
             "d.yaml:4:7: warning: certificate 2 in `ca.pem` expired on 2025-06-15\n");
  BOOST_TEST(Clients().told(root.pem() + authority("Late", day).pem()) ==
             "d.yaml:4:7: warning: certificate 2 in `ca.pem` expires on 2025-06-16, in 1 days\n");
  BOOST_TEST(Clients().told(root.issue().chain) ==
             "d.yaml:4:7: warning: certificate 1 in `ca.pem` is none of a CA: it makes nobody else's pass\n");
  BOOST_TEST(
      Clients().told(root.intermediate("Middle").pem()) ==
      "d.yaml:4:7: warning: certificate 1 in `ca.pem` does not count: its issuer is not there, up to the root\n");
}

BOOST_AUTO_TEST_CASE(revocation_lists_that_cannot_be_had_are_errors) {
  const Authority root = authority("Root");
  const std::string right = root.revocation_list();
  BOOST_TEST(Clients().told(root.pem(), root.pem()) ==
             "d.yaml:4:7: `clients.crl` holds no revocation list in PEM form (-----BEGIN X509 CRL-----)\n");
  BOOST_TEST(Clients().told(root.pem(), right + right.substr(0, right.size() / 2)) ==
             "d.yaml:4:7: revocation list 2 in `clients.crl` is malformed\n");
  Clients absent;
  absent.asked.crl = absent.directory.path("none.crl");
  BOOST_TEST(absent.told(root.pem()) == "d.yaml:4:7: cannot read `none.crl`: there is no such file\n");
}

BOOST_AUTO_TEST_CASE(revocation_lists_by_which_nobody_passes_are_warnings) {
  const Authority root = authority("Root");
  const Authority other = authority("Other");
  BOOST_TEST(Clients().told(root.pem(), root.revocation_list({}, -1)) ==
             "d.yaml:4:7: warning: revocation list 1 in `clients.crl` is outdated since 2025-06-15: every certificate "
             "of its issuer is refused\n");
  Environment early = at_now();
  early.unix_time = now - 3 * day;
  BOOST_TEST(Clients().told(root.pem(), root.revocation_list(), early) ==
             "d.yaml:4:7: warning: revocation list 1 in `clients.crl` is not valid before 2025-06-13: every "
             "certificate of its issuer is refused\n");
  BOOST_TEST(Clients().told(root.pem(), root.revocation_list() + other.revocation_list()) ==
             "d.yaml:4:7: warning: revocation list 2 in `clients.crl` is signed by none of the certificates in "
             "`ca.pem`\n");
  BOOST_TEST(Clients().told(root.pem() + other.pem(), root.revocation_list()) ==
             "d.yaml:4:7: warning: certificate 2 in `ca.pem` has no revocation list in `clients.crl`: every "
             "certificate that it issued is refused\n");
  // A namesake's list is not its own.
  BOOST_TEST(Clients().told(root.pem(), authority("Root").revocation_list()) ==
             "d.yaml:4:7: warning: revocation list 1 in `clients.crl` is signed by none of the certificates in "
             "`ca.pem`\n"
             "d.yaml:4:7: warning: certificate 1 in `ca.pem` has no revocation list in `clients.crl`: every "
             "certificate that it issued is refused\n");
}

BOOST_AUTO_TEST_CASE(backends_that_do_not_resolve_are_warnings_once_each) {
  Config config;
  for (const char* host : {"127.0.0.1", "::1", "localhost", "nowhere.invalid", "nowhere.invalid"}) {
    const int line = static_cast<int>(config.routes.size()) + 1;
    Route& route = config.routes.emplace_back();
    route.backend = {host, 1};
    route.position = {"d.yaml", line, 5};
  }
  const auto diagnostics = check_environment(config, at_now());
  BOOST_REQUIRE(diagnostics.size() == 1U);
  const std::string text = diagnostics[0].text();
  BOOST_TEST(text.starts_with("d.yaml:4:5: warning: the backend `nowhere.invalid` does not resolve now: "), text);
  Environment silent = at_now();
  silent.resolve_backends = false;
  BOOST_TEST(check_environment(config, silent).empty());
}

BOOST_AUTO_TEST_CASE(more_sessions_than_descriptors_are_a_warning) {
  Config config;
  config.sessions_position = {"d.yaml", 9, 21};
  const auto told = [&](std::optional<std::uint64_t> sessions, std::uint64_t descriptors) {
    config.limits.sessions = sessions;
    Environment environment = at_now();
    environment.descriptor_limit = descriptors;
    const auto diagnostics = check_environment(config, environment);
    return diagnostics.empty() ? std::string() : diagnostics[0].text();
  };
  BOOST_TEST(told(std::nullopt, 100) == "");
  BOOST_TEST(told(9'968, 20'000) == "");
  BOOST_TEST(told(9'969, 20'000) ==
             "d.yaml:9:21: warning: 9969 sessions need 20002 descriptors, and a process may have 20000; 9968 sessions "
             "would fit");
  BOOST_TEST(told(1, 10) ==
             "d.yaml:9:21: warning: 1 sessions need 66 descriptors, and a process may have 10; 0 sessions would fit");
  BOOST_TEST(told(5, 0) == "");
}

BOOST_AUTO_TEST_CASE(bytes_of_a_day_that_nobody_remembers_are_a_warning) {
  Config config;
  Route& route = config.routes.emplace_back();
  route.backend.kind = Backend::Kind::echo;
  route.position = {"d.yaml", 4, 5};
  route.quotas.sessions = 1;
  Environment environment = at_now();
  BOOST_TEST(check_environment(config, environment).empty());
  route.quotas.bytes_per_day = 1;
  const auto diagnostics = check_environment(config, environment);
  BOOST_REQUIRE(diagnostics.size() == 1U);
  BOOST_TEST(diagnostics[0].text() ==
             "d.yaml:4:5: warning: `bytes_per_day` counts anew after each restart: set `state`, or StateDirectory= of "
             "systemd");
  environment.state_directory = "/var/lib/drawbridge";
  BOOST_TEST(check_environment(config, environment).empty());
  environment.state_directory.clear();
  config.state = "/var/lib/drawbridge";
  BOOST_TEST(check_environment(config, environment).empty());
}

BOOST_AUTO_TEST_SUITE_END()
