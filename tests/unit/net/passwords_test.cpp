#include "net/passwords.hpp"

#include <future>
#include <new>
#include <string>

#include <boost/test/unit_test.hpp>
#include <crypt.h>

using namespace drawbridge;
using namespace std::chrono_literals;

namespace {

// bcrypt, as cheap as it can be.
std::string hash_of(const std::string& password) {
  crypt_data memory{};
  return crypt_r(password.c_str(), "$2y$04$abcdefghijklmnopqrstuu", &memory);
}

client::Address address(std::uint8_t last) {
  client::Address address;
  address.bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 192, 0, 2, last};
  return address;
}

net::PasswordQuestion question(const std::string& password, std::uint8_t client = 1) {
  static const std::string hash = hash_of("sesame");
  return {"alice", password, hash, address(client)};
}

bool ask(net::Passwords& passwords, const net::PasswordQuestion& question) {
  std::promise<bool> right;
  BOOST_TEST_REQUIRE(passwords.ask(question, [&](bool answer) { right.set_value(answer); }));
  return right.get_future().get();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(passwords)

BOOST_AUTO_TEST_CASE(what_was_right_is_known_for_a_while_and_for_that_hash_only) {
  net::Passwords passwords;
  const Instant now = Clock::now();
  BOOST_TEST(!passwords.known(question("sesame"), now));
  BOOST_TEST(!ask(passwords, question("open")));
  BOOST_TEST(!passwords.known(question("open"), now));
  BOOST_TEST(ask(passwords, question("sesame")));
  BOOST_TEST(passwords.known(question("sesame", 2), now));
  BOOST_TEST(!passwords.known(question("sesame"), Clock::now() + net::Passwords::known_for));
  net::PasswordQuestion changed = question("sesame");
  changed.hash.back() = '.';
  BOOST_TEST(!passwords.known(changed, now));
  net::PasswordQuestion other = question("sesame");
  other.user = "bob";
  BOOST_TEST(!passwords.known(other, now));
}

BOOST_AUTO_TEST_CASE(who_gave_up_is_not_worked_for) {
  net::Passwords passwords;
  bool told = false;
  net::PasswordQuestion late = question("sesame");
  late.until = Clock::now();
  BOOST_TEST_REQUIRE(passwords.ask(late, [&](bool /*right*/) { told = true; }));
  // Those before it are done with once this one is.
  BOOST_TEST(!ask(passwords, question("open", 2)));
  BOOST_TEST(!told);
  BOOST_TEST(!passwords.known(late, Clock::now()));
  // And its place in the queue is free again.
  for (std::size_t i = 0; i < net::Passwords::most_waiting_of_one; ++i) BOOST_TEST(!ask(passwords, question("open")));
}

BOOST_AUTO_TEST_CASE(a_callback_that_fails_costs_one_answer) {
  net::Passwords passwords;
  BOOST_TEST(passwords.ask(question("sesame"), [](bool /*right*/) { throw std::bad_alloc(); }));
  BOOST_TEST(ask(passwords, question("sesame", 2)));
}

BOOST_AUTO_TEST_CASE(whoever_guesses_waits_for_himself) {
  net::Passwords passwords;
  std::size_t taken = 0;
  net::PasswordQuestion slow = question("x");
  slow.hash = "$2y$10$" + slow.hash.substr(7);  // some 50 ms each
  for (int i = 0; i < 20; ++i) taken += passwords.ask(slow, [](bool /*right*/) {}) ? 1U : 0U;
  BOOST_TEST(taken >= net::Passwords::most_waiting_of_one);
  BOOST_TEST(taken <= net::Passwords::most_waiting_of_one + 1);  // one may be done with by now
  BOOST_TEST(!ask(passwords, question("open", 2)));
}

BOOST_AUTO_TEST_SUITE_END()
