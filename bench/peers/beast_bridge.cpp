// beast_bridge CHAIN KEY BACKEND_PORT: the bridge as one writes it from Beast's own examples, to measure against. One
// thread; prints the port it listens on.

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using asio::use_awaitable;
using asio::ip::tcp;
using Browser = websocket::stream<asio::ssl::stream<tcp::socket>>;

asio::awaitable<void> pump_up(Browser& browser, tcp::socket& backend) {
  beast::flat_buffer buffer;
  for (;;) {
    const auto [error, size] = co_await browser.async_read(buffer, asio::as_tuple(use_awaitable));
    if (error) break;
    co_await asio::async_write(backend, buffer.data(), use_awaitable);
    buffer.consume(size);
  }
  boost::system::error_code ignored;
  backend.shutdown(tcp::socket::shutdown_send, ignored);
}

asio::awaitable<void> pump_down(Browser& browser, tcp::socket& backend) {
  std::array<char, 64 * 1024> buffer;
  for (;;) {
    const auto [error, size] = co_await backend.async_read_some(asio::buffer(buffer), asio::as_tuple(use_awaitable));
    if (error) break;
    co_await browser.async_write(asio::buffer(buffer, size), use_awaitable);
  }
  if (browser.is_open()) co_await browser.async_close(websocket::close_code::normal, use_awaitable);
}

asio::awaitable<void> bridge(tcp::socket socket, asio::ssl::context& tls, tcp::endpoint backend_address) {
  using namespace asio::experimental::awaitable_operators;
  try {
    socket.set_option(tcp::no_delay(true));
    Browser browser(std::move(socket), tls);
    co_await browser.next_layer().async_handshake(asio::ssl::stream_base::server, use_awaitable);
    tcp::socket backend(browser.get_executor());
    co_await backend.async_connect(backend_address, use_awaitable);
    backend.set_option(tcp::no_delay(true));
    browser.set_option(websocket::stream_base::timeout::suggested(beast::role_type::server));
    browser.binary(true);
    co_await browser.async_accept(use_awaitable);
    co_await (pump_up(browser, backend) && pump_down(browser, backend));
  } catch (const std::exception&) {
    // A peer that went away ends its own session only.
  }
}

asio::awaitable<void> listen(tcp::acceptor& acceptor, asio::ssl::context& tls, tcp::endpoint backend_address) {
  for (;;) {
    tcp::socket socket = co_await acceptor.async_accept(use_awaitable);
    asio::co_spawn(acceptor.get_executor(), bridge(std::move(socket), tls, backend_address), asio::detached);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("beast_bridge CHAIN KEY BACKEND_PORT\n", stderr);
    return 2;
  }
  try {
    asio::io_context context(1);
    asio::ssl::context tls(asio::ssl::context::tls_server);
    tls.use_certificate_chain_file(argv[1]);
    tls.use_private_key_file(argv[2], asio::ssl::context::pem);
    const auto loopback = asio::ip::address_v4::loopback();
    const tcp::endpoint backend(loopback, static_cast<std::uint16_t>(std::atoi(argv[3])));

    tcp::acceptor acceptor(context, tcp::endpoint(loopback, 0));
    asio::co_spawn(context, listen(acceptor, tls, backend), [](const std::exception_ptr& error) {
      if (error) std::rethrow_exception(error);
    });
    asio::signal_set signals(context, SIGINT, SIGTERM);
    signals.async_wait([&](const boost::system::error_code&, int) { context.stop(); });
    std::printf("%d\n", acceptor.local_endpoint().port());
    std::fflush(stdout);
    context.run();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "beast_bridge: %s\n", error.what());
    return 1;
  }
}
