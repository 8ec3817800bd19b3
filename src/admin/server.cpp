#include "admin/server.hpp"

#include "admin/feed.hpp"
#include "client/address.hpp"
#include "net/client_address.hpp"

#include <chrono>
#include <exception>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <fmt/format.h>
#include <sys/socket.h>

namespace drawbridge::admin {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using Protocol = Stream::protocol_type;

constexpr auto idle_time = std::chrono::seconds(60);  // between requests, and for one to arrive
constexpr auto write_time = std::chrono::seconds(30);
constexpr std::uint32_t longest_head = 16 * 1024;
constexpr std::uint64_t longest_body = 64 * 1024;

// Of every answer, as a browser shows whatever it is sent to: only what comes from here, no script or style within a
// page, no form that leaves it, and no frame around it.
constexpr std::string_view content_security_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";

sockaddr_storage name_of(int fd, int (*ask)(int, sockaddr*, socklen_t*)) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  ask(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return address;
}

// For the log.
std::string asker_of(int fd) {
  const sockaddr_storage peer = name_of(fd, ::getpeername);
  if (const auto address = net::client_address(peer)) return client::text(*address);
  ucred who{};
  socklen_t size = sizeof(who);
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return "unknown";
  return fmt::format("uid {}", who.uid);
}

asio::awaitable<Response> ask(Resources& resources, Request request, asio::any_io_executor executor) {
  return asio::async_initiate<const asio::use_awaitable_t<>&, void(Response)>(
      [&resources, executor, request = std::move(request)](auto handler) {
        // Shared only because a std::function must be copyable. Posted, as it may be called before we wait for it.
        auto waiting = std::make_shared<decltype(handler)>(std::move(handler));
        resources.handle(request, [waiting, executor](Response response) {
          asio::post(executor, [waiting, response = std::move(response)]() mutable {
            auto wanted = std::move(*waiting);
            wanted(std::move(response));
          });
        });
      },
      asio::use_awaitable);
}

http::response<http::string_body> message_of(Response response, unsigned version, bool keep_alive) {
  http::response<http::string_body> message(static_cast<http::status>(response.status), version);
  message.set(http::field::content_type, response.type);
  message.set(http::field::cache_control, "no-store");
  message.set("Content-Security-Policy", beast::string_view(content_security_policy));
  message.set("Cross-Origin-Resource-Policy", "same-origin");
  message.set("Referrer-Policy", "no-referrer");
  message.set("X-Content-Type-Options", "nosniff");
  if (!response.allow.empty()) message.set(http::field::allow, response.allow);
  if (response.status == 401) message.set(http::field::www_authenticate, "Bearer");
  message.body() = std::move(response.body);
  message.keep_alive(keep_alive);
  message.prepare_payload();
  return message;
}

std::string_view view(beast::string_view text) {
  return {text.data(), text.size()};
}

// The refusal of a request that never reaches a resource, or none.
std::optional<Response> stopped(const http::request<http::string_body>& message, const Door& door,
                                const Resources& resources, const std::string& address, Request& request) {
  // Two of them, and two readers may believe different ones.
  for (const auto field : {http::field::host, http::field::authorization, http::field::origin}) {
    if (message.count(field) > 1) return failure(400, "a field stands twice");
  }
  request.method = message.method_string();
  if (!parse_target(view(message.target()), request)) return failure(400, "the request's target is malformed");
  request.body = message.body();
  const Door::Fields fields{view(message[http::field::host]), view(message[http::field::origin]),
                            view(message[http::field::authorization])};
  return door.refusal(fields, address, resources.is_open(request));
}

// One of the places for connections.
class Place {
 public:
  explicit Place(std::shared_ptr<unsigned> taken) : taken_(std::move(taken)) { ++*taken_; }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() { --*taken_; }

 private:
  const std::shared_ptr<unsigned> taken_;
};

asio::awaitable<void> converse(Stream stream, std::shared_ptr<const Doorway> doorway, Resources& resources) {
  const int fd = stream.socket().native_handle();
  const std::string asker = asker_of(fd);
  const std::string address = net::local_address_text(fd);
  beast::flat_buffer buffer;
  for (bool goes_on = true; goes_on;) {
    http::request_parser<http::string_body> parser;
    parser.header_limit(longest_head);
    parser.body_limit(longest_body);
    stream.expires_after(idle_time);
    boost::system::error_code error;
    co_await http::async_read(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
    const bool too_large = error == http::error::header_limit || error == http::error::body_limit;
    const bool malformed = error.category() == boost::system::error_code(http::error::bad_method).category();
    if (error && (error == http::error::end_of_stream || error == http::error::partial_message || !malformed)) break;
    Request request;
    request.asker = asker;
    std::optional<Response> response;
    if (error) {
      response = failure(too_large ? 413 : 400, too_large ? "the request is too large" : "the request is malformed");
    } else {
      response = stopped(parser.get(), **doorway, resources, address, request);
    }
    // A HEAD is refused with words that its sender does not expect.
    goes_on = !error && parser.get().keep_alive() && parser.get().method() != http::verb::head;
    const unsigned version = error ? 11 : parser.get().version();
    stream.expires_never();
    if (!response) response = co_await ask(resources, std::move(request), stream.get_executor());
    const std::shared_ptr<Feed> feed = std::move(response->feed);
    goes_on = goes_on && !feed;
    auto message = message_of(*std::move(response), version, goes_on);
    stream.expires_after(write_time);
    if (feed) {
      // After a reload the token may be another.
      std::function<bool()> welcome = [&] {
        Request again;
        return !stopped(parser.get(), **doorway, resources, address, again);
      };
      co_await send_feed(stream, feed, std::move(message), std::move(welcome));
      break;
    }
    co_await http::async_write(stream, message, asio::redirect_error(asio::use_awaitable, error));
    if (error) break;
  }
  boost::system::error_code ignored;
  stream.socket().shutdown(Protocol::socket::shutdown_send, ignored);
}

}  // namespace

void Server::take(net::Descriptor socket, std::shared_ptr<const Doorway> doorway) {
  const std::shared_ptr<unsigned>& taken = (*doorway)->is_unix() ? on_sockets_ : on_addresses_;
  if (*taken >= most_connections) return;
  const sockaddr_storage address = name_of(socket.get(), ::getsockname);
  Stream stream(control_);
  boost::system::error_code error;
  stream.socket().assign(Protocol(address.ss_family, 0), socket.get(), error);
  if (error) return;
  socket.release();
  auto place = std::make_shared<const Place>(taken);
  asio::co_spawn(control_, converse(std::move(stream), std::move(doorway), resources_),
                 [this, place = std::move(place)](const std::exception_ptr& failed) {
                   if (!failed) return;
                   try {
                     std::rethrow_exception(failed);
                   } catch (const std::exception& e) {
                     log_.write(LogLevel::error, log_.record(LogLevel::error, "admin_error").add("error", e.what()));
                   }
                 });
}

}  // namespace drawbridge::admin
