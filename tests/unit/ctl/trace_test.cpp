#include "ctl/trace.hpp"

#include <boost/test/unit_test.hpp>

using namespace drawbridge::ctl;

BOOST_AUTO_TEST_SUITE(trace_lines)

BOOST_AUTO_TEST_CASE(a_client_is_known_by_its_shape) {
  for (const char* client : {"192.0.2.7", "192.0.2.0/24", "2001:db8::1", "2001:db8::/64", "::1", "unix"}) {
    BOOST_TEST(names_client(client), client);
  }
  for (const char* session : {"0123456789abcdef", "5", "", "-", "example.org", "192.0.2.7/24"}) {
    BOOST_TEST(!names_client(session), session);
  }
}

BOOST_AUTO_TEST_CASE(each_event_is_a_line) {
  const std::string at = R"("time":"2027-01-31T12:00:00.000Z","seconds":1.25,"session":"0123456789abcdef")";
  const auto line = [&](const std::string& event, const std::string& more, bool names = false) {
    return trace_line("{\"event\":\"" + event + "\"," + at + more + "}", names);
  };
  BOOST_TEST(
      line("session", R"(,"client":"192.0.2.7","route":"desk","backend":"echo:","identity":"alice","age":61.5)") ==
      "   1.250000  session 0123456789abcdef: client 192.0.2.7, route desk, backend echo:, identity alice, "
      "open for 1m1s\n");
  BOOST_TEST(line("frame", R"(,"direction":"up","opcode":"text","fin":false,"size":5)") ==
             "   1.250000  up    text                5  not the last of its message\n");
  BOOST_TEST(line("frame", R"(,"direction":"down","opcode":"close","fin":true,"size":6,"code":1000,"reason":"bye")") ==
             "   1.250000  down  close               6  1000 bye\n");
  BOOST_TEST(line("frame", R"(,"direction":"up","opcode":"ping","fin":true,"size":0)", true) ==
             "   1.250000  0123456789abcdef  up    ping                0\n");
  BOOST_TEST(line("held", R"(,"direction":"up","bytes":4096)") ==
             "   1.250000  up    the backend does not take more: 4096 bytes wait\n");
  BOOST_TEST(line("held", R"(,"direction":"down","bytes":0)") == "   1.250000  down  the browser takes again\n");
  BOOST_TEST(line("end", R"(,"reason":"killed","code":1008,"up_bytes":1,"down_bytes":2)") ==
             "   1.250000  end: killed 1008, 1 bytes up, 2 bytes down\n");
  BOOST_TEST(trace_line(R"({"event":"dropped","dropped":7})", false) ==
             "7 lines are missing here: they came too fast\n");
}

BOOST_AUTO_TEST_CASE(payload_reaches_the_terminal_as_text_only) {
  const auto payload = [](const std::string& base64, const std::string& more = "") {
    return trace_line(R"({"event":"frame","direction":"up","opcode":"text","fin":true,"size":5,"payload":")" + base64 +
                          "\"" + more + "}",
                      false);
  };
  BOOST_TEST(payload("G1sySg==") == "   0.000000  up    text                5  \\x1B[2J\n");
  BOOST_TEST(payload("YWI=", R"(,"cut":3)") == "   0.000000  up    text                5  ab...\n");
  BOOST_TEST(payload("") == "   0.000000  up    text                5\n");
  BOOST_TEST(trace_line("\x1b no JSON", false) == "\\x1B no JSON\n");
}

BOOST_AUTO_TEST_SUITE_END()
