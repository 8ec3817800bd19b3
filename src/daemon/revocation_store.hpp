#pragma once

#include "auth/key_file.hpp"
#include "auth/revocations.hpp"
#include "config/load.hpp"
#include "net/log.hpp"

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace drawbridge::daemon {

// Who is revoked: whom the configuration's file names, and whom operators named to the running daemon, kept in a file
// `revoked` of the state directory. Control thread only.
class RevocationStore {
 public:
  using File = auth::KeyFile<auth::Revocations>;
  // The configuration's file, read; null if there is none, or if it is no good, which is one more error.
  static std::unique_ptr<File> open(const config::Config& config, const std::string& credentials_directory,
                                    std::vector<config::Diagnostic>& errors);

  // `directory`: absolute; empty: what operators name is forgotten at the end of the process.
  RevocationStore(std::string directory, net::Log& log);

  // Takes up what was kept, before any session. A file that is no good is logged and left alone, and nothing is kept:
  // it revokes somebody, whom only a person can tell.
  void restore();
  // They are kept there from now on, with those that are there already. Waits for the disk.
  void move_to(std::string directory);
  void use(std::unique_ptr<File> file) { file_ = std::move(file); }
  // Whether the configuration's file is another one now, and good.
  bool refresh();
  // All of them; null if there are none.
  std::shared_ptr<const auth::Revocations> get() const;

  // The configuration's file and ours: their paths, and whether what they said last is in force.
  void for_each_file(const std::function<void(const std::string&, bool)>& look) const;

  // A line of the file: "identity NAME" or "token ID".
  using Lines = std::set<std::string, std::less<>>;
  const Lines& lines() const { return lines_; }
  // `line`: well-formed. Returns why it will not outlive a restart; empty if it will.
  std::string add(std::string line);
  // Likewise; a line that is not there is none that could come back.
  std::string remove(std::string_view line);

  // The line for a kind and a name; empty, and `why`, if it could not be one.
  static std::string line(std::string_view kind, std::string_view name, std::string& why);

 private:
  std::string keep();

  std::string directory_;
  std::string path_;
  net::Log& log_;
  bool kept_ = true;  // the file is ours to write
  std::unique_ptr<File> file_;
  Lines lines_;
  std::shared_ptr<const auth::Revocations> named_;  // of lines_
};

}  // namespace drawbridge::daemon
