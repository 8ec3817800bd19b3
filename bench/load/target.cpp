#include "load/target.hpp"

#include "load/failure.hpp"

#include <fstream>
#include <iterator>
#include <sstream>

#include <sys/resource.h>
#include <unistd.h>

namespace drawbridge::bench {

namespace {

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::int64_t kib_after(const std::string& text, const char* label) {
  const auto at = text.find(label);
  return at == std::string::npos ? 0 : std::stoll(text.substr(at + std::string(label).size())) * 1024;
}

}  // namespace

Target::Target(int pid) : directory_("/proc/" + std::to_string(pid)) {
  cpu();
}

double Target::cpu() const {
  const std::string stat = read_file(directory_ + "/stat");
  // The second field, the name, is in parentheses and may hold spaces; utime and stime are fields 14 and 15.
  const auto name_end = stat.rfind(')');
  if (name_end == std::string::npos) throw Failure("the measured process is gone");
  std::istringstream fields(stat.substr(name_end + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

Memory Target::memory() const {
  const std::string rollup = read_file(directory_ + "/smaps_rollup");
  if (!rollup.empty()) return {.rss = kib_after(rollup, "\nRss:"), .pss = kib_after(rollup, "\nPss:")};
  // A process that is not dumpable shows its maps to root only, but its size to everybody.
  std::istringstream statm(read_file(directory_ + "/statm"));
  std::int64_t size = 0;
  std::int64_t resident = 0;
  statm >> size >> resident;
  if (resident == 0) throw Failure("cannot read the memory of the measured process");
  resident *= ::sysconf(_SC_PAGESIZE);
  return {.rss = resident, .pss = resident};
}

double own_cpu() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace drawbridge::bench
