#include "net/forward_reply.hpp"

#include "net/head.hpp"
#include "ws/upgrade.hpp"

#include <algorithm>
#include <stdexcept>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

namespace drawbridge::net {

namespace http = boost::beast::http;

namespace {

constexpr std::size_t longest_identity = 256;
constexpr std::string_view beginning = "HTTP/1.";

bool is_identity(std::string_view text) {
  return !text.empty() && text.size() <= longest_identity && std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < ' ' || c == '\x7F';
  });
}

bool begins_like_http(std::string_view received) {
  const std::size_t size = std::min(received.size(), beginning.size());
  return received.substr(0, size) == beginning.substr(0, size);
}

}  // namespace

struct ForwardReply::Head : http::response_parser<http::empty_body> {
  // False if it is malformed. `head` is exactly one head.
  bool parse(std::string_view head) {
    if (!ws::raw_head_is_strict(head)) return false;
    header_limit(static_cast<std::uint32_t>(head.size()));
    skip(true);  // whatever is said of a body: it is not read
    boost::system::error_code error;
    try {
      put(boost::asio::buffer(head), error);
    } catch (const std::length_error&) {
      return false;
    }
    return is_header_done();
  }
};

ForwardAnswer forward_admitted(std::string identity) {
  auth::Principal principal;
  principal.identity = std::move(identity);
  return {std::move(principal), {}};
}

ForwardAnswer forward_unavailable(std::string why) {
  return {Reason::auth_unavailable, std::move(why)};
}

std::optional<ForwardAnswer> ForwardReply::take(std::string_view bytes) {
  std::size_t seen = received_.size();
  received_.append(bytes.substr(0, longest - passed_over_ - seen));
  for (;;) {
    if (!begins_like_http(received_)) return forward_unavailable("does not speak HTTP/1.1");
    const std::size_t size = head_size(received_, seen);
    if (size == 0 && passed_over_ + received_.size() == longest) {
      return forward_unavailable("answered with a head of more than 32 KiB");
    }
    if (size == 0) return std::nullopt;
    Head head;
    if (!head.parse(std::string_view(received_).substr(0, size))) {
      return forward_unavailable("answered with a head that is malformed");
    }
    const unsigned status = head.get().result_int();
    const bool interim = status >= 100 && status < 200 && status != 101;
    if (!interim) return judge(head);
    received_.erase(0, size);
    passed_over_ += size;
    seen = 0;
  }
}

ForwardAnswer ForwardReply::judge(const Head& head) const {
  const unsigned status = head.get().result_int();
  const unsigned hundreds = status / 100;
  if (hundreds == 2) return admit(head);
  if (hundreds == 3 || status == 401) {
    return {has_credential_ ? Reason::credential_invalid : Reason::credential_missing, {}};
  }
  if (status == 403) return {Reason::not_permitted, {}};
  return forward_unavailable("answered " + std::to_string(status));
}

ForwardAnswer ForwardReply::admit(const Head& head) const {
  const std::string name = identity_.value_or("remote-user");
  const auto& fields = head.get();
  if (fields.count(name) > 1) return forward_unavailable("answered with more than one " + name);
  const auto field = fields[name];
  const std::string_view value(field.data(), field.size());
  if (value.empty()) {
    if (identity_) return forward_unavailable("admitted without the header " + name);
    return forward_admitted("forward");
  }
  if (!is_identity(value)) {
    return forward_unavailable("answered with a " + name + " that is too long or has control bytes");
  }
  return forward_admitted(std::string(value));
}

}  // namespace drawbridge::net
