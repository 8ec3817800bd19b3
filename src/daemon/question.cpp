#include "daemon/question.hpp"

#include "auth/json.hpp"
#include "auth/token_file.hpp"
#include "base/log_record.hpp"
#include "base/text.hpp"
#include "ws/origin.hpp"

#include <algorithm>
#include <set>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

namespace drawbridge::daemon {
namespace {

// Any 16 bytes (RFC 6455 §4.1): who explains answers nobody.
constexpr std::string_view some_key = "AAECAwQFBgcICQoLDA0ODw==";

using Headers = std::vector<std::pair<std::string, std::string>>;

bool is_text(const boost::json::value& value) {
  return value.is_string();
}

std::optional<std::string>* option_of(Question& question, std::string_view key) {
  if (key == "origin") return &question.origin;
  if (key == "client") return &question.client;
  if (key == "peer") return &question.peer;
  if (key == "listener") return &question.listener;
  if (key == "certificate") return &question.certificate;
  return key == "at" ? &question.at : nullptr;
}

// One that ends a line would begin another.
bool has_line_end(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

struct Scheme {
  std::string_view text;
  bool tls;
  std::string_view default_port;
};
constexpr Scheme schemes[] = {
    {"wss://", true, ":443"}, {"ws://", false, ":80"}, {"https://", true, ":443"}, {"http://", false, ":80"}};

struct Url {
  Scheme scheme;
  std::string authority;  // as a browser writes it into Host
  ws::Authority host;
  std::string target;
};

std::optional<Url> parse_url(std::string_view text, std::string& why) {
  const auto* const scheme = std::find_if(std::begin(schemes), std::end(schemes), [&](const Scheme& s) {
    return to_lower(text.substr(0, 8)).starts_with(s.text);
  });
  if (scheme == std::end(schemes)) {
    why = "the URL begins with neither wss:// nor ws://";
    return {};
  }
  if (has_line_end(text) || text.find('#') != std::string_view::npos) {
    why = "the URL has a line end or a fragment (#...)";
    return {};
  }
  text.remove_prefix(scheme->text.size());
  const std::size_t end = std::min(text.find_first_of("/?"), text.size());
  std::string authority = to_lower(text.substr(0, end));
  if (authority.find('@') != std::string::npos) {
    why = "the URL holds a user, which no browser sends: use --header 'Authorization: Basic ...'";
    return {};
  }
  auto host = ws::parse_authority(authority);
  if (!host) {
    why = "the URL has a malformed host or port";
    return {};
  }
  if (authority.ends_with(scheme->default_port)) authority.resize(authority.size() - scheme->default_port.size());
  std::string target(text.substr(end));
  if (!target.starts_with('/')) target.insert(0, "/");
  return Url{*scheme, std::move(authority), *std::move(host), std::move(target)};
}

// The value of a header may be a credential: it is counted, not quoted.
bool add_headers(const std::vector<std::string>& given, Headers& headers, std::string& why) {
  std::set<std::string> replaced;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const auto colon = given[i].find(':');
    const std::string name = given[i].substr(0, colon);
    if (colon == std::string::npos || !is_token(name) || has_line_end(given[i])) {
      why = "header " + std::to_string(i + 1) + " is not of the form 'Name: value'";
      return false;
    }
    if (replaced.insert(to_lower(name)).second) {
      std::erase_if(headers, [&](const auto& header) { return equal_ignoring_case(header.first, name); });
    }
    headers.emplace_back(name, trim(std::string_view(given[i]).substr(colon + 1)));
  }
  return true;
}

std::string head_of(const std::string& target, const Headers& headers) {
  std::string head = "GET " + target + " HTTP/1.1\r\n";
  for (const auto& [name, value] : headers) head.append(name).append(": ").append(value).append("\r\n");
  return head + "\r\n";
}

bool take_address(const std::optional<std::string>& text, const char* what, std::optional<client::Address>& address,
                  std::string& why) {
  if (!text) return true;
  address = client::parse_address(*text);
  if (!address) why = std::string(what) + " is no IP address: `" + printable(*text) + "`";
  return address.has_value();
}

}  // namespace

std::optional<Question> parse_question(std::string_view json, std::string& why) {
  const auto object = auth::parse_json_object(json, why);
  if (!object) return {};
  Question question;
  for (const auto& [key, value] : *object) {
    const std::string name(key);
    if (name == "headers" && value.is_array() &&
        std::all_of(value.get_array().begin(), value.get_array().end(), is_text)) {
      for (const auto& header : value.get_array()) question.headers.emplace_back(header.get_string());
      continue;
    }
    auto* const option = option_of(question, name);
    if (!value.is_string() || (option == nullptr && name != "url")) {
      why = "`" + printable(name) + "` is no key, or its value is of a wrong type";
      return {};
    }
    (option == nullptr ? question.url : option->emplace()) = std::string(value.get_string());
  }
  return question;
}

std::optional<Asked> understand(const Question& question, std::string& why) {
  const auto url = parse_url(question.url, why);
  if (!url) return {};
  Headers headers{{"Host", url->authority},
                  {"Connection", "Upgrade"},
                  {"Upgrade", "websocket"},
                  {"Sec-WebSocket-Version", "13"},
                  {"Sec-WebSocket-Key", std::string(some_key)}};
  if (question.origin) {
    if (has_line_end(*question.origin)) {
      why = "the origin has a line end";
      return {};
    }
    headers.emplace_back("Origin", *question.origin);
  }
  if (!add_headers(question.headers, headers, why)) return {};

  Asked asked;
  asked.tls = url->scheme.tls;
  asked.port = url->host.port.value_or(asked.tls ? 443 : 80);
  if (!client::parse_address(url->host.host)) asked.server_name = url->host.host;
  asked.url = std::string(url->scheme.text) + url->authority + url->target.substr(0, url->target.find('?'));
  if (url->target.find('?') != std::string::npos) asked.url += "?...";
  asked.head = head_of(url->target, headers);
  if (!take_address(question.client, "--client", asked.client, why)) return {};
  if (!take_address(question.peer, "--peer", asked.peer, why)) return {};
  asked.listener = question.listener;
  asked.certificate = question.certificate;
  if (question.at) {
    asked.at = auth::parse_timestamp(*question.at);
    if (!asked.at) {
      why = "--at is no time such as 2027-01-31T12:00:00Z: `" + printable(*question.at) + "`";
      return {};
    }
  }
  return asked;
}

}  // namespace drawbridge::daemon
