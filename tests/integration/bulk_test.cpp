#include "support/backend.hpp"
#include "support/channel.hpp"
#include "support/daemon.hpp"
#include "support/raw_client.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <openssl/evp.h>

using namespace drawbridge::testing;

namespace {

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) { EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr); }
  void feed(std::string_view bytes) { EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }
  std::string hex() {
    std::array<unsigned char, 32> digest{};
    EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr);
    std::string result;
    for (const unsigned char byte : digest) {
      result += "0123456789abcdef"[byte >> 4];
      result += "0123456789abcdef"[byte & 15];
    }
    return result;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

// `size` random bytes in pieces of 1 B to 1 MiB, hashed as they are made.
class Source {
 public:
  Source(std::uint64_t size, std::uint64_t seed) : random_(seed), left_(size) {}

  std::string_view next() {
    const std::uint64_t bound = std::uint64_t{1} << (random_() % 21);
    const std::uint64_t size = std::min(left_, 1 + random_() % bound);
    left_ -= size;
    buffer_.resize((size + 7) / 8 * 8);
    for (std::size_t i = 0; i < buffer_.size(); i += 8) {
      const std::uint64_t word = random_();
      std::memcpy(buffer_.data() + i, &word, sizeof word);
    }
    const auto piece = std::string_view(buffer_).substr(0, size);
    hash_.feed(piece);
    return piece;
  }
  std::string hash() { return hash_.hex(); }

 private:
  std::mt19937_64 random_;
  std::uint64_t left_;
  std::string buffer_;
  Sha256 hash_;
};

// Payload of the bridge's frames, whose headers may be cut anywhere.
class Payloads {
 public:
  // Hashes the payload in `bytes`; how much of it there was so far.
  std::uint64_t feed(std::string_view bytes) {
    while (!bytes.empty()) {
      if (left_ > 0) {
        const std::string_view piece = bytes.substr(0, left_);
        if ((header_[0] & 0x08) == 0) {  // data
          hash_.feed(piece);
          total_ += piece.size();
        }
        left_ -= piece.size();
        bytes.remove_prefix(piece.size());
        if (left_ == 0) header_.clear();
        continue;
      }
      header_ += bytes.front();
      bytes.remove_prefix(1);
      if (header_.size() < 2) continue;
      const auto length = static_cast<unsigned char>(header_[1]);
      const std::size_t wide = length == 126 ? 2 : length == 127 ? 8 : 0;
      if (header_.size() < 2 + wide) continue;
      left_ = wide == 0 ? length : 0;
      for (std::size_t i = 2; i < 2 + wide; ++i) left_ = (left_ << 8) | static_cast<unsigned char>(header_[i]);
      if (left_ == 0) header_.clear();
    }
    return total_;
  }
  std::string hash() { return hash_.hex(); }

 private:
  std::string header_;
  std::uint64_t left_ = 0;
  std::uint64_t total_ = 0;
  Sha256 hash_;
};

struct Hashes {
  std::string sent;
  std::string received;
};

std::uint64_t bytes_each_way() {
  const char* mebibytes = std::getenv("DRAWBRIDGE_BULK_MIB");
  return (mebibytes != nullptr ? std::stoull(mebibytes) : 64) << 20;
}

// One session's browser; every third one stops reading for a while in the middle.
Hashes cross(std::uint16_t port, std::uint64_t size, std::uint64_t seed) {
  RawClient client = RawClient::open(port);
  Source source(size, seed);
  Payloads payloads;
  std::string current;
  bool paused = seed % 3 != 0;
  client.wire().exchange(
      [&]() -> std::string_view {
        const std::string_view piece = source.next();
        current = piece.empty() ? std::string() : frame(Op::binary, piece);
        return current;
      },
      [&](std::string_view bytes) {
        const std::uint64_t total = payloads.feed(bytes);
        if (!paused && total > size / 2) {
          paused = true;
          std::this_thread::sleep_for(std::chrono::seconds(2));  // what is measured, not a way to wait
        }
        return total < size;
      });
  client.finish();
  return {source.hash(), payloads.hash()};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bulk)

BOOST_AUTO_TEST_CASE(three_sessions_carry_bytes_both_ways_at_once_in_bounded_memory) {
  const std::uint64_t size = bytes_each_way();
  Channel<Hashes> backends;
  std::atomic<std::uint64_t> seeds = 100;
  const Backend backend([&](Wire& wire) {
    Source source(size, ++seeds);
    Sha256 received;
    std::uint64_t total = 0;
    wire.exchange([&] { return source.next(); },
                  [&](std::string_view bytes) {
                    received.feed(bytes);
                    total += bytes.size();
                    return total < size;
                  });
    backends.push({source.hash(), received.hex()});
    read_until_stopped(wire);
  });
  Daemon daemon(simple(backend.port()));
  { RawClient::open(daemon.port()).finish(); }  // what the first session costs for ever
  daemon.wait_for("session");

  const std::size_t before = daemon.process().resident_bytes();
  std::size_t most = before;
  Channel<Hashes> browsers;
  std::atomic<int> running = 3;
  std::vector<std::thread> threads;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    threads.emplace_back([&, seed] {
      try {
        browsers.push(cross(daemon.port(), size, seed));
      } catch (const std::exception& error) {
        browsers.push({error.what(), error.what()});
      }
      --running;
    });
  }
  while (running > 0) {
    most = std::max(most, daemon.process().resident_bytes());
    std::this_thread::sleep_for(std::chrono::milliseconds(20));  // between samples
  }
  for (std::thread& thread : threads) thread.join();

  std::vector<std::string> sent;
  std::vector<std::string> received;
  for (int i = 0; i < 3; ++i) {
    for (const Hashes& end : {browsers.pop(), backends.pop()}) {
      sent.push_back(end.sent);
      received.push_back(end.received);
    }
  }
  std::sort(sent.begin(), sent.end());
  std::sort(received.begin(), received.end());
  BOOST_TEST(sent == received, boost::test_tools::per_element());
  BOOST_TEST_MESSAGE("memory grew by " << (most - before) / 1024 << " KiB");
  if (!sanitized) BOOST_TEST(most - before < 4U << 20);
  for (int i = 0; i < 3; ++i) {
    const Record record = daemon.session("client_closed");
    BOOST_TEST(record.number("up_bytes") == size);
    BOOST_TEST(record.number("down_bytes") == size);
  }
}

BOOST_AUTO_TEST_SUITE_END()
