#include "daemon/quota_store.hpp"

#include "config/disk.hpp"
#include "daemon/state_file.hpp"
#include "net/thread.hpp"
#include "policy/quota_file.hpp"

#include <algorithm>
#include <cstdio>
#include <new>
#include <system_error>
#include <utility>

namespace drawbridge::daemon {
namespace {

constexpr auto interval = std::chrono::minutes(1);
constexpr std::size_t checksum_size = 65;  // hexadecimal, and the end of its line

std::string checksum_of(std::string_view text) {
  return std::string(text.substr(text.size() - std::min(text.size(), checksum_size)));
}

}  // namespace

QuotaStore::QuotaStore(std::string directory, policy::Quotas& quotas, net::Log& log)
    : directory_(std::move(directory)), path_(directory_ + "/quotas"), quotas_(quotas), log_(log) {}

void QuotaStore::move_to(std::string directory) {
  if (directory == directory_) return;
  if (writing_.valid()) writing_.wait();
  directory_ = std::move(directory);
  path_ = directory_ + "/quotas";
  written_.clear();
  hurry();
}

void QuotaStore::restore(std::size_t identities) {
  if (directory_.empty() || !may_exist(path_)) return;
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
