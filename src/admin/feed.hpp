#pragma once

#include <functional>
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

namespace drawbridge::admin {

namespace asio = boost::asio;

// An answer that comes in pieces, as something happens. Control thread only. It goes when nobody reads it any more.
class Feed {
 public:
  virtual ~Feed() = default;
  using Take = std::function<void(std::string piece)>;
  // Calls `take` once, in this call or when there is something; an empty piece is the end. One call at a time.
  virtual void next(Take take) = 0;
  // The end follows, also of a call that waits.
  virtual void stop() = 0;
};

using Stream = boost::beast::basic_stream<asio::generic::stream_protocol>;

// Sends `head`, whose body is empty, and behind it what the feed gives: to its end, or until the asker closes, or takes
// nothing for five minutes, or is not `welcome` any more, which is asked before each piece. Nothing follows on the
// connection.
asio::awaitable<void> send_feed(Stream& stream, std::shared_ptr<Feed> feed,
                                boost::beast::http::response<boost::beast::http::string_body> head,
                                std::function<bool()> welcome);

}  // namespace drawbridge::admin
