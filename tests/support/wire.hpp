#pragma once

#include "support/patience.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <openssl/ssl.h>

namespace drawbridge::testing {

struct ConnectionReset : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct EndOfStream : std::runtime_error {
  using std::runtime_error::runtime_error;
};
// Whoever owns the thread wants it back.
struct Stopped : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// SNI, which OpenSSL offers as a macro with old casts only.
void set_server_name(SSL* ssl, std::string name);

struct TlsOptions {
  std::string server_name = "bridge.test";  // empty: no SNI
  int max_version = TLS1_3_VERSION;
  std::string ciphers{};  // of TLS 1.2 and before, also those that are broken; empty: OpenSSL's choice
  std::string alpn{};     // one protocol; empty: none offered
  std::string chain{};    // PEM: the client's certificate, and issuers that are sent with it; empty: it has none
  std::string key{};
  SSL_SESSION* session = nullptr;  // offered for resumption
};

// A byte stream over a socket, plain or TLS; every wait has a deadline.
class Wire {
 public:
  // `stop`: a descriptor that ends every wait with Stopped once it is readable; -1: none.
  explicit Wire(int descriptor, int stop = -1);
  Wire(Wire&&) noexcept;
  Wire& operator=(Wire&&) noexcept;
  ~Wire();

  void start_tls(const TlsOptions& options);
  SSL* tls() { return ssl_.get(); }  // null without it
  std::string tls_version() const;
  std::string alpn() const;
  std::string peer_certificate() const;  // PEM

  // What is there, at least a byte; empty at the end of the stream.
  std::string read_some(std::size_t most = 64 << 10);
  // EndOfStream if there are fewer.
  std::string read_exactly(std::size_t size);
  // Up to and with `mark`; EndOfStream if it never comes.
  std::string read_until(std::string_view mark);
  std::string read_to_end();
  // The same, where the peer may reset instead of closing.
  std::string read_to_end_or_reset();
  // Whether there is payload to read, or the end.
  bool readable(std::chrono::milliseconds within);

  // Waits without reading, until the peer reset the connection or the thread is wanted back.
  void do_nothing();

  void write(std::string_view bytes);
  // Writes pieces of `pattern` until nothing was taken for `stuck_for`; returns how many bytes were taken.
  std::size_t write_until_stuck(std::string_view pattern, std::chrono::milliseconds stuck_for);

  // Both ways at once: `next` gives what follows to be written, empty at its end; `got` takes what was read and says
  // whether there must be more.
  void exchange(const std::function<std::string_view()>& next, const std::function<bool(std::string_view)>& got);

  // TLS: close_notify, then FIN.
  void shutdown_write();
  void close();
  // RST instead of FIN.
  void reset();

  int descriptor() const { return descriptor_; }
  void set_patience(std::chrono::milliseconds most) { patience_ = most; }

 private:
  struct FreeSsl {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };

  // The bytes moved, 0 at the end of the stream, or what must be waited for.
  struct Step {
    std::optional<std::size_t> bytes;
    short wait_for = 0;
  };
  Step try_read(char* data, std::size_t size);
  Step try_write(std::string_view bytes);
  bool wait(short events, std::chrono::steady_clock::time_point deadline);
  void wait_or_throw(short events, std::chrono::steady_clock::time_point deadline, const char* what);

  int descriptor_;
  int stop_;
  std::unique_ptr<SSL, FreeSsl> ssl_;
  std::string unread_;
  std::chrono::milliseconds patience_ = patience;
};

// Connected sockets. `source`: the local address; empty: any.
Wire connect_tcp(std::uint16_t port, const std::string& address = "127.0.0.1", const std::string& source = {});
Wire connect_unix(const std::string& path);

// A listening socket and its port; `backlog` as listen(2) takes it.
struct Listening {
  int descriptor = -1;
  std::uint16_t port = 0;
};
Listening listen_tcp(const std::string& address = "127.0.0.1", int backlog = 1024);
std::string os_error(const char* what);

}  // namespace drawbridge::testing
