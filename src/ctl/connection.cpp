#include "ctl/connection.hpp"

#include "base/log_record.hpp"
#include "base/text.hpp"
#include "config/disk.hpp"
#include "config/load.hpp"

#include <cerrno>
#include <cstdlib>
#include <stdexcept>
#include <system_error>

#include <boost/asio/connect.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>
#include <sys/socket.h>

namespace drawbridge::ctl {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using Socket = asio::generic::stream_protocol::socket;

constexpr std::string_view packaged_socket = "/run/drawbridge/admin.sock";
constexpr int patience = 60;  // seconds: a reload reads every file

std::string read_token(const std::string& name) {
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
  std::string why;
  const auto content = config::read_regular_file(config::file_of(name, directory == nullptr ? "" : directory), why);
  if (!content) throw std::runtime_error(fmt::format("cannot read the token {}: {}", name, why));
  std::string token = content->bytes;
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) token.pop_back();
  return token;
}

Socket connected(asio::io_context& context, const Target& target) {
  Socket socket(context);
  boost::system::error_code error;
  if (!target.socket.empty()) {
    socket.connect(asio::local::stream_protocol::endpoint(target.socket), error);
  } else {
    const auto address = asio::ip::make_address(target.host, error);
    const auto port = static_cast<std::uint16_t>(std::strtoul(target.port.c_str(), nullptr, 10));
    if (!error) socket.connect(asio::ip::tcp::endpoint(address, port), error);
  }
  if (error) {
    throw std::runtime_error(
        fmt::format("cannot reach the daemon at {}: {}; is it running, and does its configuration have `admin`?",
                    target.text(), error.message()));
  }
  const timeval limit{patience, 0};
  ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
  return socket;
}

void send(Socket& socket, const Target& target, std::string_view method, const std::string& path,
          boost::system::error_code& error) {
  http::request<http::empty_body> request;
  request.method_string(boost::beast::string_view(method.data(), method.size()));
  request.target(path);
  request.version(11);
  request.set(http::field::host, target.socket.empty() ? target.text() : "localhost");
  if (!target.token.empty()) request.set(http::field::authorization, "Bearer " + target.token);
  request.keep_alive(false);
  http::write(socket, request, error);
}

Reply reply_of(const http::response<http::string_body>& message) {
  Reply reply;
  reply.status = message.result_int();
  reply.body = message.body();
  boost::system::error_code error;
  boost::json::value value = boost::json::parse(reply.body, error);
  if (!error && value.is_object()) reply.fields = std::move(value.get_object());
  return reply;
}

}  // namespace

std::string Target::text() const {
  if (!socket.empty()) return socket;
  return host.find(':') == std::string::npos ? host + ":" + port : "[" + host + "]:" + port;
}

Target target_of(const std::string& configuration, const std::string& given) {
  if (!given.empty()) return {.socket = given};
  const config::Loaded loaded = config::load(configuration);
  for (const config::AdminListener& listener : loaded.config.admin) {
    if (listener.bind.kind == config::Bind::Kind::unix_socket) return {.socket = listener.bind.path};
  }
  for (const config::AdminListener& listener : loaded.config.admin) {
    if (listener.bind.kind != config::Bind::Kind::tcp || listener.token.empty()) continue;
    std::string host = listener.bind.host;
    if (host == "*" || host == "0.0.0.0") host = "127.0.0.1";
    if (host == "::") host = "::1";
    return {.host = host, .port = std::to_string(listener.bind.port), .token = read_token(listener.token)};
  }
  return {.socket = std::string(packaged_socket)};
}

std::string Reply::error() const {
  const auto* const field = fields.if_contains("error");
  if (field != nullptr && field->is_string()) return printable(std::string_view(field->get_string()));
  return fmt::format("the daemon answered {}", status);
}

Reply ask(const Target& target, std::string_view method, const std::string& path) {
  asio::io_context context;
  Socket socket = connected(context, target);
  boost::system::error_code error;
  send(socket, target, method, path, error);
  boost::beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(64ULL << 20);
  if (!error) http::read(socket, buffer, parser, error);
  if (error)
    throw std::runtime_error(fmt::format("the daemon at {} did not answer: {}", target.text(), error.message()));
  return reply_of(parser.get());
}

Reply follow(const Target& target, const std::string& path, const std::function<void(std::string_view line)>& take) {
  asio::io_context context;
  Socket socket = connected(context, target);
  boost::system::error_code error;
  send(socket, target, "GET", path, error);
  boost::beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(boost::none);
  if (!error) http::read_header(socket, buffer, parser, error);
  const bool good = !error && parser.get().result_int() < 300;
  std::string& body = parser.get().body();
  while (!error && !parser.is_done()) {
    http::read_some(socket, buffer, parser, error);
    std::size_t begin = 0;
    for (std::size_t end = 0; good && (end = body.find('\n', begin)) != std::string::npos; begin = end + 1) {
      take(std::string_view(body).substr(begin, end - begin));
    }
    body.erase(0, begin);
  }
  if (error)
    throw std::runtime_error(
        fmt::format("the answer of the daemon at {} broke off: {}", target.text(), error.message()));
  return reply_of(parser.get());
}

std::string encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (is_alnum(c) || std::string_view("-._~").find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

}  // namespace drawbridge::ctl
