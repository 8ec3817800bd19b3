#pragma once

#include "client/forwarded.hpp"
#include "net/opening_state.hpp"
#include "ws/upgrade.hpp"

#include <optional>
#include <string_view>

namespace drawbridge::net {

// Who the client is, where the peer speaks for somebody else.

// Reads the PROXY header with which every connection of its listener begins, and no byte more. False: it was refused.
Task<bool> read_proxy_header(Opening& opening);

// Of opening.asked. Takes a trusted proxy's word from the request. bad_request if what it says is malformed.
std::optional<Reason> take_forwarded(Opening& opening, const ws::Request& request);

// What proxies say of where a request comes from; `peer` is one that is trusted. bad_request if it is malformed.
Result<client::Trace> trace_client(const config::TrustedProxies& proxies, const std::optional<client::Address>& peer,
                                   const ws::Request& request);

// The header that they set, as it is written.
std::string_view name_of(config::TrustedProxies::Header header);

}  // namespace drawbridge::net
