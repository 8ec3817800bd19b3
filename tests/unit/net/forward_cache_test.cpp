#include "net/forward_cache.hpp"

#include "net/forward_gate.hpp"

#include <functional>
#include <set>

#include <boost/test/unit_test.hpp>

using namespace drawbridge;
using namespace std::chrono_literals;
using net::ForwardCache;
using net::ForwardGate;
using net::ForwardKey;
using net::ForwardQuestion;

namespace {

const Instant now = Instant(1h);

ForwardKey key(unsigned number) {
  ForwardQuestion question;
  question.target = "/" + std::to_string(number);
  return net::key_of(question);
}

std::string found(const ForwardCache& cache, unsigned number, Instant at) {
  return cache.find(key(number), at).value_or("-");
}

std::shared_ptr<ForwardGate> gate_with(std::optional<config::Milliseconds> cache, std::uint64_t concurrency = 64) {
  config::ForwardAuth auth;
  auth.url = "http://127.0.0.1/";
  auth.cache = cache;
  auth.concurrency = concurrency;
  std::string why;
  auto gate = ForwardGate::make(auth, "", why);
  BOOST_REQUIRE_MESSAGE(gate, why);
  return gate;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(forward_cache)

BOOST_AUTO_TEST_CASE(an_admission_holds_until_its_time_and_not_beyond) {
  ForwardCache cache;
  cache.keep(key(1), "ada", now, now + 10s);
  BOOST_TEST(found(cache, 1, now) == "ada");
  BOOST_TEST(found(cache, 1, now + 10s - 1ns) == "ada");
  BOOST_TEST(found(cache, 1, now + 10s) == "-");
  BOOST_TEST(found(cache, 2, now) == "-");
  cache.keep(key(2), "eve", now, now);
  BOOST_TEST(found(cache, 2, now) == "-");
  BOOST_TEST(cache.size() == 1U);
}

BOOST_AUTO_TEST_CASE(the_later_answer_counts) {
  ForwardCache cache;
  cache.keep(key(1), "ada", now, now + 10s);
  cache.keep(key(1), "eve", now + 1s, now + 11s);
  BOOST_TEST(found(cache, 1, now + 10s) == "eve");
  BOOST_TEST(cache.size() == 1U);
}

BOOST_AUTO_TEST_CASE(the_first_one_goes_when_there_are_too_many) {
  ForwardCache cache(3);
  for (unsigned i = 1; i <= 4; ++i) cache.keep(key(i), std::to_string(i), now, now + 10s);
  BOOST_TEST(cache.size() == 3U);
  BOOST_TEST(found(cache, 1, now) == "-");
  for (unsigned i = 2; i <= 4; ++i) BOOST_TEST(found(cache, i, now) == std::to_string(i));
}

BOOST_AUTO_TEST_CASE(four_thousand_and_ninety_six_are_kept) {
  ForwardCache cache;
  for (unsigned i = 0; i < 5'000; ++i) cache.keep(key(i), "a", now, now + 10s);
  BOOST_TEST(cache.size() == 4'096U);
  BOOST_TEST(found(cache, 5'000 - 4'096, now) == "a");
  BOOST_TEST(found(cache, 5'000 - 4'097, now) == "-");
}

BOOST_AUTO_TEST_CASE(those_whose_time_is_over_are_forgotten) {
  ForwardCache cache;
  for (unsigned i = 0; i < 100; ++i) cache.keep(key(i), "a", now, now + 10s);
  cache.keep(key(100), "a", now + 10s, now + 20s);
  BOOST_TEST(cache.size() == 1U);
}

BOOST_AUTO_TEST_CASE(whatever_differs_in_a_question_makes_it_another) {
  ForwardQuestion first;
  first.host = "a.test";
  first.target = "/x";
  first.client = "192.0.2.1";
  first.origin = "";
  first.fields = {{"authorization", "ab"}, {"cookie", "c"}};
  const std::function<void(ForwardQuestion&)> changes[] = {
      [](ForwardQuestion&) {},
      [](ForwardQuestion& q) { q.tls = true; },
      [](ForwardQuestion& q) { q.host = "b.test"; },
      [](ForwardQuestion& q) {
        q.host = "a.test/";
        q.target = "x";
      },
      [](ForwardQuestion& q) { q.target = "/y"; },
      [](ForwardQuestion& q) { q.client = "192.0.2.2"; },
      [](ForwardQuestion& q) { q.origin.reset(); },
      [](ForwardQuestion& q) { q.origin = "null"; },
      [](ForwardQuestion& q) { q.fields[0].value = "ac"; },
      [](ForwardQuestion& q) { q.fields.pop_back(); },
      [](ForwardQuestion& q) {
        q.fields = {{"authorization", "ab6:cookie1:c"}};
      },
      [](ForwardQuestion& q) { std::swap(q.fields[0].name, q.fields[1].name); },
      [](ForwardQuestion& q) { q.fields.clear(); },
  };
  std::set<ForwardKey> keys;
  for (const auto& change : changes) {
    ForwardQuestion question = first;
    change(question);
    keys.insert(net::key_of(question));
    BOOST_TEST((net::key_of(question) == net::key_of(ForwardQuestion(question))));
  }
  BOOST_TEST(keys.size() == std::size(changes));
}

BOOST_AUTO_TEST_CASE(a_gate_remembers_from_when_it_was_asked_and_only_if_it_is_to) {
  ForwardQuestion question;
  const auto gate = gate_with(10s);
  gate->remember(question, "ada", now, now + 4s);
  BOOST_TEST(gate->known(question, now + 9s).value_or("-") == "ada");
  BOOST_TEST(!gate->known(question, now + 10s));
  const auto forgetful = gate_with(std::nullopt);
  forgetful->remember(question, "ada", now, now);
  BOOST_TEST(!forgetful->known(question, now));
}

BOOST_AUTO_TEST_CASE(a_gate_lets_so_many_ask_at_once) {
  const auto gate = gate_with(std::nullopt, 2);
  std::string why;
  std::optional<ForwardGate::Place> first(gate->enter({}, why));
  const ForwardGate::Place second = gate->enter({}, why);
  BOOST_TEST(bool(*first));
  BOOST_TEST(bool(second));
  BOOST_TEST(!gate->enter({}, why));
  BOOST_TEST(why == "is asked by as many at once as `concurrency` says");
  BOOST_TEST(gate->asking() == 2U);
  first.reset();
  BOOST_TEST(bool(gate->enter({}, why)));
  BOOST_TEST(gate->asking() == 1U);
}

BOOST_AUTO_TEST_CASE(no_client_takes_more_than_half_of_a_gate) {
  const auto address = [](const char* text) { return client::parse_address(text); };
  const auto gate = gate_with(std::nullopt, 5);
  std::string why;
  std::optional<ForwardGate::Place> first(gate->enter(address("2001:db8::1"), why));
  // The same /64 is the same client.
  const ForwardGate::Place second = gate->enter(address("2001:db8::2"), why);
  BOOST_TEST((*first && second));
  BOOST_TEST(!gate->enter(address("2001:db8::3"), why));
  BOOST_TEST(why == "is asked about this client as often at once as its half of `concurrency` allows");
  BOOST_TEST(gate->asking() == 2U);
  BOOST_TEST(bool(gate->enter(address("2001:db8:1::1"), why)));
  BOOST_TEST(bool(gate->enter(address("192.0.2.1"), why)));
  first.reset();
  BOOST_TEST(bool(gate->enter(address("2001:db8::3"), why)));

  // Of one place, one client may have it.
  const auto narrow = gate_with(std::nullopt, 1);
  BOOST_TEST(bool(narrow->enter(address("192.0.2.1"), why)));
}

BOOST_AUTO_TEST_CASE(a_gate_that_cannot_work_says_why) {
  config::ForwardAuth auth;
  auth.url = "auth.test/x";
  std::string why;
  BOOST_TEST(!ForwardGate::make(auth, "", why));
  BOOST_TEST(why.starts_with("`url` "), why);
  auth.url = "https://auth.test/x";
  auth.ca = "/nonexistent/ca.pem";
  BOOST_TEST(!ForwardGate::make(auth, "", why));
  BOOST_TEST(why.find("/nonexistent/ca.pem") != std::string::npos, why);
  auth.ca = "";
  const auto gate = ForwardGate::make(auth, "", why);
  BOOST_REQUIRE(gate);
  BOOST_TEST(gate->tls() != nullptr);
}

BOOST_AUTO_TEST_SUITE_END()
