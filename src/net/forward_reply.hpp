#pragma once

#include "auth/principal.hpp"
#include "base/result.hpp"
#include "config/config.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace drawbridge::net {

// What came of asking an authentication service.
struct ForwardAnswer {
  // credential_missing, credential_invalid, not_permitted, auth_unavailable; full if this process lacks a descriptor,
  // memory or a local port; bad_request as forward_request says it.
  Result<auth::Principal> who;
  std::string why;  // of auth_unavailable, for the log: the end of a sentence that begins with the service
};

ForwardAnswer forward_admitted(std::string identity);
// auth_unavailable: no fault of who asks to come in.
ForwardAnswer forward_unavailable(std::string why);

// The head of an answer as it comes. 2xx admits; 401 and any redirect, which a browser's WebSocket could not follow,
// say that the credential is missing or wrong; 403 says not_permitted. All else is no usable answer: also an admission
// with an identity that is not 1..256 bytes without control bytes, or stands twice, or is absent where the
// configuration names its header. Interim answers (RFC 9110 §15.2) are passed over.
class ForwardReply {
 public:
  // Bytes of all heads together, interim ones too. Authentik's can have more than 16 KiB.
  static constexpr std::size_t longest = 32 * 1024;

  // `identity` as in config::ForwardAuth; `has_credential`: of the request.
  ForwardReply(std::optional<std::string> identity, bool has_credential)
      : identity_(std::move(identity)), has_credential_(has_credential) {}

  // Absent: more must come. Of a body nothing is kept.
  std::optional<ForwardAnswer> take(std::string_view bytes);

 private:
  struct Head;
  ForwardAnswer judge(const Head& head) const;
  ForwardAnswer admit(const Head& head) const;

  const std::optional<std::string> identity_;
  const bool has_credential_;
  std::string received_;
  std::size_t passed_over_ = 0;  // bytes of interim heads
};

}  // namespace drawbridge::net
