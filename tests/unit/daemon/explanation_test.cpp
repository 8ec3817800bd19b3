#include "daemon/explanation.hpp"

#include <boost/test/unit_test.hpp>

using namespace drawbridge;
using daemon::Explanation;
using Outcome = daemon::Step::Outcome;

namespace {

Explanation of_alice() {
  Explanation told;
  told.request = "wss://a.test/desk";
  told.listener = "0.0.0.0:443 (a.yaml:2:5), TLS";
  told.client = "192.0.2.7, the peer";
  told.steps = {{Outcome::ok, "request", "a WebSocket upgrade"}, {Outcome::skipped, "limits", ""}};
  told.route = "desk";
  told.identity = "alice";
  told.backend = "echo:";
  return told;
}

std::string last_line(const Explanation& told) {
  const std::string all = daemon::text(told);
  return all.substr(all.rfind('\n', all.size() - 2) + 1);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(explanation)

BOOST_AUTO_TEST_CASE(is_a_line_a_rule_and_the_verdict) {
  BOOST_TEST(daemon::text(of_alice()) ==
             "request   wss://a.test/desk\n"
             "listener  0.0.0.0:443 (a.yaml:2:5), TLS\n"
             "client    192.0.2.7, the peer\n"
             "\n"
             "ok        request  a WebSocket upgrade\n"
             "skipped   limits\n"
             "\n"
             "admitted: route desk, identity alice, backend echo:\n");
}

BOOST_AUTO_TEST_CASE(verdicts) {
  Explanation told = of_alice();
  BOOST_TEST(told.admitted());
  told.identity.clear();
  BOOST_TEST(last_line(told) == "admitted: route desk, backend echo:\n");
  told.undecided = "somebody would be asked";
  BOOST_TEST(!told.admitted());
  BOOST_TEST(last_line(told) == "undecided: somebody would be asked\n");
  told.undecided.clear();
  told.reason = Reason::origin;
  told.status = 403;
  BOOST_TEST(!told.admitted());
  BOOST_TEST(last_line(told) == "refused: 403 origin\n");
  told.close_code = 4403;
  told.rule = "origins (a.yaml:3:4)";
  BOOST_TEST(last_line(told) == "refused: 403 origin, told as 101 and Close 4403, by origins (a.yaml:3:4)\n");
  told = of_alice();
  told.reason = Reason::client_denied;
  BOOST_TEST(last_line(told) == "refused: client_denied, the connection closes without an answer\n");
}

BOOST_AUTO_TEST_CASE(as_json_it_is_one_line) {
  Explanation told = of_alice();
  BOOST_TEST(
      daemon::json(told) ==
      R"({"verdict":"admitted","route":"desk","identity":"alice","backend":"echo:",)"
      R"("request":"wss://a.test/desk","listener":"0.0.0.0:443 (a.yaml:2:5), TLS","client":"192.0.2.7, the peer",)"
      R"("steps":[{"outcome":"ok","rule":"request","found":"a WebSocket upgrade"},)"
      R"({"outcome":"skipped","rule":"limits","found":""}]})");
  told.reason = Reason::client_denied;
  BOOST_TEST(daemon::json(told).starts_with(R"({"verdict":"refused","reason":"client_denied","status":0,"route")"));
}

BOOST_AUTO_TEST_SUITE_END()
