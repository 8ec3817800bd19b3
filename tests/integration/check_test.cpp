#include "support/backend.hpp"
#include "support/daemon.hpp"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace drawbridge::testing;

namespace {

struct Files {
  TemporaryDirectory directory;

  Files() {
    directory.write("server.crt", server_certificate().chain);
    directory.write("server.key", server_certificate().key);
  }
  Run check(const std::string& configuration) const {
    return run({program(), "check", "-c", directory.write("drawbridge.yaml", configuration)});
  }
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string both(const Run& result) {
  return result.output + result.error;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(check, Files)

BOOST_AUTO_TEST_CASE(a_good_file_is_valid) {
  const Run result = check(simple(5900));
  BOOST_TEST(result.code == 0, both(result));
}

BOOST_AUTO_TEST_CASE(every_error_of_a_file_is_told_with_its_place) {
  const Run result = check(
      "listeners:\n"
      "  - bind: 127.0.0.1:0\n"
      "    tls: { certificates: [ { chain: server.crt, key: server.key } ] }\n"
      "routes:\n"
      "  - name: desk\n"
      "    path: /desk\n"
      "    orgins: [ \"https://app.example.org\" ]\n"
      "    backend: tcp://127.0.0.1:5900\n"
      "    limits: { frame: 64KB }\n"
      "    timeouts: { idle: fast }\n");
  BOOST_TEST(result.code == 1);
  const std::string text = both(result);
  BOOST_TEST(contains(text, "drawbridge.yaml:7:5: "), text);
  BOOST_TEST(contains(text, "origins"), text);  // the nearest key
  BOOST_TEST(contains(text, "drawbridge.yaml:9:22: "), text);
  BOOST_TEST(contains(text, "drawbridge.yaml:10:23: "), text);
}

BOOST_AUTO_TEST_CASE(bad_files_are_refused_and_never_start_the_daemon) {
  const Certificate other = make_certificate({"other.test"});
  directory.write("other.key", other.key);
  const std::string desk = route("desk", 5900);
  const std::vector<std::pair<const char*, std::string>> bad{
      {"empty", ""},
      {"no mapping", "- a\n- b\n"},
      {"no YAML", "listeners: [ {\n"},
      {"a tab", "listeners:\n\t- bind: 127.0.0.1:0\n"},
      {"no UTF-8", "listeners: \"\xff\"\n"},
      {"no listeners", "routes:\n" + desk},
      {"no routes", "listeners:\n" + tls_listener()},
      {"no origins",
       configuration(tls_listener(), "  - { name: desk, path: /desk, backend: \"tcp://127.0.0.1:5900\" }\n")},
      {"empty origins", simple(5900, ", origins: []")},
      {"an origin with a path", simple(5900, ", origins: [ \"https://app.example.org/x\" ]")},
      {"an unknown key", simple(5900, ", colour: red")},
      {"a repeated key", simple(5900, ", accepts: any, accepts: any")},
      {"a repeated route", configuration(tls_listener(), desk + desk)},
      {"a repeated bind", configuration(tls_listener("127.0.0.1:4443") + tls_listener("127.0.0.1:4443"), desk)},
      {"plaintext for the world", configuration("  - { bind: \"0.0.0.0:0\" }\n", desk)},
      {"a backend that is no URL",
       configuration(tls_listener(),
                     "  - { name: desk, path: /desk, origins: [ \"*\" ], backend: \"127.0.0.1:5900\" }\n")},
      {"a key of another certificate",
       configuration(
           "  - { bind: \"127.0.0.1:0\", tls: { certificates: [ { chain: server.crt, key: other.key } ] } }\n", desk)},
      {"a certificate that is not there",
       configuration("  - { bind: \"127.0.0.1:0\", tls: { certificates: [ { chain: no.crt, key: server.key } ] } }\n",
                     desk)},
      {"a bad size", simple(5900, "", "limits: { head: 64kb }\n")},
      {"a bad duration", simple(5900, "", "timeouts: { drain: 30 }\n")},
      {"an include of itself", simple(5900, "", "include: [ drawbridge.yaml ]\n")},
  };
  for (const auto& [what, text] : bad) {
    BOOST_TEST_CONTEXT(what) {
      const Run checked = check(text);
      BOOST_TEST(checked.code == 1);
      BOOST_TEST(contains(both(checked), "drawbridge.yaml:"), both(checked));
      const Run served = run({program(), "serve", "-c", directory.path("drawbridge.yaml")});
      BOOST_TEST(served.code == 1);
      BOOST_TEST(!contains(served.error, "\"ready\""));
      BOOST_TEST(contains(served.error, "drawbridge.yaml:"), served.error);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_file_of_revocations_is_checked_too) {
  const std::string configured = simple(5900, "", "revocations: revoked.txt\n");
  const Run absent = check(configured);
  BOOST_TEST(absent.code == 1);
  BOOST_TEST(contains(absent.error, "drawbridge.yaml:"), absent.error);
  BOOST_TEST(contains(absent.error, "revoked.txt`: "), absent.error);
  directory.write("revoked.txt", "# nobody yet\nidentity alice\nusr bob\n");
  const Run wrong = check(configured);
  BOOST_TEST(wrong.code == 1);
  BOOST_TEST(contains(wrong.error, "revoked.txt`: line 3: it is neither `identity NAME` nor `token ID`"), wrong.error);
  directory.write("revoked.txt", "identity alice\n");
  const Run right = check(configured);
  BOOST_TEST(right.code == 0, right.error);
}

BOOST_AUTO_TEST_CASE(what_is_merely_risky_is_a_warning) {
  const Certificate expired = make_certificate({"bridge.test"}, -3);
  directory.write("server.crt", expired.chain);
  directory.write("server.key", expired.key);
  const Run result = check(simple(5900));
  BOOST_TEST(result.code == 0);
  BOOST_TEST(contains(both(result), "warning: "), both(result));
  BOOST_TEST(contains(both(result), "expired"), both(result));
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_there_is_an_error) {
  const Run result = run({program(), "check", "-c", directory.path("absent.yaml")});
  BOOST_TEST(result.code == 1);
  BOOST_TEST(contains(both(result), "absent.yaml"), both(result));
}

BOOST_AUTO_TEST_CASE(an_expired_certificate_is_served_all_the_same) {
  const Certificate expired = make_certificate({"bridge.test"}, -3);
  Daemon daemon(simple(5900), {.files = {{"server.crt", expired.chain}, {"server.key", expired.key}}});
  BOOST_TEST(contains(daemon.log(), "expired"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(usage)

BOOST_AUTO_TEST_CASE(usage_errors_exit_2) {
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {}, {"sreve"}, {"serve", "--colour"}, {"check", "-c"}, {"check", "a", "b"}, {"version", "extra"}}) {
    std::vector<std::string> command{program()};
    command.insert(command.end(), arguments.begin(), arguments.end());
    const Run result = run(command);
    BOOST_TEST(result.code == 2, "drawbridge " << (arguments.empty() ? "" : arguments[0]) << " -> " << result.code);
    BOOST_TEST(!result.error.empty());
    BOOST_TEST(result.output == "");
  }
}

BOOST_AUTO_TEST_CASE(help_and_version_go_to_stdout) {
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"--help"}, {"serve", "--help"}, {"check", "--help"}, {"explain", "--help"}, {"version"}}) {
    std::vector<std::string> command{program()};
    command.insert(command.end(), arguments.begin(), arguments.end());
    const Run result = run(command);
    BOOST_TEST(result.code == 0, arguments[0]);
    BOOST_TEST(!result.output.empty());
    BOOST_TEST(result.error == "");
  }
  const std::string version = run({program(), "version"}).output;
  BOOST_TEST(contains(version, "drawbridge "), version);
  BOOST_TEST(contains(version, "OpenSSL"), version);
}

BOOST_AUTO_TEST_SUITE_END()
