// Forwarded and X-Forwarded-For say what a reading from left to right says of a well-formed list, and whatever stands
// left of the first address that is not trusted could as well be anything else.
//
// Input: options (1 byte: 1 Forwarded, otherwise X-Forwarded-For; 2 the peer is not trusted; 4 the peer is on a Unix
// socket), then field lines, separated by line ends.

#include "client/forwarded.hpp"

#include "base/text.hpp"
#include "finding.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace drawbridge::client {
namespace {

using fuzz::require;
using Lines = std::vector<std::string_view>;

const Peers proxies{{*parse_network("10.0.0.0/8"), *parse_network("fd00::/8")}, true};

std::string shown(const Result<Trace>& trace) {
  if (!trace) return "refused";
  return (trace->client ? text(*trace->client) : "unix") + " after " + std::to_string(trace->trusted_hops) + " hops, " +
         std::string(text(trace->end));
}

struct Question {
  bool forwarded;
  std::optional<Address> peer;

  Result<Trace> ask(const Lines& lines) const {
    return forwarded ? trace_forwarded(peer, proxies, lines) : trace_x_forwarded_for(peer, proxies, lines);
  }
};

// A list as RFC 9110 §5.6 reads it, character by character from the left. It is none with quotes left open or
// backslashes outside of them: what is malformed may fall apart elsewhere from the right.
std::optional<std::vector<std::string>> elements_from_the_left(const Lines& lines, bool quotes) {
  std::vector<std::string> elements;
  for (const std::string_view line : lines) {
    std::string element;
    bool quoted = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (line[i] == ',' && !quoted) {
        elements.push_back(std::exchange(element, {}));
        continue;
      }
      element += line[i];
      if (line[i] == '"' && quotes) quoted = !quoted;
      if (line[i] != '\\' || !quotes) continue;
      if (!quoted || i + 1 == line.size()) return std::nullopt;
      element += line[++i];
    }
    if (quoted) return std::nullopt;
    elements.push_back(element);
  }
  return elements;
}

// The answer step by step, asking only about lists of one element.
std::string answer_from_the_left(const Question& question, std::vector<std::string> elements) {
  const auto empty = [](const std::string& element) { return trim(element).empty(); };
  elements.erase(elements.begin(), std::find_if_not(elements.begin(), elements.end(), empty));
  Trace trace{question.peer};
  while (proxies.contains(trace.client) && !elements.empty()) {
    if (empty(elements.back())) return "refused";
    const Question step{question.forwarded, trace.client};
    const auto told = step.ask({elements.back()});
    if (!told) return "refused";
    ++trace.trusted_hops;
    trace.client = told->client;
    elements.pop_back();
    if (told->end != TraceEnd::untold) continue;
    trace.end = TraceEnd::untold;
    return shown(trace);
  }
  if (proxies.contains(trace.client)) {
    ++trace.trusted_hops;
    trace.end = TraceEnd::first;
  }
  return shown(trace);
}

const std::string_view hostile[] = {"",   "\"", "\\",     "\\\"",   "for=6.6.6.6", "for=\"6.6.6.6;x=\\\"", "10.0.0.9",
                                    ",,", ";",  "a=\"\\", "for=\"", "=",           "for=6.6.6.6;x=\"",     "6.6.6.6"};

// Finds the shortest right part that gives the same answer, and puts other words before it.
void check_left_part(const Question& question, const Lines& lines, const Result<Trace>& trace) {
  std::size_t kept = lines.size();
  std::string_view line;
  Lines right;
  bool found = trace->trusted_hops == 0;
  for (; !found && kept > 0; --kept) {
    line = lines[kept - 1];
    for (std::size_t at = line.size(); !found; --at) {
      if (at == 0 || line[at - 1] == ',') {
        right.assign(lines.begin() + static_cast<std::ptrdiff_t>(kept - 1), lines.end());
        right.front() = line.substr(at);
        found = question.ask(right) == trace;
      }
      if (at == 0) break;
    }
  }
  require(found, "no right part gives the answer: ", shown(trace));
  for (const std::string_view left : hostile) {
    Lines changed{left};
    changed.insert(changed.end(), right.begin(), right.end());
    require(question.ask(changed) == trace, "a line of the client's changed the answer: ", left);
    if (right.empty()) continue;
    const std::string glued = std::string(left) + "," + std::string(right.front());
    changed = right;
    changed.front() = glued;
    require(question.ask(changed) == trace, "words of the client changed the answer: ", glued);
  }
}

// What trusted proxies and the last of them append is found behind anything.
void check_appended(const Question& question, const Lines& lines) {
  if (!proxies.contains(question.peer)) return;
  const std::string_view told[] = {"for=203.0.113.7;by=\"a, \\\"b\\\\\\\"\", x=\"\\\"\";for=\"[fd00::1]:80\"",
                                   "203.0.113.7:80, fd00::1"};
  const std::string_view right = told[question.forwarded ? 0 : 1];
  const Trace expected{parse_address("203.0.113.7"), 2, TraceEnd::untrusted};
  Lines changed = lines;
  changed.push_back(right);
  require(question.ask(changed) == Result<Trace>(expected), "a line that was added is not believed");
  const std::string glued = std::string(lines.back()) + ", " + std::string(right);
  changed = lines;
  changed.back() = glued;
  require(question.ask(changed) == Result<Trace>(expected), "an appended element is not believed: ", glued);
}

}  // namespace
}  // namespace drawbridge::client

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace drawbridge::client;
  if (size < 1 || size > 1024) return 0;
  const std::string input(data + 1, data + size);
  const Lines lines = drawbridge::split(input, '\n');
  Question question{(data[0] & 1U) != 0, parse_address((data[0] & 2U) != 0 ? "203.0.113.1" : "10.0.0.1")};
  if ((data[0] & 4U) != 0) question.peer.reset();

  const auto trace = question.ask(lines);
  if (trace) {
    const bool trusted = proxies.contains(trace->client);
    require(trusted == (trace->end != TraceEnd::untrusted), "the end does not fit: ", shown(trace));
    require(trace->trusted_hops <= size + 1, "more hops than can be written");
    if (!trusted) check_left_part(question, lines, trace);
  }
  check_appended(question, lines);
  if (const auto elements = elements_from_the_left(lines, question.forwarded)) {
    const std::string expected = answer_from_the_left(question, *elements);
    require(shown(trace) == expected, "from the right: ", shown(trace), "; from the left: ", expected);
  }
  return 0;
}
