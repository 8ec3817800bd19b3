#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drawbridge::admin {

// What an operator asked.
struct Request {
  std::string method;                                     // as sent
  std::vector<std::string> path;                          // decoded segments; "/" is none
  std::map<std::string, std::string, std::less<>> query;  // decoded; a name twice is refused before
  std::string body;
  std::string asker;  // for the log: "uid 0" of a Unix socket's peer, or an address

  std::optional<std::string> argument(std::string_view name) const {
    const auto found = query.find(name);
    return found == query.end() ? std::nullopt : std::optional(found->second);
  }
};

class Feed;

struct Response {
  unsigned status = 200;
  std::string body{};
  std::string type = "application/json";
  std::string allow{};           // with 405
  std::shared_ptr<Feed> feed{};  // what comes in place of `body`, if there is one
};

// {"error": "..."}, in JSON's escapes.
Response failure(unsigned status, std::string_view what);

// The target of a request line (RFC 9112 §3.2.1) into path and query; false if it is not well-formed: no absolute
// path, wrong percent-encoding, dot segments, control bytes, a parameter twice.
bool parse_target(std::string_view target, Request& request);

}  // namespace drawbridge::admin
