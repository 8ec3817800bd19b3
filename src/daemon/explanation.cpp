#include "daemon/explanation.hpp"

#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace drawbridge::daemon {
namespace {

std::string_view word_of(const Explanation& told) {
  if (told.reason) return "refused";
  return told.undecided.empty() ? "admitted" : "undecided";
}

std::string refusal_line(const Explanation& told) {
  std::string line = told.status == 0
                         ? fmt::format("refused: {}, the connection closes without an answer", word(*told.reason))
                         : fmt::format("refused: {} {}", told.status, word(*told.reason));
  if (told.close_code != 0) line += fmt::format(", told as 101 and Close {}", told.close_code);
  if (!told.rule.empty()) line += fmt::format(", by {}", told.rule);
  return line;
}

std::string verdict_line(const Explanation& told) {
  if (told.reason) return refusal_line(told);
  if (!told.undecided.empty()) return fmt::format("undecided: {}", told.undecided);
  std::string line = fmt::format("admitted: route {}", told.route);
  if (!told.identity.empty()) line += fmt::format(", identity {}", told.identity);
  return line + fmt::format(", backend {}", told.backend);
}

}  // namespace

std::string_view text(Step::Outcome outcome) {
  switch (outcome) {
    case Step::Outcome::ok: return "ok";
    case Step::Outcome::no: return "no";
    case Step::Outcome::would_refuse: return "would_refuse";
    case Step::Outcome::skipped: return "skipped";
  }
  return {};
}

std::string text(const Explanation& told) {
  std::size_t widest = 0;
  std::size_t widest_outcome = text(Step::Outcome::skipped).size() + 1;
  for (const Step& step : told.steps) {
    widest = std::max(widest, step.rule.size());
    widest_outcome = std::max(widest_outcome, text(step.outcome).size());
  }
  std::string out =
      fmt::format("request   {}\nlistener  {}\nclient    {}\n\n", told.request, told.listener, told.client);
  for (const Step& step : told.steps) {
    std::string line =
        fmt::format("{:<{}}  {:<{}}  {}", text(step.outcome), widest_outcome, step.rule, widest, step.found);
    line.resize(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  }
  out += '\n';
  for (const Objection& objection : told.would_refuse) {
    out += fmt::format("would_refuse, but is not enforced: {}, by {}\n", word(objection.reason), objection.rule);
  }
  return out + verdict_line(told) + '\n';
}

std::string json(const Explanation& told) {
  boost::json::object out{{"verdict", word_of(told)}};
  if (told.reason) {
    out["reason"] = word(*told.reason);
    out["status"] = told.status;
    if (told.close_code != 0) out["code"] = told.close_code;
  }
  const auto add = [&out](std::string_view key, const std::string& value) {
    if (!value.empty()) out[key] = value;
  };
  add("rule", told.rule);
  add("detail", told.detail);
  add("undecided", told.undecided);
  add("route", told.route);
  add("identity", told.identity);
  add("backend", told.backend);
  add("subprotocol", told.subprotocol);
  add("request", told.request);
  add("listener", told.listener);
  add("client", told.client);
  boost::json::array objections;
  for (const Objection& objection : told.would_refuse) {
    boost::json::object one{{"reason", word(objection.reason)}, {"rule", objection.rule}};
    if (!objection.detail.empty()) one["detail"] = objection.detail;
    objections.push_back(std::move(one));
  }
  if (!objections.empty()) out["would_refuse"] = std::move(objections);
  boost::json::array steps;
  for (const Step& step : told.steps) {
    steps.push_back(boost::json::object{{"outcome", text(step.outcome)}, {"rule", step.rule}, {"found", step.found}});
  }
  out["steps"] = std::move(steps);
  return boost::json::serialize(out);
}

}  // namespace drawbridge::daemon
