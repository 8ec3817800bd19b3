#include "policy/quotas.hpp"

#include "policy/quota_file.hpp"
#include "unit/policy/checksum.hpp"

#include <limits>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace drawbridge::policy {
namespace {

using namespace std::chrono_literals;

constexpr Instant start{};
constexpr auth::UnixSeconds day = 24 * 60 * 60;
constexpr auth::UnixSeconds noon = 20'000 * day + day / 2;

config::Quotas with_sessions(std::uint64_t most) {
  config::Quotas quotas;
  quotas.sessions = most;
  return quotas;
}

config::Quotas with_bytes(std::uint64_t most) {
  config::Quotas quotas;
  quotas.bytes_per_day = most;
  return quotas;
}

config::Quotas with_rate(double rate) {
  config::Quotas quotas;
  quotas.rate = rate;
  return quotas;
}

config::Quotas tried_out(config::Quotas quotas) {
  quotas.enforce = false;
  return quotas;
}

IdentityShare joined(Quotas& quotas, const config::Quotas& limits, std::string_view identity = "ann",
                     std::string_view route = "desk", Instant now = start) {
  Joined joined = quotas.join(route, limits, identity, now);
  BOOST_REQUIRE(!joined.objection);
  BOOST_REQUIRE(joined.share);
  return std::move(joined.share);
}

// What stands against one more session.
std::optional<Objection> against(Quotas& quotas, const config::Quotas& limits, std::string_view identity = "ann",
                                 std::string_view route = "desk", Instant now = start) {
  return quotas.join(route, limits, identity, now).objection;
}

void spend_and_leave(Quotas& quotas, const config::Quotas& limits, std::string_view identity, std::uint64_t bytes,
                     Instant now = start) {
  joined(quotas, limits, identity, "desk", now).spend(bytes, now);
}

BOOST_AUTO_TEST_SUITE(quotas_sessions)

BOOST_AUTO_TEST_CASE(as_many_as_may_be_join_and_each_place_comes_back) {
  Quotas quotas(100, noon);
  IdentityShare first = joined(quotas, with_sessions(2));
  {
    const IdentityShare second = joined(quotas, with_sessions(2));
    BOOST_TEST((against(quotas, with_sessions(2)) == Objection{Reason::quota, 5, true}));
    BOOST_TEST(!quotas.join("desk", with_sessions(2), "ann", start).share);
  }
  IdentityShare third = joined(quotas, with_sessions(2));
  BOOST_TEST(against(quotas, with_sessions(2)).has_value());
  third.release();
  third.release();
  BOOST_TEST(!against(quotas, with_sessions(2)).has_value());
  BOOST_TEST(against(quotas, with_sessions(1)).has_value());
}

BOOST_AUTO_TEST_CASE(a_moved_share_is_given_back_once) {
  Quotas quotas(100, noon);
  IdentityShare first = joined(quotas, with_sessions(2));
  IdentityShare second = std::move(first);
  BOOST_TEST(!first);  // NOLINT(bugprone-use-after-move): that is what is tested
  first.release();
  IdentityShare third = joined(quotas, with_sessions(2));
  BOOST_TEST(against(quotas, with_sessions(2)).has_value());
  third = std::move(second);  // gives its own back
  IdentityShare& same = third;
  third = std::move(same);
  BOOST_TEST(bool(third));
  BOOST_TEST(!against(quotas, with_sessions(2)).has_value());
  BOOST_TEST(against(quotas, with_sessions(1)).has_value());
}

BOOST_AUTO_TEST_CASE(identities_and_routes_count_on_their_own) {
  Quotas quotas(100, noon);
  const IdentityShare ann = joined(quotas, with_sessions(1));
  const IdentityShare bob = joined(quotas, with_sessions(1), "bob");
  const IdentityShare elsewhere = joined(quotas, with_sessions(1), "ann", "chat");
  BOOST_TEST(against(quotas, with_sessions(1)).has_value());
}

BOOST_AUTO_TEST_CASE(without_quotas_nothing_is_counted) {
  Quotas quotas(100, noon);
  Joined joined = quotas.join("desk", {}, "ann", start);
  BOOST_TEST(!joined.share);
  BOOST_TEST(!joined.objection.has_value());
  const Spent spent = joined.share.spend(1'000'000, start);
  BOOST_TEST((spent.ready == start));
  BOOST_TEST(!spent.slowed);
  BOOST_TEST(!spent.objection.has_value());
  BOOST_TEST(quotas.table_size() == 0U);
}

BOOST_AUTO_TEST_CASE(where_they_are_only_tried_out_all_join_and_are_counted) {
  Quotas quotas(100, noon);
  const config::Quotas limits = tried_out(with_sessions(1));
  const IdentityShare first = joined(quotas, limits);
  const Joined second = quotas.join("desk", limits, "ann", start);
  BOOST_TEST(bool(second.share));
  BOOST_TEST((second.objection == Objection{Reason::quota, 5, false}));
  BOOST_TEST(against(quotas, with_sessions(2)).has_value());  // both are counted
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(quotas_bytes)

BOOST_AUTO_TEST_CASE(more_than_the_days_bytes_end_every_session_of_the_identity) {
  Quotas quotas(100, noon);
  IdentityShare first = joined(quotas, with_bytes(100));
  IdentityShare second = joined(quotas, with_bytes(100));
  IdentityShare other = joined(quotas, with_bytes(100), "bob");
  BOOST_TEST(!first.spend(60, start).objection.has_value());
  BOOST_TEST(!second.spend(40, start).objection.has_value());
  BOOST_TEST((first.spend(1, start).objection == Objection{Reason::quota, day / 2, true}));
  BOOST_TEST((second.spend(0, start).objection == Objection{Reason::quota, day / 2, true}));
  BOOST_TEST(!other.spend(100, start).objection.has_value());
}

BOOST_AUTO_TEST_CASE(whoever_has_spent_them_is_refused_until_midnight) {
  Quotas quotas(100, noon);
  spend_and_leave(quotas, with_bytes(100), "ann", 99);
  spend_and_leave(quotas, with_bytes(100), "ann", 1);
  BOOST_TEST((against(quotas, with_bytes(100)) == Objection{Reason::quota, day / 2, true}));
  quotas.set_time(noon + day / 2 - 1);
  BOOST_TEST((against(quotas, with_bytes(100)) == Objection{Reason::quota, 1, true}));
  quotas.set_time(noon + day / 2);
  BOOST_TEST(!against(quotas, with_bytes(100)).has_value());
}

BOOST_AUTO_TEST_CASE(a_session_that_lasts_over_midnight_has_the_new_days_bytes) {
  Quotas quotas(100, noon);
  IdentityShare share = joined(quotas, with_bytes(100));
  share.spend(90, start);
  quotas.set_time(noon + day / 2);
  BOOST_TEST(!share.spend(90, start).objection.has_value());
  BOOST_TEST(share.spend(11, start).objection.has_value());
  quotas.set_time(noon + 40 * day);
  BOOST_TEST(!share.spend(1, start).objection.has_value());
}

BOOST_AUTO_TEST_CASE(more_bytes_than_can_be_counted_are_all_that_can) {
  Quotas quotas(100, noon);
  IdentityShare share = joined(quotas, with_bytes(1ULL << 62));
  share.spend(std::numeric_limits<std::uint64_t>::max(), start);
  share.spend(std::numeric_limits<std::uint64_t>::max(), start);
  BOOST_TEST(share.spend(1, start).objection.has_value());
  std::string why;
  BOOST_TEST(read_quota_file(quotas.save(), 10, why).has_value(), why);
}

BOOST_AUTO_TEST_CASE(where_they_are_only_tried_out_each_session_is_told_once) {
  Quotas quotas(100, noon);
  const config::Quotas limits = tried_out(with_bytes(10));
  IdentityShare first = joined(quotas, limits);
  BOOST_TEST((first.spend(11, start).objection == Objection{Reason::quota, day / 2, false}));
  BOOST_TEST(!first.spend(11, start).objection.has_value());
  Joined second = quotas.join("desk", limits, "ann", start);
  BOOST_TEST(only_told(second.objection));
  BOOST_TEST(!second.share.spend(11, start).objection.has_value());  // it was told when it joined
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(quotas_rate)

BOOST_AUTO_TEST_CASE(is_shared_by_all_sessions_of_an_identity) {
  Quotas quotas(100, noon);
  IdentityShare first = joined(quotas, with_rate(1'000));
  IdentityShare second = joined(quotas, with_rate(1'000));
  IdentityShare other = joined(quotas, with_rate(1'000), "bob");
  BOOST_TEST((first.spend(250, start).ready == start));  // a quarter of a second at once
  const Spent spent = second.spend(500, start);
  BOOST_TEST((spent.ready == start + 500ms));
  BOOST_TEST(spent.slowed);
  BOOST_TEST((first.spend(500, start).ready == start + 1s));
  BOOST_TEST((first.spend(0, start + 1s).ready == start + 1s));
  BOOST_TEST(!first.spend(0, start + 1s).slowed);
  BOOST_TEST((other.spend(250, start).ready == start));
}

BOOST_AUTO_TEST_CASE(is_owed_by_whoever_comes_back) {
  Quotas quotas(1, noon);
  {
    IdentityShare share = joined(quotas, with_rate(1'000));
    share.spend(1'250, start);
  }
  // Nor is it forgotten for a newcomer, as long as it is owed.
  BOOST_TEST((against(quotas, with_rate(1'000), "bob") == Objection{Reason::quota, 60, true}));
  IdentityShare share = joined(quotas, with_rate(1'000));
  BOOST_TEST((share.spend(0, start).ready == start + 1s));
  share.release();
  BOOST_TEST(!against(quotas, with_rate(1'000), "bob", "desk", start + 1250ms).has_value());
}

BOOST_AUTO_TEST_CASE(of_a_new_configuration_holds_from_the_next_session_on) {
  Quotas quotas(100, noon);
  IdentityShare first = joined(quotas, with_rate(1'000));
  first.spend(1'250, start);
  IdentityShare second = joined(quotas, with_rate(2'000));
  BOOST_TEST((first.spend(0, start).ready == start + 500ms));
  IdentityShare third = joined(quotas, with_sessions(10));
  BOOST_TEST((first.spend(1'000'000, start).ready == start));
}

BOOST_AUTO_TEST_CASE(that_is_only_tried_out_slows_nobody) {
  Quotas quotas(100, noon);
  IdentityShare share = joined(quotas, tried_out(with_rate(1'000)));
  BOOST_TEST(!share.spend(250, start).slowed);
  for (int i = 0; i < 1'000; ++i) {
    const Spent spent = share.spend(1'000, start);
    BOOST_TEST_REQUIRE(spent.slowed);
    BOOST_TEST_REQUIRE((spent.ready == start));
  }
  BOOST_TEST(!share.spend(250, start + 250ms).slowed);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(quotas_table)

BOOST_AUTO_TEST_CASE(refuses_newcomers_rather_than_forget_who_is_counted) {
  Quotas quotas(3, noon);
  const IdentityShare live = joined(quotas, with_bytes(100), "live");
  spend_and_leave(quotas, with_bytes(100), "spent", 100);
  const IdentityShare other = joined(quotas, with_sessions(1), "other");
  for (const char* newcomer : {"a", "b", "c"}) {
    BOOST_TEST((against(quotas, with_bytes(100), newcomer) == Objection{Reason::quota, 60, true}));
    BOOST_TEST(!quotas.join("desk", with_bytes(100), newcomer, start).share);
  }
  BOOST_TEST(against(quotas, with_bytes(100), "spent").has_value());
  BOOST_TEST(quotas.table_size() == 3U);
  // Where it is only tried out, they go on, uncounted.
  const Joined uncounted = quotas.join("desk", tried_out(with_bytes(100)), "a", start);
  BOOST_TEST(only_told(uncounted.objection));
  BOOST_TEST(!uncounted.share);
}

BOOST_AUTO_TEST_CASE(forgets_those_who_left_without_a_trace) {
  Quotas quotas(2, noon);
  spend_and_leave(quotas, with_bytes(100), "spent", 100);
  for (int i = 0; i < 1'000; ++i) {
    spend_and_leave(quotas, i % 2 == 0 ? with_sessions(1) : with_bytes(100), "guest " + std::to_string(i), i % 2 == 0);
  }
  BOOST_TEST(quotas.table_size() == 2U);
  BOOST_TEST(against(quotas, with_bytes(100), "spent").has_value());
}

BOOST_AUTO_TEST_CASE(forgets_yesterdays_bytes) {
  Quotas quotas(10, noon);
  for (int i = 0; i < 10; ++i) spend_and_leave(quotas, with_bytes(100), std::to_string(i), 100);
  BOOST_TEST(against(quotas, with_bytes(100), "newcomer").has_value());
  quotas.set_time(noon + day);
  for (int i = 10; i < 20; ++i) spend_and_leave(quotas, with_bytes(100), std::to_string(i), 100);
  BOOST_TEST(quotas.table_size() == 10U);
  BOOST_TEST(against(quotas, with_bytes(100), "newcomer").has_value());
}

BOOST_AUTO_TEST_CASE(finds_room_behind_one_who_owes) {
  Quotas quotas(2, noon);
  spend_and_leave(quotas, with_rate(1'000), "owes", 10'000);
  spend_and_leave(quotas, with_rate(1'000), "owes nothing", 0);
  BOOST_TEST(!against(quotas, with_sessions(1), "newcomer").has_value());
  BOOST_TEST((joined(quotas, with_rate(1'000), "owes").spend(0, start).ready == start + 9750ms));
}

BOOST_AUTO_TEST_CASE(has_another_size_from_now_on) {
  Quotas quotas(1, noon);
  const IdentityShare first = joined(quotas, with_sessions(1), "a");
  BOOST_TEST(against(quotas, with_sessions(1), "b").has_value());
  quotas.set_identities(2);
  BOOST_TEST(!against(quotas, with_sessions(1), "b").has_value());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(quotas_over_a_restart)

BOOST_AUTO_TEST_CASE(the_days_bytes_are_kept) {
  std::string saved;
  {
    Quotas quotas(10, noon);
    spend_and_leave(quotas, with_bytes(100), "ann", 70);
    IdentityShare live = joined(quotas, with_bytes(100), "bob");
    live.spend(100, start);
    spend_and_leave(quotas, with_sessions(1), "not by day", 100);
    saved = quotas.save();
    BOOST_TEST(saved.find("ann") == std::string::npos);
  }
  Quotas quotas(10, noon + 60);
  std::string why;
  BOOST_REQUIRE(quotas.restore(saved, why));
  BOOST_TEST(quotas.table_size() == 2U);
  BOOST_TEST(quotas.save() == saved);
  IdentityShare ann = joined(quotas, with_bytes(100), "ann");
  BOOST_TEST(!ann.spend(30, start).objection.has_value());
  BOOST_TEST(ann.spend(1, start).objection.has_value());
  BOOST_TEST(against(quotas, with_bytes(100), "bob").has_value());
}

BOOST_AUTO_TEST_CASE(another_days_file_is_good_and_empty) {
  Quotas quotas(10, noon);
  spend_and_leave(quotas, with_bytes(100), "ann", 100);
  for (const auth::UnixSeconds other : {noon + day, noon - day, auth::UnixSeconds{-5}}) {
    Quotas later(10, other);
    std::string why;
    BOOST_TEST(later.restore(quotas.save(), why));
    BOOST_TEST(later.table_size() == 0U);
    BOOST_TEST(!against(later, with_bytes(100)).has_value());
  }
}

BOOST_AUTO_TEST_CASE(yesterdays_bytes_are_not_saved) {
  Quotas quotas(10, noon);
  spend_and_leave(quotas, with_bytes(100), "ann", 100);
  quotas.set_time(noon + day);
  BOOST_TEST(quotas.save() == write_quota_file({.day = noon / day + 1, .used = {}}));
}

BOOST_AUTO_TEST_CASE(of_a_bad_file_nothing_is_taken) {
  const std::string head = "drawbridge quotas 1\nday 20000\n";
  const std::string good = "0a000000000000000000000000000000 5\n";
  Quotas quotas(2, noon);
  for (const std::string& text :
       {std::string(), head + good, with_checksum(head + good) + "x", with_checksum(head + good + "bad\n"),
        with_checksum(head + good + good), std::string(1'000'000, '\0')}) {
    std::string why;
    BOOST_TEST(!quotas.restore(text, why));
    BOOST_TEST(!why.empty());
    BOOST_TEST(quotas.table_size() == 0U);
  }
  std::string why;
  BOOST_TEST(quotas.restore(with_checksum(head + good), why));
  BOOST_TEST(quotas.table_size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_file_that_finds_no_room_is_refused_whole) {
  Quotas large(10, noon);
  for (const char* identity : {"a", "b"}) spend_and_leave(large, with_bytes(100), identity, 1);
  Quotas small(2, noon);
  const IdentityShare live = joined(small, with_bytes(100), "c");
  std::string why;
  BOOST_TEST(!small.restore(large.save(), why));
  BOOST_TEST(why == "holds more identities than there is room for");
  BOOST_TEST(small.table_size() == 1U);
}

BOOST_AUTO_TEST_CASE(who_is_restored_makes_room_after_midnight) {
  Quotas quotas(1, noon);
  spend_and_leave(quotas, with_bytes(100), "ann", 100);
  Quotas restarted(1, noon);
  std::string why;
  BOOST_REQUIRE(restarted.restore(quotas.save(), why));
  BOOST_TEST(against(restarted, with_bytes(100), "bob").has_value());
  restarted.set_time(noon + day);
  BOOST_TEST(!against(restarted, with_bytes(100), "bob").has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace drawbridge::policy
