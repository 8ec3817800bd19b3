#include "daemon/state_file.hpp"

#include "net/descriptor.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace drawbridge::daemon {
namespace {

std::string error_text() {
  return std::generic_category().message(errno);
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

std::string service_state_directory() {
  const char* directories = std::getenv("STATE_DIRECTORY");
  const std::string_view all = directories == nullptr ? std::string_view{} : directories;
  return std::string(all.substr(0, all.find(':')));
}

std::string state_directory(const config::Config& config) {
  return config.state.empty() ? service_state_directory() : config.state;
}

bool replace_file(const std::string& directory, const std::string& path, std::string_view text, std::string& why) {
  ::mkdir(directory.c_str(), 0700);  // if it is not there yet
  const std::string draft = path + ".new";
  {
    const net::Descriptor file(
        ::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600));
    if (!file || !write_all(file.get(), text) || ::fsync(file.get()) != 0) {
      why = error_text();
      if (file) ::unlink(draft.c_str());
      return false;
    }
  }
  if (std::rename(draft.c_str(), path.c_str()) != 0) {
    why = error_text();
    ::unlink(draft.c_str());
    return false;
  }
  // The new name must outlive the machine too; a file system that cannot promise it still has the file.
  const net::Descriptor folder(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder) ::fsync(folder.get());
  return true;
}

bool may_exist(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 || errno != ENOENT;
}

}  // namespace drawbridge::daemon
