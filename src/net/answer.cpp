#include "net/answer.hpp"

#include "web/http_date.hpp"

#include <sstream>

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace drawbridge::net {

namespace http = boost::beast::http;

namespace {

template <class Message>
std::string serialized(const Message& message) {
  std::ostringstream out;
  out << message;
  return std::move(out).str();
}

boost::beast::string_view view(std::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

std::string refusal(Reason reason, std::string_view session, unsigned retry_after, std::string_view challenge,
                    std::string_view allowed) {
  const std::uint16_t status = info(reason).http_status;
  http::response<http::string_body> response(http::int_to_status(status), 11);
  response.reason(view(status_phrase(status)));
  response.set(http::field::connection, "close");
  response.set(http::field::content_type, "application/json");
  response.set(http::field::cache_control, "no-store");
  if (retry_after > 0) response.set(http::field::retry_after, std::to_string(retry_after));
  switch (status) {
    case 401: response.set(http::field::www_authenticate, view(challenge)); break;
    case 405: response.set(http::field::allow, view(allowed)); break;
    case 426:
      response.set(http::field::upgrade, "websocket");
      response.set(http::field::connection, "close, Upgrade");
      response.set(http::field::sec_websocket_version, "13");
      break;
    default: break;
  }
  boost::json::object body;
  body["reason"] = boost::json::string_view(word(reason).data(), word(reason).size());
  body["session"] = boost::json::string_view(session.data(), session.size());
  response.body() = boost::json::serialize(body) + "\n";
  response.prepare_payload();
  return serialized(response);
}

std::string response_head(const web::Response& answer, std::int64_t now, bool close) {
  http::response<http::empty_body> response(http::int_to_status(answer.status), 11);
  response.set(http::field::date, web::http_date(now));
  for (const web::Response::Field& field : answer.fields) response.insert(view(field.name), view(field.value));
  if (close) response.set(http::field::connection, "close");
  return serialized(response);
}

std::string switching_protocols(std::string_view accept, const std::optional<std::string>& subprotocol) {
  http::response<http::empty_body> response(http::status::switching_protocols, 11);
  response.set(http::field::upgrade, "websocket");
  response.set(http::field::connection, "Upgrade");
  response.set(http::field::sec_websocket_accept, view(accept));
  if (subprotocol) response.set(http::field::sec_websocket_protocol, view(*subprotocol));
  return serialized(response);
}

}  // namespace drawbridge::net
