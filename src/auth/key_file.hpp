#pragma once

#include "config/disk.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace drawbridge::auth {

// What was made of a file, and is made anew when the file changes. While a new content is no good, the last good one
// stays in force.
template <class T>
class KeyFile {
 public:
  // Null, and `why`, if the bytes are no good.
  using Parse = std::function<std::shared_ptr<const T>(std::string_view bytes, std::string& why)>;
  enum class News : std::uint8_t { none, fresh, failed };

  KeyFile(std::string path, Parse parse) : path_(std::move(path)), parse_(std::move(parse)) {}

  const std::string& path() const { return path_; }
  // Whether what the file said when it was looked at last is in force; false: something older is. For the thread that
  // refreshes.
  bool is_current() const { return current_; }
  // Null before the first good content. Any thread.
  std::shared_ptr<const T> get() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }

  // Reads it if it is another file than the one that was read last. One thread at a time. `failed` with `why`, once for
  // each file. One that could not be read at all is tried again each time: the process may only have lacked a
  // descriptor, and the file may revoke somebody.
  News refresh(std::string& why) {
    const config::FileStamp stamp = config::stamp_of(path_);  // of before: what changes meanwhile is read once more
    current_ = read_ == stamp && good_;
    if (read_ == stamp) {
      unread_.reset();
      return News::none;
    }
    const auto content = config::read_regular_file(path_, why);
    if (!content) return std::exchange(unread_, stamp) == stamp ? News::none : News::failed;
    auto value = parse_(content->bytes, why);
    read_ = stamp;
    unread_.reset();
    current_ = good_ = value != nullptr;
    if (!value) return News::failed;
    const std::lock_guard lock(mutex_);
    value_ = std::move(value);
    return News::fresh;
  }

 private:
  const std::string path_;
  const Parse parse_;
  std::optional<config::FileStamp> read_;    // of the content that was parsed last
  std::optional<config::FileStamp> unread_;  // of the file that could not be read since
  bool good_ = false;                        // that content
  bool current_ = false;
  mutable std::mutex mutex_;
  std::shared_ptr<const T> value_;  // guarded by mutex_
};

}  // namespace drawbridge::auth
