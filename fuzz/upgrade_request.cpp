// Request heads through the parser and the upgrade rules: what is admitted must be unambiguous when it is read again by
// a naive line splitter, and its parts must be in the form that the rest relies on.

#include "base/text.hpp"
#include "finding.hpp"
#include "net/head.hpp"
#include "ws/upgrade.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

using namespace drawbridge;
using fuzz::require;

namespace {

// The head once more, by the simplest means: lines end in CRLF, names end at the first colon.
std::multimap<std::string, std::string> naive_fields(std::string_view head) {
  std::multimap<std::string, std::string> fields;
  head.remove_prefix(head.find("\r\n") + 2);
  while (!head.starts_with("\r\n")) {
    const auto line = head.substr(0, head.find("\r\n"));
    const auto colon = line.find(':');
    require(colon != std::string_view::npos, "every line of an accepted head has a colon");
    fields.emplace(to_lower(line.substr(0, colon)), trim(line.substr(colon + 1)));
    head.remove_prefix(line.size() + 2);
  }
  return fields;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view received(reinterpret_cast<const char*>(data), size);
  const std::size_t head_size = net::head_size(received);
  if (head_size == 0) return 0;
  const std::string_view head = received.substr(0, head_size);
  const auto parsed = net::Head::parse(head);
  if (!parsed) {
    require(info(parsed.error()).http_status >= 400, "a refused head has a status");
    return 0;
  }
  ws::Upgrade upgrade;
  const auto refused = ws::check_upgrade(parsed->request(), upgrade);
  if (refused) {
    require(info(*refused).http_status >= 400, "a refused upgrade has a status");
    return 0;
  }

  require(head.starts_with("GET /"), "only GET with a path is admitted");
  require(head.find('\0') == std::string_view::npos, "no NUL");
  const auto fields = naive_fields(head);
  for (const char* once : {"host", "sec-websocket-key", "sec-websocket-version"}) {
    require(fields.count(once) == 1, "critical fields stand once");
  }
  require(fields.count("origin") <= 1, "at most one Origin");
  require(fields.count("transfer-encoding") == 0, "no body");
  if (const auto length = fields.find("content-length"); length != fields.end()) {
    require(length->second.find_first_not_of('0') == std::string::npos, "no body");
  }
  require(fields.find("sec-websocket-version")->second == "13", "version 13");
  require(upgrade.accept == ws::accept_key(fields.find("sec-websocket-key")->second),
          "the key that was sent is answered");
  require(upgrade.accept.size() == 28, "an accept value is 28 characters");

  const std::string& path = upgrade.target.path;
  require(path.starts_with('/') && path.find("//") == std::string::npos, "a path is absolute and has no empty segment");
  require((path + "/").find("/../") == std::string::npos && (path + "/").find("/./") == std::string::npos,
          "no dot segments");
  const auto again = ws::parse_target(path);
  require(again.has_value() && again->path == path, "a path is in its final form");
  require(upgrade.host.host == to_lower(upgrade.host.host), "a host is lower case");
  for (const std::string& protocol : upgrade.subprotocols) require(is_token(protocol), "subprotocols are tokens");
  require(upgrade.origin.has_value() == (fields.count("origin") == 1), "an Origin that was sent was understood");
  return 0;
}
