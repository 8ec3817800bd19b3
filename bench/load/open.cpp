#include "load/modes.hpp"

namespace drawbridge::bench {

bool open(const Options& options, Report& report) {
  Play play;
  Rig rig(options, play);
  const double cpu_before = rig.target().cpu();
  const double own_before = own_cpu();
  const auto start_time = Clock::now();
  rig.open_and_close(static_cast<std::uint32_t>(options.count));
  const double seconds = seconds_since(start_time);
  const double cpu = rig.target().cpu() - cpu_before;

  const auto count = static_cast<double>(options.count);
  report.add("opens", options.count);
  report.add("resumed", rig.resumed());
  report.add("seconds", seconds);
  report.add("opens_per_second", count / seconds);
  report.add("cpu_seconds", cpu);
  report.add("cpu_us_per_open", cpu * 1e6 / count);
  report.add("load_cpu_seconds", own_cpu() - own_before);
  return true;
}

}  // namespace drawbridge::bench
