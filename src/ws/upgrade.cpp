#include "ws/upgrade.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <openssl/evp.h>

namespace drawbridge::ws {
namespace {

// How often a field stands in the head, and its first value.
struct Occurrence {
  std::size_t count = 0;
  std::string_view value;
};

Occurrence find(const Request& request, std::string_view name) {
  Occurrence found;
  for (const Field& field : request.fields) {
    if (!equal_ignoring_case(field.name, name)) continue;
    if (found.count++ == 0) found.value = field.value;
  }
  return found;
}

// The elements of a list field that may be spread over several lines (RFC 9110 §5.3), in order.
std::vector<std::string_view> list(const Request& request, std::string_view name) {
  std::vector<std::string_view> elements;
  for (const Field& field : request.fields) {
    if (!equal_ignoring_case(field.name, name)) continue;
    for (const std::string_view element : split(field.value, ',')) elements.push_back(trim(element));
  }
  return elements;
}

// True if Host, target and origin are what they must be; each is taken even if another is not.
bool take_names(const Request& request, Upgrade& upgrade) {
  bool good = true;
  if (const Occurrence host = find(request, "Host"); host.count == 1) {
    auto authority = parse_authority(host.value);
    good = authority.has_value();
    if (authority) upgrade.host = *std::move(authority);
  } else {
    good = false;
  }

  auto target = parse_target(request.target);
  good = good && target.has_value();
  if (target) upgrade.target = *std::move(target);

  if (const Occurrence sent = find(request, "Origin"); sent.count > 0) {
    upgrade.origin_text = sent.value;
    auto origin = parse_origin(sent.value);
    if (origin && sent.count == 1) {
      upgrade.origin = *std::move(origin);
    } else {
      good = false;
    }
  }
  return good;
}

bool has_body(const Request& request) {
  if (find(request, "Transfer-Encoding").count > 0) return true;
  const Occurrence length = find(request, "Content-Length");
  return length.count > 1 || (length.count == 1 && length.value != "0");
}

// 16 bytes in base64: 21 whole characters, one whose low four bits are padding and must be zero, and "==".
bool is_key(std::string_view text) {
  const auto in_alphabet = [](char c) { return is_alnum(c) || c == '+' || c == '/'; };
  constexpr std::string_view last_characters = "AQgw";
  return text.size() == 24 && text.ends_with("==") && std::all_of(text.begin(), text.begin() + 21, in_alphabet) &&
         last_characters.find(text[21]) != std::string_view::npos;
}

bool take_subprotocols(const Request& request, Upgrade& upgrade) {
  auto offered = list(request, "Sec-WebSocket-Protocol");
  if (!std::all_of(offered.begin(), offered.end(), is_token)) return false;
  upgrade.subprotocols.assign(offered.begin(), offered.end());
  // Sorted, as a head has room for thousands of them.
  std::sort(offered.begin(), offered.end());
  return std::adjacent_find(offered.begin(), offered.end()) == offered.end();
}

}  // namespace

std::optional<std::string_view> Request::field(std::string_view name) const {
  const Occurrence found = find(*this, name);
  if (found.count != 1) return std::nullopt;
  return found.value;
}

bool Request::lists(std::string_view name, std::string_view element) const {
  const auto elements = list(*this, name);
  return std::any_of(elements.begin(), elements.end(),
                     [&](std::string_view each) { return equal_ignoring_case(each, element); });
}

bool asks_for_file(const Request& request) {
  if (request.method != "GET" && request.method != "HEAD") return false;
  return !request.lists("Upgrade", "websocket") && find(request, "Sec-WebSocket-Key").count == 0;
}

std::optional<Reason> check_file_request(const Request& request, Upgrade& upgrade) {
  const bool names_are_good = take_names(request, upgrade);
  if (!names_are_good || request.version != 11 || has_body(request)) return Reason::bad_request;
  return std::nullopt;
}

std::optional<Reason> check_upgrade(const Request& request, Upgrade& upgrade) {
  const bool names_are_good = take_names(request, upgrade);
  if (request.method != "GET") return Reason::method;
  if (!names_are_good || request.version != 11 || has_body(request)) return Reason::bad_request;

  const Occurrence version = find(request, "Sec-WebSocket-Version");
  const Occurrence key = find(request, "Sec-WebSocket-Key");
  if (version.count > 1 || key.count > 1) return Reason::bad_request;
  if (version.value != "13" || !request.lists("Upgrade", "websocket") || !request.lists("Connection", "upgrade")) {
    return Reason::upgrade_required;
  }
  if (!is_key(key.value) || !take_subprotocols(request, upgrade)) return Reason::bad_request;
  upgrade.accept = accept_key(key.value);
  return std::nullopt;
}

bool raw_head_is_strict(std::string_view head) {
  if (head.find('\0') != std::string_view::npos) return false;
  for (bool request_line = true;; request_line = false) {
    const auto end = head.find_first_of("\r\n");
    if (end == std::string_view::npos || !head.substr(end).starts_with("\r\n")) return false;
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(end + 2);
    if (line.empty()) return !request_line && head.empty();
    // A field's name is a token, so that neither a folded line nor white space before the colon passes.
    if (!request_line && !is_token(line.substr(0, line.find(':')))) return false;
    if (!request_line && line.find(':') == std::string_view::npos) return false;
  }
}

std::string accept_key(std::string_view key) {
  constexpr std::string_view guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  const std::string text = std::string(key) + std::string(guid);
  std::array<unsigned char, 20> digest;
  if (EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha1(), nullptr) != 1) {
    throw std::runtime_error("OpenSSL offers no SHA-1");
  }
  std::array<unsigned char, 29> encoded;  // 28 characters and a NUL
  EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(digest.size()));
  return std::string(encoded.begin(), encoded.end() - 1);
}

}  // namespace drawbridge::ws
