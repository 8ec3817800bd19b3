#include "client/forwarded.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <charconv>
#include <string>

namespace drawbridge::client {
namespace {

constexpr auto npos = std::string_view::npos;

// What one element of the list says: an address, nothing, or something malformed (bad_request).
using Told = Result<std::optional<Address>>;
constexpr std::optional<Address> nothing{};

// The elements of a list from the last to the first. Empty ones at the list's beginning are none: proxies append to
// empty fields.
class Elements {
 public:
  // Where the comma before the last element of a line stands, npos if it is the only one.
  using LastComma = std::size_t (*)(std::string_view line);

  Elements(std::span<const std::string_view> lines, LastComma last_comma) : lines_(lines), last_comma_(last_comma) {
    while (!lines_.empty() && lines_.front().find_first_not_of(blank) == npos) lines_ = lines_.subspan(1);
    begin_line();
  }

  std::optional<std::string_view> take_last() {
    if (lines_.empty()) return std::nullopt;
    const std::size_t comma = last_comma_(line_);
    const std::string_view element = trim(comma == npos ? line_ : line_.substr(comma + 1));
    if (comma != npos) {
      line_ = line_.substr(0, comma);
    } else {
      lines_ = lines_.first(lines_.size() - 1);
      begin_line();
    }
    return element;
  }

 private:
  static constexpr std::string_view blank = " \t,";

  void begin_line() {
    if (lines_.empty()) return;
    line_ = lines_.back();
    if (lines_.size() == 1) line_.remove_prefix(line_.find_first_not_of(blank));
  }

  std::span<const std::string_view> lines_;  // those not yet read, the one being read included
  std::string_view line_;                    // what is left of the last of them
  LastComma last_comma_;
};

Result<Trace> trace(const std::optional<Address>& peer, const Peers& trusted, Elements elements,
                    Told (*read)(std::string_view element)) {
  Trace found{peer};
  while (trusted.contains(found.client)) {
    ++found.trusted_hops;
    const auto element = elements.take_last();
    found.end = element ? TraceEnd::untold : TraceEnd::first;
    if (!element) return found;
    const Told told = read(*element);
    if (!told) return told.error();
    if (!*told) return found;
    found.client = *told;
  }
  found.end = TraceEnd::untrusted;
  return found;
}

bool is_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && text.size() <= 5;
}

// obfnode and obfport of RFC 7239 §6.
bool is_obfuscated(std::string_view text) {
  const auto allowed = [](char c) { return is_alnum(c) || c == '.' || c == '_' || c == '-'; };
  return text.size() > 1 && text.front() == '_' && std::all_of(text.begin() + 1, text.end(), allowed);
}

Told read_name(std::string_view name) {
  if (equal_ignoring_case(name, "unknown") || is_obfuscated(name)) return nothing;
  const bool bracketed = name.starts_with('[') && name.ends_with(']');
  const auto address = parse_address(bracketed ? name.substr(1, name.size() - 2) : name);
  if (!address || (bracketed && name.find(':') == npos)) return Reason::bad_request;
  return address;
}

// RFC 7239 §6: a name, and perhaps a port, which tells nothing here.
Told read_node(std::string_view node) {
  const auto bracket = node.find(']');
  const auto colon = node.find(':', bracket == npos ? 0 : bracket);
  const std::string_view name = node.substr(0, colon);
  if (colon == npos) return read_name(name);
  const std::string_view port = node.substr(colon + 1);
  if (!is_port(port) && !is_obfuscated(port)) return Reason::bad_request;
  return read_name(name);
}

Told read_bare(std::string_view element) {
  if (const auto address = parse_address(element)) return address;
  return read_node(element);
}

std::size_t last_comma(std::string_view line) {
  return line.rfind(',');
}

// A quote behind an odd number of backslashes is part of a quoted string: two of them stand for one.
bool is_escaped(std::string_view text, std::size_t at) {
  const std::size_t run_begin = text.substr(0, at).find_last_not_of('\\') + 1;
  return (at - run_begin) % 2 == 1;
}

// Quoted strings are found from the right, where a proxy has closed what it opened: a quote that a client left open
// further left would, read from there, swallow what the proxy appended. This way a well-formed element is cut off the
// same, whatever stands left of it.
std::size_t last_comma_outside_quotes(std::string_view line) {
  bool quoted = false;
  for (std::size_t at = line.size(); at-- > 0;) {
    if (line[at] == ',' && !quoted) return at;
    if (line[at] == '"' && !is_escaped(line, at)) quoted = !quoted;
  }
  return npos;
}

// The parts of a Forwarded element from the first to the last. Each take_ removes from `rest` what it returns, and
// returns nothing if that is not there.

std::optional<std::string> take_token(std::string_view& rest) {
  std::size_t size = 0;
  while (size < rest.size() && is_token_char(rest[size])) ++size;
  if (size == 0) return std::nullopt;
  std::string token(rest.substr(0, size));
  rest.remove_prefix(size);
  return token;
}

// RFC 9110 §5.6.4, without quotes and backslashes.
std::optional<std::string> take_quoted_string(std::string_view& rest) {
  const auto printable = [](char c) { return c == '\t' || (static_cast<unsigned char>(c) >= ' ' && c != 0x7F); };
  std::string text;
  for (std::size_t at = 1; at < rest.size(); ++at) {
    if (rest[at] == '"') {
      rest.remove_prefix(at + 1);
      return text;
    }
    if (rest[at] == '\\' && ++at == rest.size()) return std::nullopt;
    if (!printable(rest[at])) return std::nullopt;
    text += rest[at];
  }
  return std::nullopt;
}

struct Pair {
  std::string name;
  std::string value;
};

std::optional<Pair> take_pair(std::string_view& rest) {
  auto name = take_token(rest);
  if (!name || !rest.starts_with('=')) return std::nullopt;
  rest.remove_prefix(1);
  auto value = rest.starts_with('"') ? take_quoted_string(rest) : take_token(rest);
  if (!value) return std::nullopt;
  return Pair{*std::move(name), *std::move(value)};
}

// RFC 7239 §4: pairs between semicolons, of which some may be missing, and `for` at most once.
Told read_forwarded_element(std::string_view element) {
  if (element.empty()) return Reason::bad_request;
  std::optional<std::string> node;
  for (std::string_view rest = element;; rest = trim(rest.substr(1))) {
    if (!rest.empty() && rest.front() != ';') {
      auto pair = take_pair(rest);
      if (!pair) return Reason::bad_request;
      if (equal_ignoring_case(pair->name, "for")) {
        if (node) return Reason::bad_request;
        node = std::move(pair->value);
      }
      rest = trim(rest);
    }
    if (rest.empty()) break;
    if (rest.front() != ';') return Reason::bad_request;
  }
  return node ? read_node(*node) : Told(nothing);
}

}  // namespace

std::string_view text(TraceEnd end) {
  switch (end) {
    case TraceEnd::untrusted: return "the first address that is not a trusted proxy's";
    case TraceEnd::first: return "where the list of trusted proxies begins";
    case TraceEnd::untold: return "a trusted proxy that does not say whom it heard";
  }
  return {};
}

Result<Trace> trace_forwarded(const std::optional<Address>& peer, const Peers& trusted,
                              std::span<const std::string_view> values) {
  return trace(peer, trusted, Elements(values, last_comma_outside_quotes), read_forwarded_element);
}

Result<Trace> trace_x_forwarded_for(const std::optional<Address>& peer, const Peers& trusted,
                                    std::span<const std::string_view> values) {
  return trace(peer, trusted, Elements(values, last_comma), read_bare);
}

}  // namespace drawbridge::client
