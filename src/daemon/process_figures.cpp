#include "daemon/process_figures.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace drawbridge::daemon {
namespace {

constexpr const char* descriptors = "/proc/self/fd";

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

std::uint64_t resident_bytes() {
  std::ifstream pages("/proc/self/statm");
  std::uint64_t all = 0;
  std::uint64_t resident = 0;
  pages >> all >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::uint64_t open_descriptors() {
  // Linux 6.2 and later say so in one call; before that they are counted.
  struct stat folder {};
  if (::stat(descriptors, &folder) == 0 && folder.st_size > 0) return static_cast<std::uint64_t>(folder.st_size);
  std::error_code error;
  std::uint64_t count = 0;
  for (std::filesystem::directory_iterator at(descriptors, error), end; !error && at != end; at.increment(error))
    ++count;
  return count == 0 ? 0 : count - 1;  // the one that looks
}

}  // namespace

ProcessFigures process_figures() {
  ProcessFigures figures;
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) == 0) figures.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) figures.most_descriptors = limit.rlim_cur;
  figures.resident_bytes = resident_bytes();
  figures.open_descriptors = open_descriptors();
  return figures;
}

}  // namespace drawbridge::daemon
