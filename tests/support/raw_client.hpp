#pragma once

#include "support/frames.hpp"
#include "support/wire.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace drawbridge::testing {

constexpr std::string_view usual_origin = "https://app.example.org";

// The text of an upgrade request, a good one unless changed.
class Head {
 public:
  explicit Head(std::string target = "/desk");

  Head& request_line(std::string line);
  // Replaces the field, or adds it.
  Head& set(const std::string& name, std::string value);
  Head& without(const std::string& name);
  // A line as it is, after all others.
  Head& add_line(std::string line);
  std::string text() const;

 private:
  std::string request_line_;
  std::vector<std::pair<std::string, std::string>> fields_;
  std::vector<std::string> lines_;
};

struct Answer {
  unsigned status = 0;
  std::map<std::string, std::string> fields;  // names in lower case
  std::string body;

  // A field's value; empty if it is not there.
  std::string field(const std::string& name) const;
  // The word in a refusal's body; empty if the body is none.
  std::string reason() const;
};

struct Frame {
  Op opcode = Op::binary;
  bool fin = true;
  unsigned reserved = 0;
  bool masked = false;
  std::string payload;
};

// What a Close frame said; 1005 if it was empty.
struct Close {
  std::uint16_t code = 0;
  std::string text;

  bool operator==(const Close&) const = default;
};

struct Address {
  std::uint16_t port = 0;
  std::string host = "127.0.0.1";
  std::string source{};  // the local address; empty: any
};

// A client that can send anything, well-formed or not.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port, const TlsOptions& tls = {});
  RawClient(const Address& address, const TlsOptions& tls);
  // Plaintext over a connected socket.
  explicit RawClient(Wire wire) : wire_(std::move(wire)) {}

  // An upgraded session.
  static RawClient open(std::uint16_t port, const Head& head = Head());

  Wire& wire() { return wire_; }
  void send(std::string_view bytes) { wire_.write(bytes); }
  void send_frame(Op opcode, std::string_view payload, const FrameOptions& options = {});
  // Sends the head and reads what comes back.
  Answer request(const Head& head);
  Answer read_answer();

  Frame read_frame();
  // Payload of data frames until there are `size` bytes of it; a Close before that is an error.
  std::string read_payload(std::size_t size);
  // Frames up to the Close; what data they carried goes to `payload`.
  Close read_close(std::string* payload = nullptr);
  // Answers 1000 to the bridge's Close or sends the first one, reads to the end of the connection and closes.
  void finish();

 private:
  Wire wire_;
};

}  // namespace drawbridge::testing
