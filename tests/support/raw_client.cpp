#include "support/raw_client.hpp"

#include <algorithm>
#include <cctype>

#include <boost/json.hpp>

namespace drawbridge::testing {
namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(tolower(c)); });
  return text;
}

std::uint64_t from_big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = (value << 8) | static_cast<unsigned char>(byte);
  return value;
}

}  // namespace

Head::Head(std::string target)
    : request_line_("GET " + std::move(target) + " HTTP/1.1"),
      fields_{{"Host", "bridge.test"},
              {"Upgrade", "websocket"},
              {"Connection", "Upgrade"},
              {"Sec-WebSocket-Version", "13"},
              {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
              {"Origin", std::string(usual_origin)}} {}

Head& Head::request_line(std::string line) {
  request_line_ = std::move(line);
  return *this;
}

Head& Head::set(const std::string& name, std::string value) {
  for (auto& field : fields_) {
    if (field.first == name) {
      field.second = std::move(value);
      return *this;
    }
  }
  fields_.emplace_back(name, std::move(value));
  return *this;
}

Head& Head::without(const std::string& name) {
  std::erase_if(fields_, [&](const auto& field) { return field.first == name; });
  return *this;
}

Head& Head::add_line(std::string line) {
  lines_.push_back(std::move(line));
  return *this;
}

std::string Head::text() const {
  std::string result = request_line_ + "\r\n";
  for (const auto& [name, value] : fields_) result += name + ": " + value + "\r\n";
  for (const std::string& line : lines_) result += line + "\r\n";
  return result + "\r\n";
}

std::string Answer::field(const std::string& name) const {
  const auto found = fields.find(lower(name));
  return found == fields.end() ? std::string() : found->second;
}

std::string Answer::reason() const {
  boost::system::error_code error;
  const boost::json::value parsed = boost::json::parse(body, error);
  const boost::json::object* object = error ? nullptr : parsed.if_object();
  const boost::json::value* word = object == nullptr ? nullptr : object->if_contains("reason");
  return word != nullptr && word->is_string() ? std::string(word->get_string()) : std::string();
}

RawClient::RawClient(std::uint16_t port, const TlsOptions& tls) : RawClient(Address{.port = port}, tls) {}

RawClient::RawClient(const Address& address, const TlsOptions& tls)
    : wire_(connect_tcp(address.port, address.host, address.source)) {
  wire_.start_tls(tls);
}

RawClient RawClient::open(std::uint16_t port, const Head& head) {
  RawClient client(port);
  const Answer answer = client.request(head);
  if (answer.status != 101) {
    throw std::runtime_error("no upgrade: " + std::to_string(answer.status) + " " + answer.body);
  }
  return client;
}

void RawClient::send_frame(Op opcode, std::string_view payload, const FrameOptions& options) {
  send(frame(opcode, payload, options));
}

Answer RawClient::request(const Head& head) {
  send(head.text());
  return read_answer();
}

Answer RawClient::read_answer() {
  const std::string head = wire_.read_until("\r\n\r\n");
  Answer answer;
  if (!head.starts_with("HTTP/1.1 ")) throw std::runtime_error("no answer: " + head);
  answer.status = static_cast<unsigned>(std::stoul(head.substr(9)));
  for (std::size_t at = head.find("\r\n") + 2; at + 2 < head.size();) {
    const std::size_t end = head.find("\r\n", at);
    const std::size_t colon = head.find(':', at);
    const std::size_t value = head.find_first_not_of(' ', colon + 1);
    answer.fields[lower(head.substr(at, colon - at))] = head.substr(value, end - value);
    at = end + 2;
  }
  if (const std::string length = answer.field("content-length"); !length.empty()) {
    answer.body = wire_.read_exactly(std::stoul(length));
  }
  return answer;
}

Frame RawClient::read_frame() {
  const std::string header = wire_.read_exactly(2);
  const auto first = static_cast<unsigned char>(header[0]);
  const auto second = static_cast<unsigned char>(header[1]);
  Frame result;
  result.opcode = static_cast<Op>(first & 0x0F);
  result.fin = (first & 0x80) != 0;
  result.reserved = (first >> 4) & 7U;
  result.masked = (second & 0x80) != 0;
  std::uint64_t size = second & 0x7F;
  if (size == 126)
    size = from_big_endian(wire_.read_exactly(2));
  else if (size == 127)
    size = from_big_endian(wire_.read_exactly(8));
  if (result.masked) throw std::runtime_error("a server masked a frame");  // RFC 6455 §5.1
  result.payload = wire_.read_exactly(size);
  return result;
}

std::string RawClient::read_payload(std::size_t size) {
  std::string result;
  while (result.size() < size) {
    const Frame next = read_frame();
    if (next.opcode == Op::close) {
      throw std::runtime_error("Close after " + std::to_string(result.size()) + " bytes: " + next.payload);
    }
    if (next.opcode <= Op::binary) result += next.payload;
  }
  return result;
}

Close RawClient::read_close(std::string* payload) {
  for (;;) {
    const Frame next = read_frame();
    if (next.opcode == Op::close) {
      if (next.payload.empty()) return {1005, {}};
      return {static_cast<std::uint16_t>(from_big_endian(next.payload.substr(0, 2))), next.payload.substr(2)};
    }
    if (payload != nullptr && next.opcode <= Op::binary) *payload += next.payload;
  }
}

void RawClient::finish() {
  send_frame(Op::close, close_payload(1000));
  wire_.read_to_end_or_reset();
  wire_.close();  // the bridge lingers until then
}

}  // namespace drawbridge::testing
