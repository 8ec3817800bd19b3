#include "net/forward_request.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace drawbridge::net {
namespace {

std::string text_of(const ws::Authority& authority) {
  std::string text = authority.host.find(':') == std::string::npos ? authority.host : "[" + authority.host + "]";
  if (authority.port) text += ":" + std::to_string(*authority.port);
  return text;
}

// RFC 9110 §5.5: neither ends a line nor is read differently by anybody.
bool is_field_value(std::string_view value) {
  return std::all_of(value.begin(), value.end(),
                     [](char c) { return c == '\t' || (static_cast<unsigned char>(c) >= ' ' && c != '\x7F'); });
}

// Writes lines of a head, and remembers whether one was no line.
class Lines {
 public:
  explicit Lines(std::string first) : text_(std::move(first)) {}

  void add(std::string_view name, std::string_view value) {
    good_ = good_ && is_token(name) && is_field_value(value);
    text_.append(name).append(": ").append(value).append("\r\n");
  }
  Result<std::string> end() && {
    if (!good_) return Reason::bad_request;
    return std::move(text_) + "\r\n";
  }

 private:
  std::string text_;
  bool good_ = true;
};

}  // namespace

ForwardQuestion forward_question(const config::ForwardAuth& auth, const ws::Request& request,
                                 const ws::Upgrade& upgrade, bool tls, std::string_view client) {
  ForwardQuestion question;
  question.tls = tls;
  question.host = text_of(upgrade.host);
  question.target = request.target;
  question.client = client;
  question.origin = upgrade.origin_text;
  for (const std::string& name : auth.request_headers) {
    // Origin goes along anyway.
    if (name == "origin" || !config::may_be_passed_on(name)) continue;
    for (const ws::Field& field : request.fields) {
      if (equal_ignoring_case(field.name, name)) question.fields.push_back({name, std::string(field.value)});
    }
  }
  return question;
}

// Traefik's and Caddy's names and nginx's: each service knows the one or the other.
Result<std::string> forward_request(const config::ForwardUrl& url, const ForwardQuestion& question) {
  const std::string_view scheme = question.tls ? "https" : "http";
  Lines lines("GET " + url.target + " HTTP/1.1\r\n");
  lines.add("Host", url.authority());
  lines.add("Connection", "close");
  lines.add("X-Forwarded-Method", "GET");
  lines.add("X-Forwarded-Proto", scheme);
  lines.add("X-Forwarded-Host", question.host);
  lines.add("X-Forwarded-Uri", question.target);
  if (!question.client.empty()) lines.add("X-Forwarded-For", question.client);
  lines.add("X-Original-Method", "GET");
  lines.add("X-Original-URL", std::string(scheme) + "://" + question.host + question.target);
  if (question.origin) lines.add("Origin", *question.origin);
  for (const auto& [name, value] : question.fields) lines.add(name, value);
  return std::move(lines).end();
}

}  // namespace drawbridge::net
