#include "policy/penalties.hpp"

#include "unit/policy/addresses.hpp"

#include <ostream>

#include <boost/test/unit_test.hpp>

namespace drawbridge::policy {
namespace {

using namespace std::chrono_literals;
using config::Milliseconds;
using Action = Entry::Action;

constexpr Instant start{};

// 3 s a failure; 10 s shut out, at most 60 s.
config::Penalties strict() {
  config::Penalties rules;
  rules.credential = 3s;
  rules.minimum = 10s;
  rules.maximum = 60s;
  return rules;
}

void fail(Penalties& penalties, const Address& client, int times, Instant now = start) {
  for (int i = 0; i < times; ++i) penalties.note(client, Reason::credential_invalid, now);
}

bool is_out(const Penalties& penalties, const Address& client, Instant now = start) {
  return refuses(penalties.objection(client, now));
}

BOOST_AUTO_TEST_SUITE(penalties)

BOOST_AUTO_TEST_CASE(each_reason_costs_what_its_kind_does) {
  config::Penalties rules;
  rules.credential = 1ms;
  rules.protocol = 2ms;
  rules.timeout = 3ms;
  rules.tls = 4ms;
  rules.origin = 5ms;
  rules.request = 6ms;
  const auto costs = [&](Reason reason) { return penalty_for(reason, rules).value_or(0ms) / 1ms; };
  BOOST_TEST(costs(Reason::credential_invalid) == 1);
  for (const Reason reason : {Reason::protocol_error, Reason::utf8}) BOOST_TEST(costs(reason) == 2);
  for (const Reason reason : {Reason::tls_timeout, Reason::head_timeout}) BOOST_TEST(costs(reason) == 3);
  BOOST_TEST(costs(Reason::tls_error) == 4);
  BOOST_TEST(costs(Reason::origin) == 5);
  for (const Reason reason :
       {Reason::bad_request, Reason::plain_http, Reason::method, Reason::no_route, Reason::subprotocol,
        Reason::misdirected, Reason::target_too_long, Reason::head_too_large}) {
    BOOST_TEST(costs(reason) == 6, word(reason));
  }
  // Nobody guesses with these, or they are not the client's doing; a penalty for a penalty would never end.
  for (const Reason reason :
       {Reason::credential_missing, Reason::credential_expired, Reason::not_permitted, Reason::revoked, Reason::penalty,
        Reason::rate, Reason::client_sessions, Reason::quota, Reason::full, Reason::draining, Reason::backend_refused,
        Reason::backend_timeout, Reason::client_gone, Reason::upgrade_required, Reason::stall, Reason::dead}) {
    BOOST_TEST(!penalty_for(reason, rules), word(reason));
  }
}

BOOST_AUTO_TEST_CASE(what_any_web_page_can_make_a_browser_do_costs_nothing_by_default) {
  for (const Reason reason : {Reason::origin, Reason::no_route, Reason::bad_request, Reason::method, Reason::plain_http,
                              Reason::subprotocol, Reason::tls_error}) {
    BOOST_TEST(!penalty_for(reason, config::Penalties{}), word(reason));
  }
}

BOOST_AUTO_TEST_CASE(whoever_fails_often_enough_is_shut_out_until_the_account_is_empty) {
  Penalties penalties(strict());
  const Address client = v4(1);
  for (int i = 0; i < 3; ++i) BOOST_TEST(!penalties.note(client, Reason::credential_invalid, start).has_value());
  BOOST_TEST(!is_out(penalties, client));
  const auto told = penalties.note(client, Reason::credential_invalid, start);
  BOOST_REQUIRE(told);
  BOOST_TEST((*told == Objection{Reason::penalty, 12, true}));

  BOOST_TEST((penalties.objection(client, start + 100ms) == Objection{Reason::penalty, 12, true}));
  // Below the minimum it is still out: it would otherwise come and go.
  BOOST_TEST((penalties.objection(client, start + 11500ms) == Objection{Reason::penalty, 1, true}));
  BOOST_TEST(!penalties.objection(client, start + 12s).has_value());
  BOOST_TEST((penalties.knock(client, start + 12s).action == Action::proceed));
  BOOST_TEST(!is_out(penalties, v4(2)));
}

BOOST_AUTO_TEST_CASE(it_is_told_once_that_a_client_is_out_and_again_when_it_comes_to_it_again) {
  Penalties penalties(strict());
  fail(penalties, v4(1), 3);
  BOOST_TEST(penalties.note(v4(1), Reason::credential_invalid, start).has_value());
  BOOST_TEST(!penalties.note(v4(1), Reason::credential_invalid, start).has_value());
  const Instant later = start + 15s;  // empty
  fail(penalties, v4(1), 3, later);
  BOOST_TEST(!is_out(penalties, v4(1), later));
  BOOST_TEST(penalties.note(v4(1), Reason::credential_invalid, later).has_value());
}

BOOST_AUTO_TEST_CASE(an_account_runs_down_so_that_seldom_failures_are_forgiven_for_ever) {
  Penalties penalties(strict());
  for (int i = 0; i < 10'000; ++i) {
    penalties.note(v4(1), Reason::credential_invalid, start + i * 3s);
    BOOST_TEST_REQUIRE(!is_out(penalties, v4(1), start + i * 3s));
  }
}

BOOST_AUTO_TEST_CASE(by_default_a_page_that_retries_every_second_shuts_nobody_out_who_shares_its_address) {
  Penalties penalties{config::Penalties{}};
  for (int i = 0; i < 3'600; ++i) penalties.note(v4(1), Reason::credential_invalid, start + i * 1s);
  BOOST_TEST(!is_out(penalties, v4(1), start + 3'600s));
  // Who guesses faster has his burst, and then no more than that page has.
  int tried = 0;
  for (int i = 0; i < 100 * 3'600; ++i) {
    const Instant now = start + 2h + i * 10ms;
    if (is_out(penalties, v4(2), now)) continue;
    penalties.note(v4(2), Reason::credential_invalid, now);
    ++tried;
  }
  BOOST_TEST(tried <= 3'600 + 40);
}

BOOST_AUTO_TEST_CASE(an_account_holds_no_more_than_the_maximum) {
  Penalties penalties(strict());
  fail(penalties, v4(1), 1'000);
  BOOST_TEST((penalties.objection(v4(1), start) == Objection{Reason::penalty, 60, true}));
  BOOST_TEST(!is_out(penalties, v4(1), start + 60s));
}

BOOST_AUTO_TEST_CASE(time_that_goes_back_a_little_harms_nothing) {
  Penalties penalties(strict());
  fail(penalties, v4(1), 4, start + 10s);
  fail(penalties, v4(1), 1'000, start + 9s);
  BOOST_TEST((penalties.objection(v4(1), start + 9s) == Objection{Reason::penalty, 60, true}));
}

BOOST_AUTO_TEST_CASE(of_a_client_that_is_out_one_connection_a_second_is_answered) {
  Penalties penalties(strict());
  fail(penalties, v4(1), 4);
  for (const Duration second : {0s, 1s, 2s}) {
    const Knock first = penalties.knock(v4(1), start + second);
    BOOST_TEST((first.action == Action::refuse));
    BOOST_TEST((first.objection == Objection{Reason::penalty, static_cast<unsigned>(12 - second / 1s), true}));
    for (const Duration later : {0ms, 500ms, 999ms}) {
      const Knock other = penalties.knock(v4(1), start + second + later);
      BOOST_TEST((other.action == Action::drop));
      BOOST_TEST(other.objection.has_value());
    }
  }
  // Asking takes no answer.
  BOOST_TEST(is_out(penalties, v4(1), start + 3s));
  BOOST_TEST((penalties.knock(v4(1), start + 3s).action == Action::refuse));
}

BOOST_AUTO_TEST_CASE(where_it_is_only_tried_out_nobody_is_turned_away) {
  config::Penalties rules = strict();
  rules.enforce = false;
  Penalties penalties(rules);
  fail(penalties, v4(1), 3);
  BOOST_TEST((penalties.note(v4(1), Reason::credential_invalid, start) == Objection{Reason::penalty, 12, false}));
  const Knock knock = penalties.knock(v4(1), start);
  BOOST_TEST((knock.action == Action::proceed));
  BOOST_TEST(only_told(knock.objection));
  BOOST_TEST(!refuses(penalties.objection(v4(1), start)));
}

BOOST_AUTO_TEST_CASE(one_without_an_address_has_no_account) {
  Penalties penalties(strict());
  for (int i = 0; i < 100; ++i)
    BOOST_TEST(!penalties.note(std::nullopt, Reason::credential_invalid, start).has_value());
  BOOST_TEST((penalties.knock(std::nullopt, start).action == Action::proceed));
  BOOST_TEST(!penalties.objection(std::nullopt, start).has_value());
  BOOST_TEST(penalties.table_size() == 0U);
}

BOOST_AUTO_TEST_CASE(failures_without_a_penalty_open_no_account) {
  Penalties penalties(strict());
  for (int i = 0; i < 100; ++i) penalties.note(v4(1), Reason::origin, start);
  BOOST_TEST(penalties.table_size() == 0U);
}

BOOST_AUTO_TEST_CASE(exempt_ones_have_no_account) {
  config::Penalties rules = strict();
  BOOST_TEST(!rules.exempt.empty());
  Penalties penalties(rules);
  fail(penalties, v4(0x7f000001), 100);
  fail(penalties, v6(0), 100);  // ::1
  BOOST_TEST(penalties.table_size() == 0U);
  BOOST_TEST(!is_out(penalties, v4(0x7f000001)));

  // One who becomes exempt is free at once, and one who ceases to be is not punished for before.
  fail(penalties, v4(1), 4);
  rules.exempt = {*client::parse_network("0.0.0.1")};
  penalties.set_rules(rules);
  BOOST_TEST(!is_out(penalties, v4(1)));
  BOOST_TEST((penalties.knock(v4(1), start).action == Action::proceed));
  fail(penalties, v4(0x7f000001), 4);
  BOOST_TEST(is_out(penalties, v4(0x7f000001)));
}

BOOST_AUTO_TEST_CASE(an_ipv6_client_is_its_64) {
  Penalties penalties(strict());
  for (std::uint64_t host = 0; host < 4; ++host) fail(penalties, v6(0x20010db8'00000001, host), 1);
  BOOST_TEST(is_out(penalties, v6(0x20010db8'00000001, 99)));
  BOOST_TEST(!is_out(penalties, v6(0x20010db8'00000002)));
}

BOOST_AUTO_TEST_CASE(a_48_is_shut_out_after_eight_times_as_many_failures) {
  Penalties penalties(strict());
  const auto in = [](std::uint64_t subnet) { return v6(0x20010db8'aaaa0000 + subnet); };
  for (std::uint64_t subnet = 0; subnet < 26; ++subnet) fail(penalties, in(subnet), 1);
  BOOST_TEST(!is_out(penalties, in(999)));
  fail(penalties, in(26), 1);  // 27 * 3 s / 8 > 10 s
  BOOST_TEST(is_out(penalties, in(999)));
  BOOST_TEST(!is_out(penalties, v6(0x20010db8'aaab0000)));
  // The answers are the /48's, too.
  BOOST_TEST((penalties.knock(in(1), start).action == Action::refuse));
  BOOST_TEST((penalties.knock(in(2), start).action == Action::drop));

  config::Penalties rules = strict();
  rules.exempt = {*client::parse_network("2001:db8:aaaa:3e7::/64")};
  penalties.set_rules(rules);
  BOOST_TEST(!is_out(penalties, in(999)));
  BOOST_TEST(is_out(penalties, in(998)));
}

BOOST_AUTO_TEST_CASE(new_rules_hold_at_once_for_accounts_as_they_are) {
  Penalties penalties(strict());
  fail(penalties, v4(1), 3);
  fail(penalties, v4(2), 4);
  config::Penalties rules = strict();
  rules.minimum = 12s;
  rules.maximum = 20s;
  penalties.set_rules(rules);
  BOOST_TEST(is_out(penalties, v4(2)));
  fail(penalties, v4(1), 1);
  BOOST_TEST(is_out(penalties, v4(1)));
  fail(penalties, v4(1), 100);
  BOOST_TEST((penalties.objection(v4(1), start)->retry_after == 20U));
  rules.enforce = false;
  penalties.set_rules(rules);
  BOOST_TEST(!is_out(penalties, v4(2)));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(penalties_table)

// 64 accounts are one shard, so that the least are told apart exactly.
config::Penalties small() {
  config::Penalties rules = strict();
  rules.clients = 64;
  return rules;
}

BOOST_AUTO_TEST_CASE(a_flood_of_addresses_neither_grows_it_nor_frees_one_that_is_shut_out) {
  Penalties penalties(small());
  fail(penalties, v4(1), 4);
  for (std::uint32_t client = 100; client < 100'000; ++client) {
    fail(penalties, v4(client), 1, start + client * 10us);
    BOOST_TEST_REQUIRE(penalties.table_size() <= 64U);
  }
  BOOST_TEST(is_out(penalties, v4(1), start + 2s));
}

BOOST_AUTO_TEST_CASE(it_does_not_grow_when_it_is_divided_either) {
  config::Penalties rules = strict();
  rules.clients = 4'096;
  Penalties penalties(rules);
  for (std::uint32_t client = 0; client < 50'000; ++client) fail(penalties, v4(client), 1);
  BOOST_TEST(penalties.table_size() <= 4'096U);
  BOOST_TEST(penalties.table_size() >= 4'000U);
}

BOOST_AUTO_TEST_CASE(a_full_table_locks_no_newcomer_out) {
  Penalties penalties(small());
  for (std::uint32_t client = 0; client < 64; ++client) fail(penalties, v4(client), 20);
  BOOST_TEST((penalties.knock(v4(1'000), start).action == Action::proceed));
  // Who owes less than all of them is let off.
  fail(penalties, v4(1'000), 1);
  BOOST_TEST(!is_out(penalties, v4(1'000)));
  for (std::uint32_t client = 0; client < 64; ++client) BOOST_TEST(is_out(penalties, v4(client)));
  // When they have run down, whoever fails is counted again.
  const Instant later = start + 60s;
  fail(penalties, v4(1'000), 4, later);
  BOOST_TEST(is_out(penalties, v4(1'000), later));
  // Those that are empty go little by little.
  for (std::uint32_t client = 2'000; client < 2'008; ++client) fail(penalties, v4(client), 1, later);
  BOOST_TEST(penalties.table_size() == 9U);
}

BOOST_AUTO_TEST_CASE(the_account_that_is_empty_first_makes_room) {
  Penalties penalties(small());
  for (std::uint32_t client = 0; client < 64; ++client) fail(penalties, v4(client), 4, start + client * 1ms);
  fail(penalties, v4(1'000), 1, start + 11s);
  BOOST_TEST(penalties.table_size() == 64U);
  BOOST_TEST(!is_out(penalties, v4(0), start + 11s));
  BOOST_TEST(is_out(penalties, v4(1), start + 11s));
}

BOOST_AUTO_TEST_CASE(a_smaller_table_keeps_those_that_owe_most) {
  config::Penalties rules = small();
  Penalties penalties(rules);
  for (std::uint32_t client = 0; client < 64; ++client) fail(penalties, v4(client), client < 2 ? 10 : 4);
  rules.clients = 2;
  penalties.set_rules(rules);
  BOOST_TEST(penalties.table_size() == 2U);
  BOOST_TEST(is_out(penalties, v4(0)));
  BOOST_TEST(is_out(penalties, v4(1)));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace drawbridge::policy
