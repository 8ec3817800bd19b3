#include "ctl/top_view.hpp"

#include "base/log_record.hpp"
#include "base/text.hpp"
#include "ctl/fields.hpp"
#include "ctl/table.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>

#include <boost/json/value.hpp>
#include <fmt/format.h>

namespace drawbridge::ctl {
namespace {

constexpr std::size_t most_sessions = 20;  // lines

// Seconds between two looks, by the daemon's own clock; none if it was started anew between them.
std::optional<double> seconds_between(const Look& before, const Look& now) {
  const double seconds = real(now.overview, "uptime") - real(before.overview, "uptime");
  if (before.overview.empty() || seconds <= 0) return std::nullopt;
  return seconds;
}

std::uint64_t sum(const json::object& counts) {
  std::uint64_t all = 0;
  for (const auto& item : counts) all += number(counts, item.key());
  return all;
}

// What became of a count, a second.
class Growth {
 public:
  explicit Growth(std::optional<double> seconds) : seconds_(seconds) {}

  std::string text(std::uint64_t before, std::uint64_t now) const {
    const auto rate = of(before, now);
    if (!rate) return "-";
    return fmt::format("{:.{}f}", *rate, *rate > 0 && *rate < 10 ? 1 : 0);
  }
  std::string size(std::uint64_t before, std::uint64_t now) const {
    const auto rate = of(before, now);
    return rate ? size_text(static_cast<std::uint64_t>(*rate)) : "-";
  }

 private:
  std::optional<double> of(std::uint64_t before, std::uint64_t now) const {
    if (!seconds_) return std::nullopt;
    return now > before ? static_cast<double>(now - before) / *seconds_ : 0;
  }

  const std::optional<double> seconds_;
};

// The items of a list by one of their fields.
std::map<std::string, const json::object*> by(const json::array& items, std::string_view name) {
  std::map<std::string, const json::object*> all;
  for (const json::value& item : items) {
    if (item.is_object()) all[text(item.get_object(), name)] = &item.get_object();
  }
  return all;
}

const json::object& found(const std::map<std::string, const json::object*>& items, const std::string& name) {
  static const json::object none;
  const auto at = items.find(name);
  return at == items.end() ? none : *at->second;
}

void put_head(const Look& before, const Look& now, const Growth& growth, std::vector<Line>& lines) {
  const json::object& all = now.overview;
  const json::object& total = object(all, "total");
  const json::object& old = object(before.overview, "total");
  const bool draining = flag(all, "draining");
  lines.push_back({fmt::format("drawbridge {}, up {}, {}", printable(text(all, "version")),
                               time_text(real(all, "uptime")), draining ? "draining" : "ready"),
                   draining ? Style::warning : Style::title});
  lines.push_back({fmt::format("sessions {} of {}, {} opening; opened {}/s, refused {}/s", number(total, "sessions"),
                               number(all, "sessions_limit"), number(all, "pending"),
                               growth.text(number(old, "opened"), number(total, "opened")),
                               growth.text(sum(object(old, "refused")), sum(object(total, "refused"))))});
  double lag = 0;
  for (const json::value& worker : list(all, "workers")) {
    if (worker.is_object()) lag = std::max(lag, real(worker.get_object(), "lag"));
  }
  lines.push_back(
      {fmt::format("up {}/s, down {}/s; {} of {} held; workers answer in {:.1f}ms",
                   growth.size(number(old, "up_bytes"), number(total, "up_bytes")),
                   growth.size(number(old, "down_bytes"), number(total, "down_bytes")),
                   size_text(number(all, "buffers_held")), size_text(number(all, "buffers_limit")), 1000 * lag)});
}

// Below a blank line; the first row is the title.
void put_table(const std::vector<std::vector<std::string>>& rows, const std::set<std::size_t>& warnings,
               std::vector<Line>& lines) {
  lines.emplace_back();
  const std::string all = table(rows);
  std::size_t row = 0;
  for (const std::string_view line : split(std::string_view(all).substr(0, all.size() - 1), '\n')) {
    lines.push_back({std::string(line), row == 0                 ? Style::title
                                        : warnings.contains(row) ? Style::warning
                                                                 : Style::plain});
    ++row;
  }
}

void put_routes(const Look& before, const Look& now, const Growth& growth, std::vector<Line>& lines) {
  // As wide as what will stand there, so that columns stay where they are.
  std::vector<std::vector<std::string>> rows{
      {"ROUTE", "SESSIONS", "OPENED/S", "REFUSED/S", "UP/S     ", "DOWN/S   ", "DIAL  ", "FAILED", "BACKEND"}};
  std::set<std::size_t> warnings;
  const auto old_routes = by(list(before.overview, "routes"), "route");
  for (const json::value& route : list(now.overview, "routes")) {
    if (!route.is_object()) continue;
    const json::object& its = route.get_object();
    const json::object& old = found(old_routes, text(its, "route"));
    const json::object& dials = object(its, "dials");
    const std::uint64_t failed = number(dials, "failed");
    const std::uint64_t old_failed = number(object(old, "dials"), "failed");
    const bool is_gone = !flag(its, "configured");
    const bool fails = !old.empty() && failed > old_failed;
    if (is_gone || flag(its, "draining") || fails) warnings.insert(rows.size());
    rows.push_back({text(its, "route"), std::to_string(number(its, "sessions")),
                    growth.text(number(old, "opened"), number(its, "opened")),
                    growth.text(sum(object(old, "refused")), sum(object(its, "refused"))),
                    growth.size(number(old, "up_bytes"), number(its, "up_bytes")),
                    growth.size(number(old, "down_bytes"), number(its, "down_bytes")),
                    number(dials, "count") == 0 ? "" : fmt::format("{:.1f}ms", 1000 * real(dials, "median")),
                    std::to_string(failed),
                    is_gone ? "(removed)" : text(its, "backend") + (flag(its, "draining") ? " (draining)" : "")});
  }
  put_table(rows, warnings, lines);
}

// The names of the routes that have the reason; of what came to none, a dash.
std::string places_of(const json::object& overview, std::string_view reason) {
  std::string names;
  const auto look = [&](const json::object& its, const std::string& name) {
    if (number(object(its, "refused"), reason) + number(object(its, "would_refuse"), reason) == 0) return;
    names.append(names.empty() ? "" : ", ").append(name);
  };
  look(object(overview, "unrouted"), "-");
  for (const auto& route : list(overview, "routes")) {
    if (route.is_object()) look(route.get_object(), text(route.get_object(), "route"));
  }
  return names;
}

void put_refusals(const Look& before, const Look& now, const Growth& growth, std::vector<Line>& lines) {
  const json::object& refused = object(object(now.overview, "total"), "refused");
  const json::object& told = object(object(now.overview, "total"), "would_refuse");
  const json::object& old = object(object(before.overview, "total"), "refused");
  std::set<std::string> reasons;
  for (const auto& item : refused) reasons.emplace(item.key());
  for (const auto& item : told) reasons.emplace(item.key());
  if (reasons.empty()) return;
  std::vector<std::string> in_order(reasons.begin(), reasons.end());
  std::stable_sort(in_order.begin(), in_order.end(),
                   [&](const auto& a, const auto& b) { return number(refused, a) > number(refused, b); });
  std::vector<std::vector<std::string>> rows{{"REFUSED BY", "REFUSED/S", "SINCE START", "ONLY TOLD", "WHERE"}};
  for (const std::string& reason : in_order) {
    rows.push_back({reason, growth.text(number(old, reason), number(refused, reason)),
                    std::to_string(number(refused, reason)), std::to_string(number(told, reason)),
                    places_of(now.overview, reason)});
  }
  put_table(rows, {}, lines);
}

std::uint64_t bytes(const json::object& session) {
  return number(session, "up_bytes") + number(session, "down_bytes");
}

void put_sessions(const Look& before, const Look& now, const Growth& growth, std::vector<Line>& lines) {
  if (now.sessions.empty()) {
    lines.emplace_back();
    lines.push_back({"Too many sessions to look at each; `drawbridge ctl sessions` lists them."});
    return;
  }
  const auto old_sessions = by(list(before.sessions, "sessions"), "session");
  struct Row {
    const json::object* its;
    const json::object* old;
    std::uint64_t moved;  // bytes since then, both ways
  };
  std::vector<Row> busiest;
  for (const auto& [id, its] : by(list(now.sessions, "sessions"), "session")) {
    const json::object& old = found(old_sessions, id);
    busiest.push_back({its, &old, bytes(*its) - bytes(old)});
  }
  if (busiest.empty()) return;
  std::stable_sort(busiest.begin(), busiest.end(), [](const Row& a, const Row& b) { return a.moved > b.moved; });
  busiest.resize(std::min(busiest.size(), most_sessions));
  std::vector<std::vector<std::string>> rows{
      {"BUSIEST SESSION ", "CLIENT", "ROUTE", "IDENTITY", "UP/S     ", "DOWN/S   ", "AGE"}};
  for (const Row& row : busiest) {
    const auto rate = [&](std::string_view name) {
      return growth.size(number(*row.old, name), number(*row.its, name));
    };
    rows.push_back({text(*row.its, "session"), text(*row.its, "client"), text(*row.its, "route"),
                    text(*row.its, "identity"), rate("up_bytes"), rate("down_bytes"),
                    time_text(real(*row.its, "seconds"))});
  }
  put_table(rows, {}, lines);
}

}  // namespace

std::vector<Line> top_view(const Look& before, const Look& now) {
  const Growth growth(seconds_between(before, now));
  std::vector<Line> lines;
  put_head(before, now, growth, lines);
  put_routes(before, now, growth, lines);
  put_refusals(before, now, growth, lines);
  put_sessions(before, now, growth, lines);
  return lines;
}

}  // namespace drawbridge::ctl
