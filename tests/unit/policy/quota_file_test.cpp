#include "policy/quota_file.hpp"

#include "unit/policy/checksum.hpp"

#include <set>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace drawbridge::policy {
namespace {

const std::string title = "drawbridge quotas 1\n";
const std::string a = "0a000000000000000000000000000000";
const std::string b = "ff000000000000000000000000000001";

QuotaDay one_day() {
  QuotaKey first{10};
  QuotaKey second{255};
  second[15] = 1;
  return {20'367, {{first, 5}, {second, 9'223'372'036'854'775'807}}};
}

// Why it was refused; "taken" if it was not.
std::string verdict(std::string_view text, std::size_t most = 10) {
  std::string why;
  return read_quota_file(text, most, why) ? "taken" : why;
}

BOOST_AUTO_TEST_SUITE(quota_file)

BOOST_AUTO_TEST_CASE(is_lines_with_a_checksum) {
  const std::string text = write_quota_file(one_day());
  BOOST_TEST(text == with_checksum(title + "day 20367\n" + a + " 5\n" + b + " 9223372036854775807\n"));
}

BOOST_AUTO_TEST_CASE(is_read_as_it_was_written) {
  std::string why;
  const auto read = read_quota_file(write_quota_file(one_day()), 2, why);
  BOOST_REQUIRE(read);
  BOOST_TEST((*read == one_day()));
  const auto empty = read_quota_file(write_quota_file({}), 0, why);
  BOOST_REQUIRE(empty);
  BOOST_TEST((*empty == QuotaDay{}));
}

BOOST_AUTO_TEST_CASE(that_is_cut_off_anywhere_is_refused) {
  const std::string text = write_quota_file(one_day());
  for (std::size_t size = 0; size < text.size(); ++size) {
    BOOST_TEST_REQUIRE(verdict(std::string_view(text).substr(0, size)) != "taken", size);
  }
  BOOST_TEST(verdict(text + "\n") != "taken");
}

BOOST_AUTO_TEST_CASE(with_any_bit_turned_is_refused) {
  const std::string text = write_quota_file(one_day());
  for (std::size_t i = 0; i < text.size() * 8; ++i) {
    std::string damaged = text;
    damaged[i / 8] = static_cast<char>(damaged[i / 8] ^ 1 << i % 8);
    BOOST_TEST_REQUIRE(verdict(damaged) != "taken", i);
  }
}

BOOST_AUTO_TEST_CASE(of_another_version_is_refused) {
  BOOST_TEST(verdict(with_checksum("drawbridge quotas 2\nday 1\n")) == "is no quota file of this version");
  BOOST_TEST(verdict("") == "is no quota file of this version");
}

BOOST_AUTO_TEST_CASE(of_one_way_to_write_a_day_another_is_refused) {
  for (const char* const line : {"day 10000000\n", "day -1\n", "day +1\n", "day 01\n", "day \n", "day\n", "day 1", "",
                                 "day 1 \n", "day  1\n", "Day 1\n", "day 1\r\n", "day 18446744073709551617\n"}) {
    BOOST_TEST(verdict(with_checksum(title + line)) == "names no day", line);
  }
  BOOST_TEST(verdict(with_checksum(title + "day 9999999\n")) == "taken");
}

BOOST_AUTO_TEST_CASE(with_a_line_that_is_no_use_is_refused) {
  for (const std::string& line : std::vector<std::string>{
           "\n", a + "\n", a + " \n", a + " 0\n", a + " 05\n", a + " -5\n", a + " 5 \n", a + "  5\n",
           a + " 9223372036854775808\n", a + " 99999999999999999999\n", a + " 5", a.substr(1) + " 5\n", a + "0 5\n",
           "0A" + a.substr(2) + " 5\n", "0g" + a.substr(2) + " 5\n", " 5\n", a + " 5\n\n"}) {
    BOOST_TEST(verdict(with_checksum(title + "day 1\n" + line)) == "has a line that is no use of a quota", line);
  }
}

BOOST_AUTO_TEST_CASE(that_names_somebody_twice_or_out_of_order_is_refused) {
  BOOST_TEST(verdict(with_checksum(title + "day 1\n" + a + " 5\n" + a + " 5\n")) == "is not in order");
  BOOST_TEST(verdict(with_checksum(title + "day 1\n" + b + " 5\n" + a + " 5\n")) == "is not in order");
}

BOOST_AUTO_TEST_CASE(with_more_than_are_counted_is_refused) {
  BOOST_TEST(verdict(write_quota_file(one_day()), 2) == "taken");
  BOOST_TEST(verdict(write_quota_file(one_day()), 1) == "holds more identities than are counted");
  // Without reading it, where its length says so.
  BOOST_TEST(verdict(title + std::string(1'000'000, 'x'), 10) == "holds more identities than are counted");
}

BOOST_AUTO_TEST_CASE(keys_tell_routes_and_identities_apart) {
  const std::set<QuotaKey> keys{quota_key("a", "b"),
                                quota_key("ab", ""),
                                quota_key("", "ab"),
                                quota_key("a", "c"),
                                quota_key("b", "b"),
                                quota_key("a", "b\n"),
                                quota_key("a", std::string(100'000, 'b'))};
  BOOST_TEST(keys.size() == 7U);
  BOOST_TEST((quota_key("a", "b") == quota_key("a", "b")));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace drawbridge::policy
