#pragma once

#include "base/time.hpp"
#include "net/log.hpp"
#include "policy/quotas.hpp"

#include <cstddef>
#include <future>
#include <string>
#include <string_view>

namespace drawbridge::daemon {

// Keeps what identities used of the day in a file, `quotas` in a directory of ours, so that no restart gives it back.
// Only one thread may call it.
class QuotaStore {
 public:
  // `directory`: absolute; made when it is first written to, if only its last part is missing. Empty: nothing is kept.
  // The others must outlive it.
  QuotaStore(std::string directory, policy::Quotas& quotas, net::Log& log);
  // Waits for what is being written.
  ~QuotaStore() = default;
  QuotaStore(const QuotaStore&) = delete;
  QuotaStore& operator=(const QuotaStore&) = delete;

  // What is kept is kept there from the next tick on: what this process counted, in place of a file that is there.
  // Waits for what is being written.
  void move_to(std::string directory);

  // Takes up the file, before any session; a missing one is an empty one. One that is of no use is moved aside, to
  // `quotas.unusable`, and logged. `identities`: most that it may hold.
  void restore(std::size_t identities);
  // To be called often: once a minute it writes the file if it changed, in a thread of its own, as a disk may take
  // long.
  void tick(Instant now);
  // The next tick writes, whatever its time.
  void hurry() { next_ = Instant::min(); }
  // Writes it now, if it changed, and waits for that.
  void save();

 private:
  void write() noexcept;
  void complain(std::string_view event, std::string_view why, std::string_view aside = {});

  std::string directory_;
  std::string path_;
  policy::Quotas& quotas_;
  net::Log& log_;
  std::string written_;  // the end of the file as it stands, which is its checksum
  Instant next_ = Instant::min();
  std::future<void> writing_;  // last: it uses the others
};

}  // namespace drawbridge::daemon
