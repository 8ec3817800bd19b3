#include "support/backend.hpp"
#include "support/daemon.hpp"

#include <ostream>
#include <string>
#include <vector>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

using namespace drawbridge::testing;

namespace {

// Client libraries that are none of the bridge's code, each in a program PROGRAM TASK PORT TRUSTED that does one of the
// tasks below against the bridge at the port, trusting the certificate in the file. It exits with 0 if all was as the
// task has it, and otherwise says on stderr what was not.
struct Library {
  const char* name;
  std::vector<std::string> program;
};

const std::vector<Library> libraries{
    {"Beast", {DRAWBRIDGE_PEERS_DIR "/peer_beast"}},
    {"libwebsockets", {DRAWBRIDGE_PEERS_DIR "/peer_libwebsockets"}},
    {"ws of Node", {"/usr/bin/node", DRAWBRIDGE_TESTS_DIR "/peers/node_ws.js"}},
    {"python3-websockets", {"/usr/bin/python3", DRAWBRIDGE_TESTS_DIR "/peers/python_websockets.py"}},
};

// And what the bridge's log says of it.
struct Task {
  const char* name;
  const char* reason;  // of the session's end, or of the refusal
  int code = 1000;
  unsigned sessions = 1;
  unsigned frames = 0;  // of data from the client, at least
  unsigned messages = 0;
};

const std::vector<Task> tasks{
    {.name = "binary", .reason = "client_closed", .frames = 6, .messages = 6},
    {.name = "text", .reason = "client_closed", .frames = 1, .messages = 1},
    {.name = "fragmented", .reason = "client_closed", .frames = 4, .messages = 1},
    {.name = "messages", .reason = "client_closed", .frames = 16, .messages = 13},
    {.name = "large", .reason = "client_closed", .frames = 1, .messages = 1},  // 16 MiB
    {.name = "ping", .reason = "client_closed"},
    {.name = "close", .reason = "client_closed", .code = 4001, .frames = 1, .messages = 1},
    {.name = "closed_by_backend", .reason = "backend_closed"},
    {.name = "subprotocol", .reason = "client_closed"},
    {.name = "refused", .reason = "no_route", .sessions = 0},
    {.name = "reconnects", .reason = "client_closed", .sessions = 1000, .frames = 1, .messages = 1},
};

std::ostream& operator<<(std::ostream& out, const Library& library) {
  return out << library.name;
}

std::ostream& operator<<(std::ostream& out, const Task& task) {
  return out << task.name;
}

struct Services {
  Backend echoing{echo()};
  Backend closing{serve("bye")};
  // All thousand connections are one client's.
  Daemon daemon{configuration(tls_listener(),
                              route("desk", echoing.port()) + route("bye", closing.port()) +
                                  route("text", echoing.port(), ", message_type: text") +
                                  "  - { name: messages, path: /messages, backend: \"echo:\", "
                                  "origins: [ \"https://app.example.org\" ] }\n" +
                                  route("protocols", echoing.port(), ", subprotocols: [ binary ]"),
                              "limits: { handshake_burst: 2000 }\n")};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(peers, Services)

BOOST_DATA_TEST_CASE_F(Services, do_every_task, boost::unit_test::data::make(libraries) * tasks, library, task) {
  std::vector<std::string> command = library.program;
  command.insert(command.end(), {task.name, std::to_string(daemon.port()), daemon.directory().path("server.crt")});
  // Where Debian has Node's modules, which other builds of Node do not know.
  const Run result = run(command, {.environment = {"NODE_PATH=/usr/share/nodejs"}}, 8 * patience);
  BOOST_TEST(result.code == 0, result.error);
  for (unsigned i = 0; i < task.sessions; ++i) {
    const Record record = daemon.session(task.reason);
    BOOST_TEST(record["code"] == std::to_string(task.code));
    BOOST_TEST(record.number("up_frames") >= task.frames);
    BOOST_TEST(record.number("up_messages") >= task.messages);
  }
  if (task.sessions == 0) daemon.refused(task.reason);
}

BOOST_AUTO_TEST_SUITE_END()
