#include "net/held_bytes.hpp"

#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

using namespace drawbridge;

namespace {

std::span<const std::uint8_t> bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string text(const net::HeldBytes& held) {
  return {held.bytes().begin(), held.bytes().end()};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(held_bytes)

BOOST_AUTO_TEST_CASE(they_come_out_in_order) {
  net::BufferBudget budget(1'000);
  net::HeldBytes held(budget);
  BOOST_TEST(held.append(bytes("abc")));
  held.consume(1);
  BOOST_TEST(held.append(bytes("def")));
  BOOST_TEST(text(held) == "bcdef");
  held.consume(5);
  BOOST_TEST(held.empty());
  BOOST_TEST(budget.used() == 0U);
}

BOOST_AUTO_TEST_CASE(the_budget_of_all_sessions_is_a_bound) {
  net::BufferBudget budget(10);
  net::HeldBytes one(budget), other(budget);
  BOOST_TEST(one.append(bytes("1234567")));
  BOOST_TEST(!other.append(bytes("1234")));
  BOOST_TEST(other.empty());
  BOOST_TEST(budget.used() == 7U);
  one.clear();
  BOOST_TEST(other.append(bytes("1234")));
}

BOOST_AUTO_TEST_CASE(its_end_gives_everything_back) {
  net::BufferBudget budget(10);
  {
    net::HeldBytes held(budget);
    BOOST_TEST(held.append(bytes("1234567")));
  }
  BOOST_TEST(budget.used() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
