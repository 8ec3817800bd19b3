// Attacks of those who got in: TLS and frames.

#include "attack/siege.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

using namespace drawbridge::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t batch = 64 << 10;  // bytes that a flood writes at once
constexpr std::size_t flooders = 64;     // sessions at once

std::string repeated(const std::string& frame) {
  std::string result;
  while (result.size() < batch) result += frame;
  return result;
}

// Sessions that send `first` once and then the batch again and again, and read what comes back.
Attacker::Attack flood(std::string first, const std::string& frame) {
  return [first = std::move(first), frames = repeated(frame), each = frame.size()](Attacker& attacker) {
    std::vector<std::optional<RawClient>> sessions(flooders);
    while (attacker.goes_on()) {
      for (auto& session : sessions) {
        const bool good = Attacker::attempt([&] {
          if (!session) {
            session.emplace(attacker.open());
            session->send(first);
          }
          session->send(frames);
          while (session->wire().readable(0ms) && !session->wire().read_some().empty()) {
          }
        });
        if (!good) throw std::logic_error("the daemon ended a session that broke no rule");
        attacker.counts(frames.size() / each);
      }
    }
  };
}

// For each connection one act, again and again.
Attacker::Attack repeat(std::function<void(Attacker&)> act) {
  return [act = std::move(act)](Attacker& attacker) {
    while (attacker.goes_on()) {
      Attacker::attempt([&] { act(attacker); });
      attacker.counts();
    }
  };
}

// The records that `write` makes, instead of sending them one by one.
std::string records(RawClient& client, const std::function<void(SSL*)>& write) {
  SSL* tls = client.wire().tls();
  BIO* socket = SSL_get_wbio(tls);
  BIO_up_ref(socket);
  BIO* collected = BIO_new(BIO_s_mem());
  SSL_set0_wbio(tls, collected);
  write(tls);
  char* data = nullptr;
  const long size = BIO_get_mem_data(collected, &data);
  std::string result(data, static_cast<std::size_t>(size));
  SSL_set0_wbio(tls, socket);
  return result;
}

void write_frame(SSL* tls, const std::string& frame) {
  SSL_write(tls, frame.data(), static_cast<int>(frame.size()));
}

// Past TLS. What comes back is taken meanwhile, past TLS as well.
void send_raw(RawClient& client, std::string_view bytes) {
  const int socket = client.wire().descriptor();
  std::array<char, 4096> taken;
  while (!bytes.empty()) {
    const ssize_t sent = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
    while (recv(socket, taken.data(), taken.size(), MSG_DONTWAIT) > 0) {
    }
    pollfd writable{socket, POLLIN | POLLOUT, 0};
    if (sent < 0 && poll(&writable, 1, static_cast<int>(patience.count())) <= 0) throw Timeout("stuck");
    if ((writable.revents & (POLLERR | POLLHUP)) != 0) throw ConnectionReset("ended");
  }
}

// Until the daemon has ended the connection: to close it first would reset it, and what was sent might never be read.
void await_end(RawClient& client) {
  const int socket = client.wire().descriptor();
  std::array<char, 4096> taken;
  for (pollfd readable{socket, POLLIN, 0};;) {
    if (poll(&readable, 1, static_cast<int>(patience.count())) <= 0) throw Timeout("not ended");
    if (recv(socket, taken.data(), taken.size(), 0) <= 0) return;
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sessions)

// Thousands of sessions, each in the middle of a header and then of a frame.
BOOST_AUTO_TEST_CASE(slow_frame_header) {
  endure({.attack =
              [](Attacker& attacker) {
                const std::string slow = frame(Op::binary, std::string(100'000, 'x'));
                attacker.hold(
                    3000, [&] { return attacker.open(); },
                    [&](RawClient& client, std::size_t turn) { client.send(slow.substr(turn % slow.size(), 1)); });
              },
          .unit = "sessions",
          .most_mib = 128});
}

// The same a layer below: TLS records that never become whole.
BOOST_AUTO_TEST_CASE(slow_record) {
  endure({.attack =
              [](Attacker& attacker) {
                const std::string record = std::string("\x17\x03\x03\x41\x00", 5) + std::string(16'000, 'r');
                attacker.hold(
                    3000, [&] { return attacker.open(); },
                    [&](RawClient& client, std::size_t turn) {
                      if (turn > 0) return;
                      send(client.wire().descriptor(), record.data(), record.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
                    });
              },
          .unit = "sessions",
          .most_mib = 288});
}

BOOST_AUTO_TEST_CASE(ping_flood) {
  endure({.attack = flood("", frame(Op::ping, "")), .unit = "frames", .most_mib = 32});
}

BOOST_AUTO_TEST_CASE(long_ping_flood) {
  endure({.attack = flood("", frame(Op::ping, std::string(125, 'p'))), .unit = "frames", .most_mib = 32});
}

BOOST_AUTO_TEST_CASE(empty_frames) {
  endure({.attack = flood(frame(Op::binary, "", {.fin = false}), frame(Op::continuation, "", {.fin = false})),
          .unit = "frames",
          .most_mib = 32});
}

// One message without end, but for the cap on messages.
BOOST_AUTO_TEST_CASE(tiny_fragments) {
  endure({.attack = flood(frame(Op::binary, "", {.fin = false}), frame(Op::continuation, "x", {.fin = false})),
          .unit = "frames",
          .most_mib = 32,
          .route = ", limits: { message: 16GiB }"});
}

BOOST_AUTO_TEST_CASE(close_flood) {
  endure({.attack = repeat([closes = repeated(frame(Op::close, close_payload(1000)))](Attacker& attacker) {
            RawClient client = attacker.open();
            for (int i = 0; i < 16; ++i) client.send(closes);
            client.wire().read_to_end_or_reset();
          }),
          .unit = "sessions",
          .most_mib = 32,
          .log = {{"session", "client_closed"}}});
}

BOOST_AUTO_TEST_CASE(huge_lengths) {
  constexpr std::array lengths{(std::uint64_t{1} << 63) - 1, std::uint64_t{1} << 63, ~std::uint64_t{0},
                               (std::uint64_t{16} << 20) + 1};
  endure({.attack = repeat([&lengths, n = std::size_t{0}](Attacker& attacker) mutable {
            RawClient client = attacker.open();
            client.send(frame(Op::binary, "", {.length_bytes = 8, .announce = lengths[n++ % lengths.size()]}));
            client.send(std::string(batch, 'x'));
            client.wire().read_to_end_or_reset();
          }),
          .unit = "sessions",
          .most_mib = 32,
          .log = {{"session", "frame_too_big"}, {"session", "protocol_error"}}});
}

// Who asks for gigabytes and reads none of them.
BOOST_AUTO_TEST_CASE(never_reads) {
  endure({.attack =
              [](Attacker& attacker) {
                attacker.hold(
                    200, [&] { return attacker.open("/flood"); },
                    [](RawClient& client, std::size_t) { client.send(frame(Op::pong, "")); });
              },
          .unit = "sessions",
          .most_mib = 64,
          .log = {{"session", "stall"}},
          .route = ", timeouts: { stall: 1s, close: 1s }"});
}

// The peer of a TLS 1.2 connection may ask for new handshakes (CVE-2011-1473); it gets none.
BOOST_AUTO_TEST_CASE(tls_renegotiation) {
  endure({.attack = repeat([](Attacker& attacker) {
            RawClient client = attacker.shake_hands({.max_version = TLS1_2_VERSION});
            SSL* tls = client.wire().tls();
            SSL_renegotiate(tls);
            while (SSL_get_error(tls, SSL_do_handshake(tls)) == SSL_ERROR_WANT_READ) client.wire().readable(patience);
            if (SSL_is_init_finished(tls)) throw std::logic_error("the daemon shook hands again");
          }),
          .unit = "asked",
          .most_mib = 32});
}

// The peer of a TLS 1.3 connection may ask for new keys, which costs it as little (RFC 8446 §4.6.3): thousands of times
// in one write, without any payload or with a frame now and then.
BOOST_AUTO_TEST_CASE(tls_key_updates) {
  endure({.attack = repeat([n = 0](Attacker& attacker) mutable {
            constexpr int updates = 3'000;
            RawClient client = attacker.open();
            const int frame_after = n++ % 2 == 0 ? updates : 20;
            const std::string flood = records(client, [&](SSL* tls) {
              for (int i = 1; i <= updates; ++i) {
                SSL_key_update(tls, SSL_KEY_UPDATE_REQUESTED);
                SSL_do_handshake(tls);
                if (i % frame_after == 0) write_frame(tls, frame(Op::pong, ""));
              }
            });
            attacker.counts(updates - 1);
            send_raw(client, flood);
            await_end(client);
          }),
          .unit = "updates",
          .most_mib = 32,
          .log = {{"session", "tls_error"}}});
}

// Each frame of one byte in a TLS record of its own.
BOOST_AUTO_TEST_CASE(tiny_records) {
  endure({.attack =
              [](Attacker& attacker) {
                std::vector<RawClient> sessions;
                while (sessions.size() < flooders) sessions.push_back(attacker.open());
                const std::string tiny = frame(Op::binary, "x");
                while (attacker.goes_on()) {
                  for (RawClient& session : sessions) {
                    constexpr int frames = 5'000;
                    send_raw(session, records(session, [&](SSL* tls) {
                               for (int i = 0; i < frames; ++i) write_frame(tls, tiny);
                             }));
                    attacker.counts(frames);
                  }
                }
              },
          .unit = "records",
          .most_mib = 32});
}

BOOST_AUTO_TEST_SUITE_END()
