#pragma once

#include "base/result.hpp"
#include "client/network.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace drawbridge::client {

// Whom a request comes from, as far as trusted proxies tell. Each proxy adds on the right whom it heard; so the list is
// followed from the peer to the left, for as long as the address reached is a trusted proxy's. What stands further left
// is the client's own words: it is not read, and can neither name a client nor make a request malformed.

// Why the client is who he is.
enum class TraceEnd : std::uint8_t {
  untrusted,  // the first address that is no trusted proxy's
  first,      // all are trusted proxies', and the list has no more
  untold,     // a trusted proxy does not say whom it heard: "unknown", a pseudonym, or an element without `for`
};
std::string_view text(TraceEnd end);  // for people, as in "the client is A, `text`"

struct Trace {
  std::optional<Address> client;  // the last address that was told; empty: the peer itself, on a Unix socket
  std::size_t trusted_hops = 0;   // the peer included
  TraceEnd end = TraceEnd::untrusted;

  bool operator==(const Trace&) const = default;
};

// `peer` is empty on a Unix socket. `values` are those of all field lines of the name, in the order of the head: they
// are one list (RFC 9110 §5.3). bad_request if what must be read is malformed. An empty element is, too, unless nothing
// stands left of it: §5.6.1 would skip it, but a proxy that writes nothing for whom it heard would lend its trust to
// what the client wrote before. The work is linear in the values' size.

// Forwarded (RFC 7239 §4): tokens and quoted strings, white space around ';' is taken.
Result<Trace> trace_forwarded(const std::optional<Address>& peer, const Peers& trusted,
                              std::span<const std::string_view> values);

// X-Forwarded-For: the nodes of RFC 7239 §6 unquoted, and IPv6 addresses without brackets (and then without port).
Result<Trace> trace_x_forwarded_for(const std::optional<Address>& peer, const Peers& trusted,
                                    std::span<const std::string_view> values);

}  // namespace drawbridge::client
