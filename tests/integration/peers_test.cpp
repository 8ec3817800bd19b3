#include "support/backend.hpp"
#include "support/daemon.hpp"
#include "support/raw_client.hpp"

#include <string>
#include <vector>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

using namespace drawbridge::testing;

namespace {

struct Services {
  Backend echoing{echo()};
  Backend closing{serve("bye")};
  Daemon daemon{configuration(tls_listener(), route("desk", echoing.port()) + route("bye", closing.port()) +
                                                  route("text", echoing.port(), ", message_type: text") +
                                                  route("protocols", echoing.port(), ", subprotocols: [ binary ]"))};
};

const std::vector<std::string> scenarios{"binary", "text",    "fragmented",        "large",      "ping",
                                         "close",  "refused", "closed_by_backend", "subprotocol"};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(python3_websockets, Services)

BOOST_DATA_TEST_CASE_F(Services, crosses, boost::unit_test::data::make(scenarios), scenario) {
  const Run result = run({"/usr/bin/python3", DRAWBRIDGE_TESTS_DIR "/python_client.py", scenario,
                          std::to_string(daemon.port()), daemon.directory().path("server.crt")});
  BOOST_TEST(result.code == 0, result.error);
  if (scenario == "refused")
    daemon.refused("no_route");
  else
    daemon.session(scenario == "closed_by_backend" ? "backend_closed" : "client_closed");
}

BOOST_AUTO_TEST_SUITE_END()
