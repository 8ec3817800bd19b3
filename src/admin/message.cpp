#include "admin/message.hpp"

#include "base/text.hpp"

#include <charconv>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace drawbridge::admin {
namespace {

std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    unsigned char byte = 0;
    const std::string_view hex = text.substr(i + 1, 2);
    const auto [end, error] = std::from_chars(hex.data(), hex.data() + hex.size(), byte, 16);
    if (hex.size() != 2 || error != std::errc{} || end != hex.data() + 2) return {};
    out += static_cast<char>(byte);
    i += 2;
  }
  for (const char c : out) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7F') return {};
  }
  return out;
}

bool parse_path(std::string_view path, Request& request) {
  if (!path.starts_with('/')) return false;
  if (path == "/") return true;
  for (const std::string_view segment : split(path.substr(1), '/')) {
    auto text = decoded(segment);
    if (!text || text->empty() || *text == "." || *text == "..") return false;
    request.path.push_back(*std::move(text));
  }
  return true;
}

bool parse_query(std::string_view query, Request& request) {
  if (query.empty()) return true;
  for (const std::string_view pair : split(query, '&')) {
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto name = decoded(pair.substr(0, equals));
    auto value = decoded(pair.substr(std::min(equals + 1, pair.size())));
    if (!name || !value || name->empty()) return false;
    if (!request.query.emplace(*std::move(name), *std::move(value)).second) return false;
  }
  return true;
}

}  // namespace

Response failure(unsigned status, std::string_view what) {
  return {.status = status, .body = boost::json::serialize(boost::json::object{{"error", what}}) + "\n"};
}

bool parse_target(std::string_view target, Request& request) {
  const std::size_t mark = std::min(target.find('?'), target.size());
  return parse_path(target.substr(0, mark), request) &&
         parse_query(target.substr(std::min(mark + 1, target.size())), request);
}

}  // namespace drawbridge::admin
