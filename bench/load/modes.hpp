#pragma once

#include "load/report.hpp"
#include "load/rig.hpp"

namespace drawbridge::bench {

// Each runs one mode and adds what it measured. False, or a Failure, where the target did not do its work.
bool frames_up(const Options& options, Report& report);
bool bulk_up(const Options& options, Report& report);
bool bulk_down(const Options& options, Report& report);
bool both(const Options& options, Report& report);
bool echo(const Options& options, Report& report);
bool idle(const Options& options, Report& report);
bool open(const Options& options, Report& report);
bool writes_down(const Options& options, Report& report);
bool soak(const Options& options, Report& report);

}  // namespace drawbridge::bench
