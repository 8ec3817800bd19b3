// Crosses the bridge to the demo's chat as a browser would, and prints what it sent, what came back, and when.
//
//   drawbridge_demo_crossing URL CAFILE ORIGIN
//
// Exits with 1 when the bridge refuses, the certificate does not hold, or an answer is missing after 5 s.

#include <chrono>
#include <exception>
#include <iomanip>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using asio::use_awaitable;
using asio::ip::tcp;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::chrono::seconds patience{5};

struct Url {
  std::string host;
  std::string port = "443";
  std::string target = "/";

  std::string authority() const { return port == "443" ? host : host + ':' + port; }
};

std::optional<Url> parse_url(std::string_view text) {
  constexpr std::string_view scheme = "wss://";
  if (!text.starts_with(scheme)) return std::nullopt;
  text.remove_prefix(scheme.size());
  const std::string_view authority = text.substr(0, text.find('/'));
  Url url;
  if (authority.size() < text.size()) url.target = text.substr(authority.size());
  const std::size_t colon = authority.rfind(':');
  url.host = authority.substr(0, colon);
  if (colon != std::string_view::npos) url.port = authority.substr(colon + 1);
  if (url.host.empty() || url.port.empty()) return std::nullopt;
  return url;
}

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

using Stream = websocket::stream<beast::ssl_stream<beast::tcp_stream>>;

// The chat's lines out of the bridge's messages, which follow how the bytes arrived and not where lines end.
class Lines {
 public:
  asio::awaitable<std::string> next(Stream& stream) {
    std::size_t end = 0;
    while ((end = text_.find('\n')) == std::string::npos) {
      beast::get_lowest_layer(stream).expires_after(patience);
      auto buffer = asio::dynamic_buffer(text_);
      co_await stream.async_read(buffer, use_awaitable);
    }
    const std::string line = text_.substr(0, end);
    text_.erase(0, end + 1);
    co_return line;
  }

 private:
  std::string text_;
};

asio::awaitable<void> open(Stream& stream, Url url, std::string origin) {
  tcp::resolver resolver{stream.get_executor()};
  auto& transport = beast::get_lowest_layer(stream);
  transport.expires_after(patience);
  // localhost is the loopback address (RFC 6761 §6.3), also on a machine without /etc/hosts.
  const std::string host = url.host == "localhost" ? "127.0.0.1" : url.host;
  const auto addresses = co_await resolver.async_resolve(host, url.port, use_awaitable);
  co_await transport.async_connect(addresses, use_awaitable);

  // SSL_set_tlsext_host_name, without the old-style cast in that macro.
  if (SSL_ctrl(stream.next_layer().native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
               url.host.data()) != 1) {
    throw std::runtime_error("the host name does not fit into SNI");
  }
  stream.next_layer().set_verify_callback(asio::ssl::host_name_verification{url.host});
  co_await stream.next_layer().async_handshake(asio::ssl::stream_base::client, use_awaitable);

  stream.set_option(websocket::stream_base::decorator(
      [origin](websocket::request_type& request) { request.set(beast::http::field::origin, origin); }));
  websocket::response_type answer;
  beast::error_code refused;
  co_await stream.async_handshake(answer, url.authority(), url.target, asio::redirect_error(use_awaitable, refused));
  if (refused == websocket::error::upgrade_declined) {
    throw std::runtime_error("refused with " + std::to_string(answer.result_int()) + ' ' + answer.body());
  }
  if (refused) throw beast::system_error{refused};
}

asio::awaitable<void> cross(Stream& stream, Url url, std::string origin) {
  const auto start = Clock::now();
  co_await open(stream, url, origin);
  std::cout << "opened in " << milliseconds_since(start) << " ms\n";

  Lines lines;
  std::cout << "  got   " << co_await lines.next(stream) << "\n";  // the service speaks first

  stream.text(true);
  for (const std::string text : {"Is anybody there?", "The bridge is down, come over.", "Zwölf Boxkämpfer 🏰"}) {
    const auto sent = Clock::now();
    std::cout << "  sent  " << text << '\n';
    co_await stream.async_write(asio::buffer(text + '\n'), use_awaitable);
    const std::string line = co_await lines.next(stream);
    std::cout << "  got   " << line << "   (" << milliseconds_since(sent) << " ms)\n";
    if (!line.ends_with(": " + text)) throw std::runtime_error("that is not what was sent");
  }
  co_await stream.async_close(websocket::close_code::normal, use_awaitable);
}

}  // namespace

int main(int argc, char** argv) {
  const std::optional<Url> url = argc == 4 ? parse_url(argv[1]) : std::nullopt;
  if (!url) {
    std::cerr << "usage: drawbridge_demo_crossing wss://HOST[:PORT]/PATH CAFILE ORIGIN\n";
    return 2;
  }
  std::cout << std::fixed << std::setprecision(2);
  try {
    asio::ssl::context tls{asio::ssl::context::tls_client};
    tls.load_verify_file(argv[2]);
    tls.set_verify_mode(asio::ssl::verify_peer);

    asio::io_context context{1};
    Stream stream{context, tls};
    asio::co_spawn(context, cross(stream, *url, argv[3]), [](const std::exception_ptr& failed) {
      if (failed) std::rethrow_exception(failed);
    });
    context.run();
  } catch (const std::exception& failed) {
    std::cerr << "drawbridge_demo_crossing: " << failed.what() << '\n';
    return 1;
  }
}
