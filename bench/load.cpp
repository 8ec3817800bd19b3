// bench_load MODE [--KEY VALUE | --FLAG]...: plays browsers and their TCP backend around one target, checks every byte,
// and prints one JSON object. Exit 0, 1 where the target failed, 2 for wrong arguments.

#include "load/failure.hpp"
#include "load/modes.hpp"

#include <charconv>
#include <csignal>
#include <cstdio>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace {

using namespace drawbridge::bench;

struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

const std::map<std::string_view, bool (*)(const Options&, Report&)> modes{
    {"frames-up", frames_up}, {"bulk-up", bulk_up}, {"bulk-down", bulk_down},
    {"both", both},           {"echo", echo},       {"idle", idle},
    {"open", open},           {"soak", soak},       {"writes-down", writes_down},
};

template <typename Number>
auto number(Number& into) {
  return [&into](std::string_view text) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
    if (error != std::errc() || end != text.data() + text.size())
      throw UsageError("not a number: " + std::string(text));
  };
}

auto word(std::string& into) {
  return [&into](std::string_view text) { into = text; };
}

Options parse(int argc, char** argv) {
  Options options;
  const std::map<std::string_view, std::function<void(std::string_view)>> keys{
      {"--target", number(options.target_port)},
      {"--backend-fd", number(options.backend_fd)},
      {"--pid", number(options.pid)},
      {"--host", word(options.host)},
      {"--path", word(options.path)},
      {"--origin", word(options.origin)},
      {"--sessions", number(options.sessions)},
      {"--opens-per-second", number(options.opens_per_second)},
      {"--concurrency", number(options.concurrency)},
      {"--count", number(options.count)},
      {"--bytes", number(options.bytes)},
      {"--size", number(options.size)},
      {"--seconds", number(options.seconds)},
  };
  const std::map<std::string_view, std::function<void()>> flags{
      {"--no-websocket", [&] { options.websocket = false; }},
      {"--pause", [&] { options.pause = true; }},
      {"--resume", [&] { options.resume = true; }},
  };
  for (int i = 2; i < argc; ++i) {
    const std::string_view key = argv[i];
    if (const auto flag = flags.find(key); flag != flags.end()) {
      flag->second();
      continue;
    }
    const auto found = keys.find(key);
    if (found == keys.end() || i + 1 == argc) throw UsageError("unknown or without its value: " + std::string(key));
    found->second(argv[++i]);
  }
  if (options.target_port == 0 || options.backend_fd < 0 || options.pid == 0)
    throw UsageError("--target, --backend-fd and --pid are required");
  if (options.sessions == 0 || options.concurrency == 0) throw UsageError("--sessions and --concurrency start at 1");
  return options;
}

// What each mode cannot do without.
void require(std::string_view mode, const Options& options) {
  const auto need = [&](bool present, const char* key) {
    if (!present) throw UsageError(std::string(mode) + " needs " + key);
  };
  if (mode == "frames-up" || mode == "writes-down" || mode == "open") need(options.count > 0, "--count");
  if (mode.starts_with("bulk") || mode == "both" || mode == "soak") need(options.bytes > 0, "--bytes");
  if (mode == "frames-up" || mode == "writes-down" || mode.starts_with("bulk") || mode == "both" || mode == "echo")
    need(options.size > 0 && options.size <= 1 << 20, "--size, 1 MiB at most");
  if (mode == "echo" || mode == "idle") need(options.seconds > 0, "--seconds");
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto mode = modes.find(argc > 1 ? argv[1] : "");
    if (mode == modes.end()) throw UsageError("the first argument is a mode");
    const Options options = parse(argc, argv);
    require(mode->first, options);
    std::signal(SIGPIPE, SIG_IGN);

    Report report;
    report.add("mode", mode->first);
    report.add("sessions", options.sessions);
    if (options.size != 0) report.add("size", options.size);
    const bool good = mode->second(options, report);
    std::puts(report.text().c_str());
    return good ? 0 : 1;
  } catch (const UsageError& error) {
    std::fprintf(stderr, "bench_load: %s\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_load: %s\n", error.what());
    return 1;
  }
}
