#include "admin/feed.hpp"

#include <array>
#include <chrono>
#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace drawbridge::admin {
namespace {

namespace http = boost::beast::http;
using boost::system::error_code;

constexpr auto patience = std::chrono::minutes(5);  // with an asker who takes nothing: a pager that nobody scrolls

asio::awaitable<std::string> next_piece(std::shared_ptr<Feed> feed, asio::any_io_executor executor) {
  return asio::async_initiate<const asio::use_awaitable_t<>&, void(std::string)>(
      [feed = std::move(feed), executor = std::move(executor)](auto handler) {
        if (auto slot = asio::get_associated_cancellation_slot(handler); slot.is_connected()) {
          slot.assign([feed](asio::cancellation_type /*type*/) { feed->stop(); });
        }
        // Shared only because a std::function must be copyable. Posted, as it may be called before we wait for it.
        auto waiting = std::make_shared<decltype(handler)>(std::move(handler));
        feed->next([waiting, executor](std::string piece) {
          asio::post(executor, [waiting, piece = std::move(piece)]() mutable {
            auto wanted = std::move(*waiting);
            wanted(std::move(piece));
          });
        });
      },
      asio::use_awaitable);
}

asio::awaitable<void> send_pieces(Stream& stream, std::shared_ptr<Feed> feed, bool chunked,
                                  std::function<bool()> welcome) {
  error_code error;
  while (!error) {
    const std::string piece = co_await next_piece(feed, stream.get_executor());
    if (!welcome()) break;
    stream.expires_after(patience);
    if (piece.empty()) {
      const auto last = http::make_chunk_last();
      if (chunked) co_await asio::async_write(stream, last, asio::redirect_error(asio::use_awaitable, error));
      break;
    }
    const auto bytes = asio::buffer(piece);
    if (chunked) {
      const auto chunk = http::make_chunk(bytes);
      co_await asio::async_write(stream, chunk, asio::redirect_error(asio::use_awaitable, error));
    } else {
      co_await asio::async_write(stream, bytes, asio::redirect_error(asio::use_awaitable, error));
    }
  }
}

// What he still says is nothing to us.
asio::awaitable<void> until_gone(Stream& stream) {
  std::array<char, 1024> ignored;
  error_code error;
  while (!error) {
    co_await stream.socket().async_read_some(asio::buffer(ignored), asio::redirect_error(asio::use_awaitable, error));
  }
}

// An asker that vanished without a word is noticed after two minutes, also while there is nothing to send.
void keep_alive(int fd) {
  const auto set = [fd](int level, int option, int value) { ::setsockopt(fd, level, option, &value, sizeof(value)); };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 60);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 15);
  set(IPPROTO_TCP, TCP_KEEPCNT, 4);
}

}  // namespace

asio::awaitable<void> send_feed(Stream& stream, std::shared_ptr<Feed> feed, http::response<http::string_body> head,
                                std::function<bool()> welcome) {
  using asio::experimental::awaitable_operators::operator||;
  const bool chunked = head.version() >= 11;
  head.erase(http::field::content_length);
  head.chunked(chunked);
  http::response_serializer<http::string_body> serializer(head);
  error_code error;
  co_await http::async_write_header(stream, serializer, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return;
  keep_alive(stream.socket().native_handle());
  co_await (send_pieces(stream, feed, chunked, std::move(welcome)) || until_gone(stream));
}

}  // namespace drawbridge::admin
