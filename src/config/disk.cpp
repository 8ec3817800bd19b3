#include "config/disk.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <glob.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace drawbridge::config {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

std::string reason_of(int error) {
  switch (error) {
    case ENOENT: return "there is no such file";
    case EACCES: return "permission denied";
    case EISDIR: return "it is a directory";
    default: return std::generic_category().message(error);
  }
}

}  // namespace

std::optional<Content> read_regular_file(const std::string& path, std::string& why, std::size_t most) {
  // Non-blocking, so that opening a FIFO does not wait for its writer.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  struct stat status {};
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0) {
    why = reason_of(errno);
    return {};
  }
  if (!S_ISREG(status.st_mode)) {
    why = S_ISDIR(status.st_mode) ? reason_of(EISDIR) : "it is not a regular file";
    return {};
  }
  Content content;
  content.mode = status.st_mode & 07777U;
  // One byte more than it may have shows that it is too large, whatever its status said.
  content.bytes.resize(most + 1);
  std::size_t used = 0;
  while (used < content.bytes.size()) {
    const ssize_t got = ::read(file.get(), content.bytes.data() + used, content.bytes.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      why = reason_of(errno);
      return {};
    }
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
  }
  if (used > most) {
    why = most == largest_file ? "it is larger than 1 MiB" : "it is larger than such a file may be";
    return {};
  }
  content.bytes.resize(used);
  return content;
}

FileStamp stamp_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {};
  constexpr std::int64_t nanoseconds = 1'000'000'000;
  return {status.st_dev, status.st_ino, status.st_size, status.st_ctim.tv_sec * nanoseconds + status.st_ctim.tv_nsec};
}

bool is_readable_directory(const std::string& path, std::string& why) {
  const Descriptor directory(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() >= 0) {
    open_how how{};
    how.flags = O_PATH | O_CLOEXEC;
    how.resolve = RESOLVE_BENEATH;
    const Descriptor beneath(static_cast<int>(::syscall(SYS_openat2, directory.get(), ".", &how, sizeof(how))));
    if (beneath.get() >= 0) return true;
  }
  switch (errno) {
    case ENOSYS: why = "this kernel, or a filter of system calls, has no openat2 (Linux 5.6)"; break;
    case ENOENT: why = "there is no such directory"; break;
    case ENOTDIR: why = "it is not a directory"; break;
    default: why = reason_of(errno); break;
  }
  return false;
}

std::optional<std::string> DiskFiles::read(const std::string& path, std::string& why) {
  auto content = read_regular_file(path, why);
  if (!content) return {};
  return std::move(content->bytes);
}

std::vector<std::string> DiskFiles::match(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> paths;
  if (::glob(pattern.c_str(), GLOB_NOSORT, nullptr, &found) == 0) {
    paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  ::globfree(&found);
  // By bytes: the locale has no say in what a configuration means.
  std::sort(paths.begin(), paths.end());
  return paths;
}

Loaded load(const std::string& path) {
  DiskFiles files;
  return load(path, files);
}

}  // namespace drawbridge::config
