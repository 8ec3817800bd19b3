#include "daemon/revocation_store.hpp"

#include "auth/lines.hpp"
#include "base/text.hpp"
#include "config/disk.hpp"
#include "daemon/state_file.hpp"

#include <fmt/format.h>

namespace drawbridge::daemon {
namespace {

std::string text_of(const RevocationStore::Lines& lines) {
  std::string text = "# Kept by drawbridge: `drawbridge ctl revoke` and `unrevoke` change it.\n";
  for (const std::string& line : lines) text.append(line).append("\n");
  return text;
}

}  // namespace

std::unique_ptr<RevocationStore::File> RevocationStore::open(const config::Config& config,
                                                             const std::string& credentials_directory,
                                                             std::vector<config::Diagnostic>& errors) {
  if (config.revocations.empty()) return nullptr;
  auto file = std::make_unique<File>(
      config::file_of(config.revocations, credentials_directory), [](std::string_view bytes, std::string& why) {
        return std::shared_ptr<const auth::Revocations>(auth::Revocations::parse(bytes, why));
      });
  std::string why;
  if (file->refresh(why) == File::News::fresh) return file;
  errors.push_back({config::Diagnostic::Severity::error, config.revocations_position,
                    fmt::format("`{}`: {}", printable(config.revocations), why)});
  return nullptr;
}

RevocationStore::RevocationStore(std::string directory, net::Log& log)
    : directory_(std::move(directory)), path_(directory_ + "/revoked"), log_(log) {}

void RevocationStore::restore() {
  if (directory_.empty() || !may_exist(path_)) return;
  std::string why;
  const auto content = config::read_regular_file(path_, why);
  const auto revocations = content ? auth::Revocations::parse(content->bytes, why) : nullptr;
  if (!revocations) {
    kept_ = false;
    log_.write(LogLevel::error,
               log_.record(LogLevel::error, "revocations_not_restored").add("file", path_).add("error", why));
    return;
  }
  const auto lines = auth::lines_of(content->bytes, why);
  for (const auth::Line& line : *lines) lines_.emplace(line.text);
  named_ = std::make_shared<const auth::Revocations>(*revocations);
}

void RevocationStore::move_to(std::string directory) {
  if (directory == directory_) return;
  directory_ = std::move(directory);
  path_ = directory_ + "/revoked";
  kept_ = true;
  restore();
  if (lines_.empty()) return;
  const std::string why = keep();
  if (why.empty()) return;
  log_.write(LogLevel::error,
             log_.record(LogLevel::error, "revocations_not_kept").add("file", path_).add("error", why));
}

bool RevocationStore::refresh() {
  if (!file_) return false;
  std::string why;
  switch (file_->refresh(why)) {
    case File::News::none: return false;
    case File::News::failed:
      // Who was revoked before still is.
      log_.write(LogLevel::error,
                 log_.record(LogLevel::error, "keys_not_read").add("file", file_->path()).add("error", why));
      return false;
    case File::News::fresh:
      log_.write(LogLevel::info, log_.record(LogLevel::info, "keys_read").add("file", file_->path()));
      return true;
  }
  return false;
}

std::shared_ptr<const auth::Revocations> RevocationStore::get() const {
  return auth::Revocations::joined(file_ ? file_->get() : nullptr, named_);
}

void RevocationStore::for_each_file(const std::function<void(const std::string&, bool)>& look) const {
  if (file_) look(file_->path(), file_->is_current());
  if (!directory_.empty()) look(path_, kept_);
}

std::string RevocationStore::add(std::string line) {
  lines_.insert(std::move(line));
  return keep();
}

std::string RevocationStore::remove(std::string_view line) {
  const auto found = lines_.find(line);
  if (found == lines_.end()) return {};
  lines_.erase(found);
  return keep();
}

std::string RevocationStore::line(std::string_view kind, std::string_view name, std::string& why) {
  if (name != trim(name)) {
    why = "there are blanks around the name";
    return {};
  }
  std::string line = std::string(kind) + " " + std::string(name);
  if (name.size() > auth::longest_name) {
    why = fmt::format("the name is longer than {} bytes", auth::longest_name);
  } else if (line.find('\n') != std::string::npos || line.find('\r') != std::string::npos) {
    why = "the name has control bytes";
  } else if (auth::Revocations::parse(line + "\n", why)) {
    return line;
  }
  return {};
}

// All of it anew: there are few, and a file that is half new is worse than an old one.
std::string RevocationStore::keep() {
  const std::string text = text_of(lines_);
  std::string why;
  named_ = auth::Revocations::parse(text, why);
  if (directory_.empty()) return "there is no directory to keep it in: set `state`, or StateDirectory= of systemd";
  if (!kept_) return path_ + " was no good when the daemon started, and is left as it is";
  if (!replace_file(directory_, path_, text, why)) return path_ + " could not be written: " + why;
  return {};
}

}  // namespace drawbridge::daemon
