#pragma once

#include "auth/principal.hpp"
#include "client/address.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drawbridge::daemon {

// A request that is not sent, in the words of who asks about it: the options of `explain`, or a line of its batch.
struct Question {
  std::string url;
  std::optional<std::string> origin;
  std::vector<std::string> headers;        // "Name: value"
  std::optional<std::string> client;       // an address
  std::optional<std::string> peer;         // likewise
  std::optional<std::string> listener;     // its `bind` as the configuration writes it
  std::optional<std::string> certificate;  // a PEM file
  std::optional<std::string> at;           // RFC 3339, UTC
};

// A JSON object with the keys `url`, `origin`, `headers` (a list), `client`, `peer`, `listener`, `certificate` and
// `at`. Empty, and `why`, if it is none or has others.
std::optional<Question> parse_question(std::string_view json, std::string& why);

// The same as a browser would ask it.
struct Asked {
  bool tls = false;  // wss:
  std::uint16_t port = 0;
  std::string server_name;                 // what TLS asks for (RFC 6066 §3); empty for an address
  std::string url;                         // to be shown: without the query, which may hold a credential
  std::string head;                        // the whole request head
  std::optional<client::Address> client;   // whom a proxy names
  std::optional<client::Address> peer;     // where the connection comes from
  std::optional<std::string> listener;     // as in Question
  std::optional<std::string> certificate;  // likewise
  std::optional<auth::UnixSeconds> at;
};

// Empty, and `why`, if something of it cannot be: `why` is a sentence for people and quotes no header and no query. A
// header given once replaces the one that a browser would send, further ones of its name are added.
std::optional<Asked> understand(const Question& question, std::string& why);

}  // namespace drawbridge::daemon
