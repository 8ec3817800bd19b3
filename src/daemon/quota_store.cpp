#include "daemon/quota_store.hpp"

#include "config/disk.hpp"
#include "net/descriptor.hpp"
#include "net/thread.hpp"
#include "policy/quota_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace drawbridge::daemon {
namespace {

constexpr auto interval = std::chrono::minutes(1);
constexpr std::size_t checksum_size = 65;  // hexadecimal, and the end of its line

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

// All of it or nothing, also if the machine stops meanwhile.
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

std::string checksum_of(std::string_view text) {
  return std::string(text.substr(text.size() - std::min(text.size(), checksum_size)));
}

bool exists(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 || errno != ENOENT;
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

QuotaStore::QuotaStore(std::string directory, policy::Quotas& quotas, net::Log& log)
    : directory_(std::move(directory)), path_(directory_ + "/quotas"), quotas_(quotas), log_(log) {}

void QuotaStore::restore(std::size_t identities) {
  if (directory_.empty() || !exists(path_)) return;
  std::string why;
  const auto content = config::read_regular_file(path_, why, policy::longest_quota_file(identities));
  if (content && quotas_.restore(content->bytes, why)) {
    written_ = checksum_of(content->bytes);
    return;
  }
  const std::string aside = path_ + ".unusable";
  const bool moved = std::rename(path_.c_str(), aside.c_str()) == 0;
  complain("quotas_not_restored", content ? "the file " + why : why, moved ? std::string_view(aside) : "");
}

void QuotaStore::tick(Instant now) {
  if (directory_.empty() || now < next_) return;
  if (writing_.valid() && writing_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return;
  next_ = now + interval;
  try {
    writing_ = std::async(std::launch::async, [this] {
      net::begin_thread("quotas");
      write();
    });
  } catch (const std::system_error& e) {
    complain("quotas_not_saved", e.what());
  }
}

void QuotaStore::save() {
  if (directory_.empty()) return;
  if (writing_.valid()) writing_.wait();
  write();
}

void QuotaStore::write() noexcept {
  try {
    const std::string text = quotas_.save();
    std::string checksum = checksum_of(text);
    if (checksum == written_) return;
    std::string why;
    if (replace_file(directory_, path_, text, why)) {
      written_ = std::move(checksum);
    } else {
      complain("quotas_not_saved", why);
    }
  } catch (const std::bad_alloc&) {
    // In a minute, perhaps.
  }
}

void QuotaStore::complain(std::string_view event, std::string_view why, std::string_view aside) {
  LogRecord record = log_.record(LogLevel::error, event);
  record.add("file", path_).add("error", why);
  if (!aside.empty()) record.add("moved_to", aside);
  log_.write(LogLevel::error, std::move(record));
}

}  // namespace drawbridge::daemon
