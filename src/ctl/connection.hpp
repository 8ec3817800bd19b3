#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

namespace drawbridge::ctl {

// Where the running daemon listens for operators.
struct Target {
  std::string socket{};  // the path of a Unix socket; empty: host and port
  std::string host{};    // numeric
  std::string port{};
  std::string token{};  // empty: none is needed

  std::string text() const;
};

// The `given` socket; if that is empty, the target that a configuration names, a Unix socket first; where it names
// none, or cannot be read, the one of the packaged configuration. Throws std::runtime_error if the token cannot be
// read.
Target target_of(const std::string& configuration, const std::string& given);

// What the daemon answered.
struct Reply {
  unsigned status = 0;
  std::string body;            // as it came
  boost::json::object fields;  // of the body

  bool good() const { return status < 300; }
  // Why not, in one line.
  std::string error() const;
};

// One request, one connection. `path` is ready for the wire. Throws std::runtime_error if there is nobody, or no answer
// within a minute.
Reply ask(const Target& target, std::string_view method, const std::string& path);

// A request whose answer comes in lines, as something happens: each is given to `take` without its end, until there
// are no more. What is refused has no lines. Throws std::runtime_error if there is nobody, or if the answer breaks off.
Reply follow(const Target& target, const std::string& path, const std::function<void(std::string_view line)>& take);

// Percent-encoded, as a segment or an argument of a path (RFC 3986 §2.1).
std::string encoded(std::string_view text);

}  // namespace drawbridge::ctl
