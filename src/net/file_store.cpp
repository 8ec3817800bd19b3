#include "net/file_store.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <utility>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

namespace drawbridge::net {
namespace {

// The kernel holds the way: neither `..` nor a link leads out of the directory, whatever changes there meanwhile.
Descriptor open_beneath(const Descriptor& directory, const std::string& name) {
  open_how how{};
  // Non-blocking, so that a FIFO does not wait for its writer.
  how.flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  // EAGAIN: something was renamed on the way, and the kernel could not tell whether it led out; or somebody has a
  // lease.
  constexpr int most_tries = 8;
  long fd = -1;
  for (int tries = 0; tries < most_tries; ++tries) {
    fd = ::syscall(SYS_openat2, directory.get(), name.c_str(), &how, sizeof(how));
    if (fd >= 0 || (errno != EINTR && errno != EAGAIN)) break;
  }
  return Descriptor(static_cast<int>(fd));
}

std::uint64_t nanoseconds(const timespec& time) {
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}

// What an error says of a name: that nothing is there to be served, or why that cannot be told.
Found not_found(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
    case EXDEV:  // it leads out
    case ENAMETOOLONG:
    case ENXIO: return {};  // a socket
    default: return {.kind = Found::Kind::failed, .error = error};
  }
}

Found found(Descriptor descriptor) {
  struct stat status {};
  if (!descriptor || ::fstat(descriptor.get(), &status) != 0) return not_found(errno);
  if (S_ISDIR(status.st_mode)) return {.kind = Found::Kind::folder};
  if (!S_ISREG(status.st_mode)) return {};
  Found found{.kind = Found::Kind::file, .descriptor = std::move(descriptor)};
  found.file.size = static_cast<std::uint64_t>(status.st_size);
  // Never later than now (RFC 9110 §8.8.2.1).
  found.file.modified = std::min<std::int64_t>(status.st_mtim.tv_sec, std::time(nullptr));
  // The time of its last change of any kind, which nobody can set.
  found.file.version = nanoseconds(status.st_ctim);
  return found;
}

}  // namespace

Found find_file(const std::string& directory, const std::string& name, const Codings& accepted) {
  const Descriptor beneath(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!beneath) return {.kind = Found::Kind::failed, .error = errno};
  Found best = found(open_beneath(beneath, name));
  if (best.kind != Found::Kind::file) return best;
  best.file.name = name;
  const std::int64_t modified = best.file.modified;
  struct Copy {
    const char* extension;
    const char* coding;
    bool accepted;
  };
  const std::array copies{Copy{".br", "br", accepted.br}, Copy{".gz", "gzip", accepted.gzip}};
  for (const Copy& copy : copies) {
    Found compressed = found(open_beneath(beneath, name + copy.extension));
    if (compressed.kind != Found::Kind::file || compressed.file.modified < modified) continue;
    best.file.has_copies = true;
    if (!copy.accepted || !best.file.coding.empty()) continue;
    compressed.file.name = name;
    compressed.file.coding = copy.coding;
    compressed.file.has_copies = true;
    best = std::move(compressed);
  }
  return best;
}

std::string read_file(const Descriptor& file, std::uint64_t first, std::size_t size) {
  std::string bytes(size, '\0');
  std::size_t used = 0;
  while (used < size) {
    const ssize_t got = ::pread(file.get(), bytes.data() + used, size - used, static_cast<off_t>(first + used));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    used += static_cast<std::size_t>(got);
  }
  bytes.resize(used);
  return bytes;
}

}  // namespace drawbridge::net
