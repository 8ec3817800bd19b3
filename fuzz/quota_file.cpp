// Any bytes as what was left of a day's quotas: taken whole, and written again as they were, or refused whole with a
// word why.
//
// Input: the most uses that are taken (1 byte); "s" for a checksum to be added, anything else for none (1 byte); then
// the file.

#include "policy/quota_file.hpp"

#include "finding.hpp"
#include "policy/quotas.hpp"
#include "unit/policy/checksum.hpp"

#include <cstdint>
#include <string>

using namespace drawbridge;
using fuzz::require;

namespace {

constexpr auth::UnixSeconds seconds_a_day = 24 * 60 * 60;

void check_taken(const policy::QuotaDay& day, const std::string& text, std::size_t most) {
  require(day.used.size() <= most, "not kept: most uses");
  require(policy::write_quota_file(day) == text, "not kept: one way to write a day");
  for (std::size_t i = 0; i < day.used.size(); ++i) {
    require(i == 0 || day.used[i - 1].key < day.used[i].key, "not kept: each once, in order");
    require(day.used[i].bytes > 0 && day.used[i].bytes <= INT64_MAX, "not kept: bytes that can be counted");
  }
}

void check_table(const policy::QuotaDay* day, const std::string& text, std::size_t most) {
  std::string why;
  policy::Quotas quotas(most, day ? day->day * seconds_a_day : 0);
  require(quotas.restore(text, why) == (day != nullptr), "not kept: the same verdict");
  require(quotas.table_size() == (day ? day->used.size() : 0), "not kept: all or nothing");
  if (day) require(quotas.save() == text, "not kept: the same file again");

  policy::Quotas later(most, day ? (day->day + 1) * seconds_a_day : 0);
  require(later.restore(text, why) == (day != nullptr), "not kept: another day's file is good");
  require(later.table_size() == 0, "not kept: another day's bytes do not count");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t most = data[0];
  std::string text(data + 2, data + size);
  if (data[1] == 's') text = policy::with_checksum(text);
  std::string why;
  const auto day = policy::read_quota_file(text, most, why);
  require(day.has_value() == why.empty(), "not kept: a word why");
  if (day) check_taken(*day, text, most);
  check_table(day ? &*day : nullptr, text, most);
  return 0;
}
