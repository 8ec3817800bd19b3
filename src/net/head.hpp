#pragma once

#include "base/result.hpp"
#include "ws/upgrade.hpp"

#include <memory>
#include <string_view>

namespace drawbridge::net {

// A request-target longer than this gets 414 (RFC 9112 §3 wants at least 8000 octets for the request line).
constexpr std::size_t longest_target = 8'000;

// Bytes of the head in `received`, the empty line included; 0 if it is not whole yet. `seen`: how many of them a call
// before this one had, so that a head which comes byte by byte is not searched again and again.
std::size_t head_size(std::string_view received, std::size_t seen = 0);

// Why a head of more than `most` bytes is refused: target_too_long if its first line alone is, else head_too_large.
// `received`: at least the first `most` bytes.
Reason excess_of(std::string_view received, std::size_t most);

// A parsed request head. Owns what the request's views point to.
class Head {
 public:
  // `head` is exactly one head. bad_request if it is not strict (ws::raw_head_is_strict) or not HTTP; target_too_long;
  // head_too_large if one field is beyond what any limit allows (64 KiB).
  static Result<Head> parse(std::string_view head);

  Head(Head&&) noexcept;
  Head& operator=(Head&&) noexcept;
  ~Head();

  const ws::Request& request() const { return request_; }

 private:
  struct Parser;
  explicit Head(std::unique_ptr<Parser> parser);

  std::unique_ptr<Parser> parser_;
  ws::Request request_;
};

}  // namespace drawbridge::net
