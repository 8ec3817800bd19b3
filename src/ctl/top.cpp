#include "ctl/top.hpp"

#include "config/units.hpp"
#include "ctl/fields.hpp"
#include "ctl/screen.hpp"
#include "ctl/top_view.hpp"

#include <iostream>
#include <string>
#include <thread>

#include <fmt/format.h>

namespace drawbridge::ctl {
namespace {

using namespace std::chrono_literals;

// A list of more would cost the daemon more than the rest of a look.
constexpr std::uint64_t most_sessions = 1'000;

// Empty if the daemon refused: then why.
std::optional<Look> look(const Target& daemon, std::string& why) {
  Reply overview = ask(daemon, "GET", "/overview");
  if (!overview.good()) {
    why = overview.error();
    return std::nullopt;
  }
  Look look{std::move(overview.fields), {}};
  if (number(object(look.overview, "total"), "sessions") > most_sessions) return look;
  Reply sessions = ask(daemon, "GET", fmt::format("/sessions?limit={}", most_sessions));
  if (!sessions.good()) {
    why = sessions.error();
    return std::nullopt;
  }
  look.sessions = std::move(sessions.fields);
  return look;
}

int fail(const std::string& why) {
  std::cerr << "drawbridge: " << why << '\n';
  return 1;
}

int print_once(const Target& daemon, std::chrono::milliseconds interval) {
  std::string why;
  const auto before = look(daemon, why);
  if (!before) return fail(why);
  std::this_thread::sleep_for(interval);
  const auto now = look(daemon, why);
  if (!now) return fail(why);
  for (const Line& line : top_view(*before, *now)) std::cout << line.text << '\n';
  return 0;
}

// Who may not ask at all hears so at once; what goes wrong later is shown above what was seen last.
int show(const Target& daemon, std::chrono::milliseconds interval) {
  std::string why;
  auto now = look(daemon, why);
  if (!now) return fail(why);
  const Screen screen;
  Look before;
  for (std::vector<Line> lines = top_view(before, *now);;) {
    lines.front().text += "  (q quits)";
    const Instant until = Clock::now() + interval;
    auto woken = Screen::Woken::by_new_size;
    while (woken == Screen::Woken::by_new_size) {
      screen.draw(lines);
      woken = screen.wait(until);
    }
    if (woken == Screen::Woken::by_quitting) return 0;
    if (now) before = *std::move(now);
    now = look(daemon, why);
    lines = now ? top_view(before, *now) : top_view({}, before);
    if (!now) lines.insert(lines.begin(), {"What you see is old: " + why, Style::warning});
  }
}

}  // namespace

std::optional<std::chrono::milliseconds> interval_of(std::string_view text) {
  const auto interval = config::parse_duration(text);
  return interval && *interval >= 100ms && *interval <= 1min ? interval : std::nullopt;
}

int top(const Options& options) {
  const Target daemon = target(options);
  const auto interval = interval_of(options.interval).value_or(1s);
  if (options.json) {
    const Reply reply = ask(daemon, "GET", "/overview");
    if (!reply.good()) return fail(reply.error());
    std::cout << reply.body;
    return 0;
  }
  return options.once || !Screen::is_there() ? print_once(daemon, interval) : show(daemon, interval);
}

}  // namespace drawbridge::ctl
