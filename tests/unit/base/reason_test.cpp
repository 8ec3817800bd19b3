#include "base/reason.hpp"

#include "base/result.hpp"

#include <set>
#include <string_view>

#include <boost/test/unit_test.hpp>

namespace drawbridge {
namespace {

BOOST_AUTO_TEST_SUITE(reason)

// What operators, dashboards and web pages rely on: a change here is a change of the contract.
constexpr ReasonInfo contract[] = {
    {Reason::bad_request, "bad_request", 400, 0},
    {Reason::plain_http, "plain_http", 400, 0},
    {Reason::subprotocol, "subprotocol", 400, 0},
    {Reason::credential_missing, "credential_missing", 401, 0},
    {Reason::credential_invalid, "credential_invalid", 401, 0},
    {Reason::credential_expired, "credential_expired", 401, 1008},
    {Reason::origin, "origin", 403, 0},
    {Reason::client_denied, "client_denied", 403, 0},
    {Reason::not_permitted, "not_permitted", 403, 0},
    {Reason::revoked, "revoked", 403, 1008},
    {Reason::no_route, "no_route", 404, 0},
    {Reason::method, "method", 405, 0},
    {Reason::misdirected, "misdirected", 421, 0},
    {Reason::head_timeout, "head_timeout", 408, 0},
    {Reason::target_too_long, "target_too_long", 414, 0},
    {Reason::head_too_large, "head_too_large", 431, 0},
    {Reason::upgrade_required, "upgrade_required", 426, 0},
    {Reason::rate, "rate", 429, 0},
    {Reason::client_sessions, "client_sessions", 429, 0},
    {Reason::quota, "quota", 429, 1008},
    {Reason::penalty, "penalty", 429, 0},
    {Reason::backend_refused, "backend_refused", 502, 0},
    {Reason::backend_unresolved, "backend_unresolved", 502, 0},
    {Reason::backend_timeout, "backend_timeout", 504, 0},
    {Reason::auth_unavailable, "auth_unavailable", 503, 0},
    {Reason::full, "full", 503, 0},
    {Reason::route_full, "route_full", 503, 0},
    {Reason::draining, "draining", 503, 0},
    {Reason::backend_closed, "backend_closed", 0, 1000},
    {Reason::client_closed, "client_closed", 0, 1000},
    {Reason::idle, "idle", 0, 1001},
    {Reason::lifetime, "lifetime", 0, 1001},
    {Reason::dead, "dead", 0, 1001},
    {Reason::protocol_error, "protocol_error", 0, 1002},
    {Reason::data_type, "data_type", 0, 1003},
    {Reason::utf8, "utf8", 0, 1007},
    {Reason::killed, "killed", 0, 1008},
    {Reason::session_bytes, "session_bytes", 0, 1008},
    {Reason::frame_too_big, "frame_too_big", 0, 1009},
    {Reason::message_too_big, "message_too_big", 0, 1009},
    {Reason::backend_reset, "backend_reset", 0, 1011},
    {Reason::backend_text, "backend_text", 0, 1011},
    {Reason::drain, "drain", 0, 1012},
    {Reason::stall, "stall", 0, 1013},
    {Reason::overload, "overload", 0, 1013},
    {Reason::client_gone, "client_gone", 0, 0},
    {Reason::tls_error, "tls_error", 0, 0},
    {Reason::tls_timeout, "tls_timeout", 0, 0},
    {Reason::pending_full, "pending_full", 0, 0},
};

BOOST_AUTO_TEST_CASE(every_reason_has_its_word_status_and_close_code) {
  BOOST_TEST(reasons().size() == std::size(contract));
  for (const ReasonInfo& row : contract) {
    BOOST_TEST_CONTEXT(row.word) {
      BOOST_TEST(info(row.reason).word == row.word);
      BOOST_TEST(info(row.reason).http_status == row.http_status);
      BOOST_TEST(info(row.reason).close_code == row.close_code);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_word_names_one_reason_and_fits_a_close_frame) {
  std::set<std::string_view> words;
  for (const ReasonInfo& row : reasons()) {
    BOOST_TEST_CONTEXT(row.word) {
      BOOST_TEST(words.insert(row.word).second);
      BOOST_TEST((reason_from_word(row.word) == row.reason));
      BOOST_TEST(word(row.reason) == row.word);
      // 123 bytes of reason, with room for ";retry=N".
      BOOST_TEST(row.word.size() < 100U);
    }
  }
}

BOOST_AUTO_TEST_CASE(an_unknown_word_names_no_reason) {
  for (const std::string_view unknown : {"", "Origin", "origin ", "unknown"}) {
    BOOST_TEST(!reason_from_word(unknown).has_value(), unknown);
  }
}

BOOST_AUTO_TEST_CASE(every_status_of_the_table_has_its_phrase) {
  for (const ReasonInfo& row : reasons()) {
    if (row.http_status != 0) BOOST_TEST(status_phrase(row.http_status) != "Error", row.word);
  }
  BOOST_TEST(status_phrase(404) == "Not Found");
  BOOST_TEST(status_phrase(421) == "Misdirected Request");
  BOOST_TEST(status_phrase(431) == "Request Header Fields Too Large");
}

BOOST_AUTO_TEST_CASE(an_unchecked_result_is_a_bug_and_throws) {
  const Result<int> good = 3;
  BOOST_TEST(good.value() == 3);
  const Result<int> bad = Reason::utf8;
  BOOST_TEST((bad.error() == Reason::utf8));
  BOOST_CHECK_EXCEPTION(bad.value(), std::logic_error, [](const std::logic_error& error) {
    return std::string_view(error.what()).find("utf8") != std::string_view::npos;
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace drawbridge
