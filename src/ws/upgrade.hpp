#pragma once

#include "base/result.hpp"
#include "ws/origin.hpp"
#include "ws/target.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace drawbridge::ws {

struct Field {
  std::string_view name;
  std::string_view value;  // without surrounding white space
};

// A parsed request head; the views live as long as the bytes they were read from.
struct Request {
  std::string_view method;
  std::string_view target;
  unsigned version = 11;  // HTTP/1.1
  std::vector<Field> fields;

  // The value of the only field of that name (case-insensitive); empty optional if there is none or more than one.
  std::optional<std::string_view> field(std::string_view name) const;
  // Whether the list in the fields of that name holds `element`, in any case.
  bool lists(std::string_view name, std::string_view element) const;
};

// What a request asks for, as far as it could be understood. It is filled even when the upgrade is refused, so that the
// refusal's log line and answer can name route and origin.
struct Upgrade {
  Authority host;
  Target target;
  std::optional<std::string> origin_text;  // as sent, for the log
  std::optional<Origin> origin;
  std::vector<std::string> subprotocols;  // offered, in order, distinct
  std::string accept;                     // Sec-WebSocket-Accept
};

// RFC 6455 §4.2.1, strictly. On success `upgrade` is whole. The refusals, in the order of the checks: bad_request (raw
// head), method, bad_request (Host, target, body, repeated critical fields), upgrade_required, bad_request (key,
// lists). Repeated Host, Upgrade-critical fields (Sec-WebSocket-Key, -Version, Origin, Content-Length,
// Transfer-Encoding) are bad_request; so are a body (Content-Length other than 0, any Transfer-Encoding), a version
// other than HTTP/1.1, a malformed Origin, and a key that is not 16 bytes of base64.
std::optional<Reason> check_upgrade(const Request& request, Upgrade& upgrade);

// A GET or HEAD that asks for no WebSocket: for a file, where there are some.
bool asks_for_file(const Request& request);
// Of such a request. Host, target, origin, version and body have to be as for an upgrade; bad_request if they are not.
std::optional<Reason> check_file_request(const Request& request, Upgrade& upgrade);

// Checks that need the raw bytes of a head (request line to the empty line, both included): every line ends in CRLF, no
// bare CR or LF, no NUL, no obs-fold (RFC 9112 §5.2), no white space before a colon.
bool raw_head_is_strict(std::string_view head);

// base64(SHA-1(key + GUID)), RFC 6455 §4.2.2.
std::string accept_key(std::string_view key);

}  // namespace drawbridge::ws
