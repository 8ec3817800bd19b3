// Answers of an authentication service, whole and as reads cut them (fuzz/received.hpp; option 1: the request had a
// credential, 2: the identity's header is named): the same comes of both, and nobody is admitted but by a 2xx, as
// somebody who is printable.

#include "net/forward_reply.hpp"

#include "base/text.hpp"
#include "finding.hpp"
#include "received.hpp"

#include <cstdint>
#include <string>
#include <string_view>

using namespace drawbridge;
using fuzz::require;
using net::ForwardAnswer;
using net::ForwardReply;

namespace {

std::string text_of(const std::optional<ForwardAnswer>& answer) {
  if (!answer) return "more";
  return answer->who ? "+" + answer->who->identity : std::string(word(answer->who.error())) + "|" + answer->why;
}

// Somewhere a line begins that gives it, after a final answer has begun.
bool admits(std::string_view received) {
  return received.find("HTTP/1.1 2") != std::string_view::npos || received.find("HTTP/1.0 2") != std::string_view::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < fuzz::Received::shortest) return 0;
  const fuzz::Received received(data, size);
  const std::string_view bytes(reinterpret_cast<const char*>(received.bytes.data()), received.bytes.size());
  const bool has_credential = (received.options & 1U) != 0;
  std::optional<std::string> name;
  if ((received.options & 2U) != 0) name = "x-user";

  const auto whole = ForwardReply(name, has_credential).take(bytes);
  ForwardReply reply(name, has_credential);
  std::optional<ForwardAnswer> in_pieces;
  auto next = received.reads();
  for (std::size_t at = 0; at < bytes.size() && !in_pieces;) {
    const std::string_view piece = bytes.substr(at, next());
    in_pieces = reply.take(piece);
    at += piece.size();
  }
  require(bytes.empty() || text_of(whole) == text_of(in_pieces), "whole: ", text_of(whole),
          ", in pieces: ", text_of(in_pieces));
  if (!whole) return 0;

  if (!whole->who) {
    const Reason reason = whole->who.error();
    require(reason == Reason::auth_unavailable || whole->why.empty(), "only what is unusable is explained");
    require(reason != Reason::credential_missing || !has_credential, "what was there is not missing");
    require(reason != Reason::credential_invalid || has_credential, "what was not there is not wrong");
    require(info(reason).http_status >= 400, "a refusal has a status");
    return 0;
  }
  const std::string& identity = whole->who->identity;
  require(admits(bytes), "only 2xx admits");
  require(!identity.empty() && identity.size() <= 256, "an identity has 1 to 256 bytes");
  for (const char c : identity) require(static_cast<unsigned char>(c) >= ' ' && c != '\x7F', "no control bytes");
  require(identity == "forward" || bytes.find(identity) != std::string_view::npos, "an identity was said");
  if (name) require(to_lower(bytes).find("x-user:") != std::string::npos, "the named header was there");
  return 0;
}
