#include "net/head.hpp"

#include <stdexcept>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

namespace drawbridge::net {

namespace http = boost::beast::http;

struct Head::Parser : http::request_parser<http::empty_body> {};

Head::Head(std::unique_ptr<Parser> parser) : parser_(std::move(parser)) {}
Head::Head(Head&&) noexcept = default;
Head& Head::operator=(Head&&) noexcept = default;
Head::~Head() = default;

std::size_t head_size(std::string_view received, std::size_t seen) {
  const auto end = received.find("\r\n\r\n", seen < 3 ? 0 : seen - 3);
  return end == std::string_view::npos ? 0 : end + 4;
}

Reason excess_of(std::string_view received, std::size_t most) {
  const bool in_first_line = received.substr(0, most).find("\r\n") == std::string_view::npos;
  return in_first_line ? Reason::target_too_long : Reason::head_too_large;
}

Result<Head> Head::parse(std::string_view head) {
  if (!ws::raw_head_is_strict(head)) return Reason::bad_request;
  auto parser = std::make_unique<Parser>();
  parser->header_limit(static_cast<std::uint32_t>(head.size()));
  boost::system::error_code error;
  try {
    parser->put(boost::asio::buffer(head), error);
  } catch (const std::length_error&) {
    // How Beast says that a name or a value is longer than 64 KiB.
    return Reason::head_too_large;
  }
  // Whether there may be a body is the upgrade's rule to judge, after the head was read.
  if (!parser->is_header_done()) return Reason::bad_request;

  const auto& message = parser->get();
  if (message.target().size() > longest_target) return Reason::target_too_long;
  Head parsed(std::move(parser));
  ws::Request& request = parsed.request_;
  request.method = {message.method_string().data(), message.method_string().size()};
  request.target = {message.target().data(), message.target().size()};
  request.version = message.version();
  for (const auto& field : message) {
    request.fields.push_back(
        {{field.name_string().data(), field.name_string().size()}, {field.value().data(), field.value().size()}});
  }
  return parsed;
}

}  // namespace drawbridge::net
