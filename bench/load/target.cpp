#include "load/target.hpp"

#include "load/failure.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

namespace drawbridge::bench {

namespace {

std::string read_file(int pid, const char* name) {
  std::ifstream file("/proc/" + std::to_string(pid) + '/' + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::int64_t kib_after(const std::string& text, const char* label) {
  const auto at = text.find(label);
  return at == std::string::npos ? 0 : std::stoll(text.substr(at + std::string(label).size())) * 1024;
}

// The process itself comes first.
std::vector<int> tree(int pid) {
  std::vector<int> all{pid};
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::istringstream children(read_file(all[i], ("task/" + std::to_string(all[i]) + "/children").c_str()));
    for (int child = 0; children >> child;) all.push_back(child);
  }
  return all;
}

// In clock ticks; -1 if there is no such process.
double ticks(int pid) {
  const std::string stat = read_file(pid, "stat");
  // The second field, the name, is in parentheses and may hold spaces. Fields 14 to 17 are utime and stime, and the
  // same of its children that have ended.
  const auto name_end = stat.rfind(')');
  if (name_end == std::string::npos) return -1;
  std::istringstream fields(stat.substr(name_end + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  double sum = 0;
  double one = 0;
  for (int field = 14; field < 18 && fields >> one; ++field) sum += one;
  return sum;
}

Memory memory_of(int pid) {
  const std::string rollup = read_file(pid, "smaps_rollup");
  if (!rollup.empty()) return {.rss = kib_after(rollup, "\nRss:"), .pss = kib_after(rollup, "\nPss:")};
  // A process that is not dumpable shows its maps to root only, but its size to everybody.
  std::istringstream statm(read_file(pid, "statm"));
  std::int64_t size = 0;
  std::int64_t resident = 0;
  statm >> size >> resident;
  resident *= ::sysconf(_SC_PAGESIZE);
  return {.rss = resident, .pss = resident};
}

}  // namespace

Target::Target(int pid) : pid_(pid) {
  cpu();
}

double Target::cpu() const {
  if (ticks(pid_) < 0) throw Failure("the measured process is gone");
  double sum = 0;
  for (const int pid : tree(pid_)) sum += std::max(ticks(pid), 0.0);
  return sum / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

Memory Target::memory() const {
  Memory sum;
  for (const int pid : tree(pid_)) {
    const Memory one = memory_of(pid);
    sum.rss += one.rss;
    sum.pss += one.pss;
  }
  if (sum.rss == 0) throw Failure("cannot read the memory of the measured process");
  return sum;
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
