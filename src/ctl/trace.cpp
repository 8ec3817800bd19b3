#include "ctl/trace.hpp"

#include "auth/base64.hpp"
#include "base/log_record.hpp"
#include "client/network.hpp"
#include "ctl/fields.hpp"
#include "ctl/table.hpp"

#include <csignal>
#include <cstdlib>
#include <iostream>

#include <boost/json/parse.hpp>
#include <fmt/format.h>

namespace drawbridge::ctl {
namespace {

std::string session_text(const json::object& its) {
  std::string words =
      fmt::format("session {}: client {}, route {}, backend {}", printable(text(its, "session")),
                  printable(text(its, "client")), printable(text(its, "route")), printable(text(its, "backend")));
  if (const std::string name = text(its, "identity"); !name.empty()) words += ", identity " + printable(name);
  return words + fmt::format(", open for {}", time_text(real(its, "age")));
}

std::string frame_text(const json::object& its) {
  std::string words = fmt::format("{:4}  {:12} {:8}", text(its, "direction"), text(its, "opcode"), number(its, "size"));
  if (!flag(its, "fin")) words += "  not the last of its message";
  if (text(its, "opcode") == "close" && its.contains("code")) {
    words += fmt::format("  {} {}", number(its, "code"), printable(text(its, "reason")));
  } else if (const auto payload = auth::decode_base64(text(its, "payload")); payload && !payload->empty()) {
    words += "  " + printable(*payload);
    if (its.contains("cut") && !words.ends_with("...")) words += "...";
  }
  return words;
}

std::string held_text(const json::object& its) {
  const bool up = text(its, "direction") == "up";
  const std::uint64_t bytes = number(its, "bytes");
  const std::string_view who = up ? "the backend" : "the browser";
  if (bytes == 0) return fmt::format("{:4}  {} takes again", text(its, "direction"), who);
  return fmt::format("{:4}  {} does not take more: {} bytes wait", text(its, "direction"), who, bytes);
}

std::string end_text(const json::object& its) {
  return fmt::format("end: {} {}, {} bytes up, {} bytes down", printable(text(its, "reason")), number(its, "code"),
                     number(its, "up_bytes"), number(its, "down_bytes"));
}

// Whoever interrupts has seen enough.
void leave(int /*signal*/) {
  std::_Exit(0);
}

}  // namespace

bool names_client(std::string_view text) {
  return text == "unix" || client::parse_network(text).has_value();
}

std::string trace_line(std::string_view line, bool names_sessions) {
  boost::system::error_code wrong;
  const json::value value = json::parse(boost::core::string_view(line.data(), line.size()), wrong);
  if (wrong || !value.is_object()) return printable(line) + "\n";
  const json::object& its = value.get_object();
  const std::string event = text(its, "event");
  if (event == "dropped") return fmt::format("{} lines are missing here: they came too fast\n", number(its, "dropped"));
  std::string words = fmt::format("{:11.6f}  ", real(its, "seconds"));
  if (names_sessions && event != "session") words += printable(text(its, "session")) + "  ";
  if (event == "session") words += session_text(its);
  if (event == "frame") words += frame_text(its);
  if (event == "held") words += held_text(its);
  if (event == "end") words += end_text(its);
  words.erase(words.find_last_not_of(' ') + 1);
  return words + "\n";
}

int trace(const Options& options) {
  const bool of_client = names_client(options.id);
  std::string path = fmt::format("/trace?{}={}", of_client ? "client" : "session", encoded(options.id));
  if (options.payload) path += "&payload=true";
  static_cast<void>(std::signal(SIGINT, leave));
  const Reply reply = follow(target(options), path, [&](std::string_view line) {
    std::cout << (options.json ? std::string(line) + "\n" : trace_line(line, of_client)) << std::flush;
  });
  if (reply.good()) return 0;
  std::cerr << "drawbridge: " << reply.error() << '\n';
  return 1;
}

}  // namespace drawbridge::ctl
