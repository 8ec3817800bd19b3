#include "config/units.hpp"

#include <boost/test/unit_test.hpp>

using namespace std::chrono_literals;
using namespace drawbridge::config;

namespace {

void refuses(auto parse, std::initializer_list<std::string_view> texts) {
  for (const std::string_view text : texts) BOOST_TEST(!parse(text), "taken: '" << text << "'");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(units)

BOOST_AUTO_TEST_CASE(sizes_are_bytes_with_binary_units) {
  BOOST_TEST(parse_size("0").value() == 0U);
  BOOST_TEST(parse_size("512").value() == 512U);
  BOOST_TEST(parse_size("64KiB").value() == 65'536U);
  BOOST_TEST(parse_size("16MiB").value() == 16U << 20);
  BOOST_TEST(parse_size("1GiB").value() == 1ULL << 30);
  BOOST_TEST(parse_size("2TiB").value() == 2ULL << 40);
  BOOST_TEST(parse_size("9223372036854775807").value() == 9'223'372'036'854'775'807U);
}

BOOST_AUTO_TEST_CASE(other_sizes_are_refused) {
  refuses(parse_size, {"", "KiB", "64KB", "64kb", "64kib", "64K", "64 KiB", " 64KiB", "64KiB ", "-1", "+1", "1.5MiB",
                       "0x10", "64KiBs", "9223372036854775808", "9007199254740992KiB", "99999999999999999999999"});
}

BOOST_AUTO_TEST_CASE(durations_always_have_a_unit) {
  BOOST_TEST((parse_duration("250ms") == 250ms));
  BOOST_TEST((parse_duration("5s") == 5s));
  BOOST_TEST((parse_duration("10m") == 10min));
  BOOST_TEST((parse_duration("12h") == 12h));
  BOOST_TEST((parse_duration("0s") == 0s));
  BOOST_TEST((parse_duration("87600h") == 87'600h));
  refuses(parse_duration, {"", "5", "s", "5 s", "-5s", "1.5s", "5S", "1d", "5sec", "1h30m", "87601h",
                           "18446744073709551615h", "99999999999999999999h"});
}

BOOST_AUTO_TEST_CASE(rates_are_per_second) {
  BOOST_TEST(parse_rate("10/s").value() == 10.0);
  BOOST_TEST(parse_rate("0.5/s").value() == 0.5);
  BOOST_TEST(parse_rate("0.001/s").value() == 0.001);
  BOOST_TEST(parse_rate("1000000000/s").value() == 1e9);
  refuses(parse_rate, {"", "/s", "10", "10/m", "10 /s", "0/s", "0.0/s", "-1/s", "+1/s", ".5/s", "1./s", "1e3/s",
                       "inf/s", "nan/s", "0x5/s", "0.0009/s", "1000000001/s", "10KiB/s"});
}

BOOST_AUTO_TEST_CASE(byte_rates_are_sizes_per_second) {
  BOOST_TEST(parse_byte_rate("10MiB/s").value() == 10.0 * (1 << 20));
  BOOST_TEST(parse_byte_rate("1/s").value() == 1.0);
  refuses(parse_byte_rate, {"", "/s", "10MiB", "10MB/s", "0/s", "0KiB/s", "0.5MiB/s", "-1/s", "10MiB/m"});
}

BOOST_AUTO_TEST_CASE(texts_name_the_largest_unit_and_parse_back) {
  BOOST_TEST(size_text(0) == "0");
  BOOST_TEST(size_text(1) == "1");
  BOOST_TEST(size_text(1'025) == "1025");
  BOOST_TEST(size_text(16'384) == "16KiB");
  BOOST_TEST(size_text(1ULL << 40) == "1TiB");
  BOOST_TEST(duration_text(0ms) == "0s");
  BOOST_TEST(duration_text(1'500ms) == "1500ms");
  BOOST_TEST(duration_text(90s) == "90s");
  BOOST_TEST(duration_text(24h) == "24h");

  for (std::uint64_t bytes = 1; bytes < 1ULL << 62; bytes = bytes * 3 + 1024) {
    BOOST_TEST(parse_size(size_text(bytes)).value() == bytes);
  }
  for (std::chrono::milliseconds time = 1ms; time < 87'600h; time = time * 3 + 1s) {
    BOOST_TEST((parse_duration(duration_text(time)) == time), duration_text(time));
  }
}

BOOST_AUTO_TEST_SUITE_END()
