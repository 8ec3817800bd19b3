#include "policy/admission.hpp"

#include <boost/test/unit_test.hpp>

namespace drawbridge::policy {
namespace {

using config::Rejection;

ws::OriginPattern pattern(std::string_view text) {
  return ws::parse_origin_pattern(text).value();
}

// One route, /desk, for one origin; each test changes what it is about.
struct Request {
  config::Route route;
  std::optional<Reason> form;
  ws::Upgrade upgrade;
  Circumstances circumstances;

  Request() {
    route.name = "desk";
    route.path = "/desk";
    route.backend.kind = config::Backend::Kind::echo;
    route.origins = {pattern("https://app.example.org")};
    upgrade.host.host = "bridge.example.org";
    upgrade.target.path = "/desk";
    from("https://app.example.org");
  }

  Request& from(std::string_view origin) {
    upgrade.origin_text = std::string(origin);
    upgrade.origin = ws::parse_origin(origin).value();
    return *this;
  }
  Request& without_origin() {
    upgrade.origin_text.reset();
    upgrade.origin.reset();
    return *this;
  }
  Request& told_by(Rejection rejection) {
    route.rejection = rejection;
    return *this;
  }

  Verdict verdict() const {
    const std::vector routes{route};
    return admit(routes, RouteTable(routes), form, upgrade, circumstances);
  }
};

std::string said(const Verdict& verdict) {
  return verdict.reason ? std::string(word(*verdict.reason)) : "admitted";
}

// What each refusal looks like, made in turn from a request that would be admitted.
struct Refusal {
  Reason reason;
  unsigned retry_after;
  bool in_close_frame;  // under `close`
  void (*make)(Request&);
};

const Refusal refusals[] = {
    {Reason::draining, 2, true, [](Request& r) { r.circumstances.draining = true; }},
    {Reason::rate, 7, true,
     [](Request& r) {
       r.circumstances.refusal = Reason::rate;
       r.circumstances.retry_after = 7;
     }},
    {Reason::client_sessions, 5, true, [](Request& r) { r.circumstances.refusal = Reason::client_sessions; }},
    {Reason::misdirected, 0, false,
     [](Request& r) { r.circumstances.host_is_ours = [](std::string_view) { return false; }; }},
    {Reason::no_route, 0, false, [](Request& r) { r.upgrade.target.path = "/other"; }},
    {Reason::origin, 0, false, [](Request& r) { r.from("https://evil.example"); }},
    {Reason::subprotocol, 0, false,
     [](Request& r) {
       r.route.subprotocols = {"mqtt"};
       r.upgrade.subprotocols = {"chat"};
     }},
    {Reason::full, 5, true, [](Request& r) { r.circumstances.full = true; }},
    {Reason::route_full, 5, true, [](Request& r) { r.circumstances.route_is_full = [](std::size_t) { return true; }; }},
};

BOOST_AUTO_TEST_SUITE(admission)

BOOST_AUTO_TEST_CASE(a_listed_origin_on_a_known_path_is_admitted) {
  const Verdict verdict = Request().verdict();
  BOOST_TEST(said(verdict) == "admitted");
  BOOST_TEST((verdict.route == 0U));
  BOOST_TEST(!verdict.subprotocol);
  BOOST_TEST(!verdict.in_close_frame);
  BOOST_TEST(verdict.retry_after == 0U);
}

BOOST_AUTO_TEST_CASE(each_rule_refuses_with_its_reason_and_delay_over_plain_http) {
  for (const Refusal& refusal : refusals) {
    BOOST_TEST_CONTEXT(word(refusal.reason)) {
      Request request;
      refusal.make(request);
      const Verdict verdict = request.verdict();
      BOOST_TEST(said(verdict) == word(refusal.reason));
      BOOST_TEST(verdict.retry_after == refusal.retry_after);
      BOOST_TEST(!verdict.in_close_frame);
      BOOST_TEST(!verdict.subprotocol);
    }
  }
}

BOOST_AUTO_TEST_CASE(one_who_is_shut_out_is_told_for_how_long) {
  Request request;
  request.circumstances.refusal = Reason::penalty;
  request.circumstances.retry_after = 23;
  const Verdict verdict = request.verdict();
  BOOST_TEST(said(verdict) == "penalty");
  BOOST_TEST(verdict.retry_after == 23U);
}

BOOST_AUTO_TEST_CASE(the_earlier_rule_wins) {
  for (std::size_t first = 0; first < std::size(refusals); ++first) {
    for (std::size_t second = first + 1; second < std::size(refusals); ++second) {
      // Both are the limiter's: there is only one of them.
      if (refusals[first].reason == Reason::rate && refusals[second].reason == Reason::client_sessions) continue;
      BOOST_TEST_CONTEXT(word(refusals[first].reason) << " and " << word(refusals[second].reason)) {
        Request request;
        refusals[second].make(request);
        refusals[first].make(request);
        BOOST_TEST(said(request.verdict()) == word(refusals[first].reason));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(an_ill_formed_request_is_refused_for_that_and_never_in_a_close_frame) {
  for (const Reason form : {Reason::bad_request, Reason::method, Reason::upgrade_required}) {
    for (const Refusal& refusal : refusals) {
      Request request;
      refusal.make(request.told_by(Rejection::close_any));
      request.form = form;
      const Verdict verdict = request.verdict();
      BOOST_TEST(said(verdict) == word(form));
      BOOST_TEST(!verdict.in_close_frame);
      BOOST_TEST(!verdict.route);
      BOOST_TEST(verdict.retry_after == 0U);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_route_that_says_close_tells_some_refusals_in_a_close_frame) {
  for (const Refusal& refusal : refusals) {
    BOOST_TEST_CONTEXT(word(refusal.reason)) {
      Request request;
      refusal.make(request.told_by(Rejection::close));
      const Verdict verdict = request.verdict();
      BOOST_TEST(said(verdict) == word(refusal.reason));
      BOOST_TEST(verdict.in_close_frame == refusal.in_close_frame);
      BOOST_TEST(verdict.retry_after == refusal.retry_after);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_foreign_origin_gets_no_101_whatever_the_refusal) {
  for (const Refusal& refusal : refusals) {
    BOOST_TEST_CONTEXT(word(refusal.reason)) {
      Request foreign;
      refusal.make(foreign.told_by(Rejection::close).from("https://evil.example"));
      BOOST_TEST(!foreign.verdict().in_close_frame);
      Request missing;
      refusal.make(missing.told_by(Rejection::close).without_origin());
      if (refusal.reason != Reason::origin) BOOST_TEST(!missing.verdict().in_close_frame);
    }
  }
}

BOOST_AUTO_TEST_CASE(close_any_tells_foreign_origins_too) {
  for (const Refusal& refusal : refusals) {
    BOOST_TEST_CONTEXT(word(refusal.reason)) {
      Request request;
      refusal.make(request.told_by(Rejection::close_any).from("https://evil.example"));
      const Verdict verdict = request.verdict();
      // Where nothing comes before it, the origin itself is what is told.
      const bool before_routing =
          refusal.retry_after > 0 && refusal.reason != Reason::full && refusal.reason != Reason::route_full;
      const bool has_route = refusal.reason != Reason::misdirected && refusal.reason != Reason::no_route;
      BOOST_TEST(said(verdict) == word(before_routing || !has_route ? refusal.reason : Reason::origin));
      BOOST_TEST(verdict.in_close_frame == has_route);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_misdirected_request_has_no_route_to_tell_it_how) {
  Request request;
  request.told_by(Rejection::close_any).circumstances.draining = true;
  request.circumstances.host_is_ours = [](std::string_view host) { return host != "bridge.example.org"; };
  const Verdict verdict = request.verdict();
  BOOST_TEST(said(verdict) == "draining");
  BOOST_TEST(!verdict.route);
  BOOST_TEST(!verdict.in_close_frame);
}

BOOST_AUTO_TEST_CASE(a_refused_request_names_its_route_for_the_log) {
  for (const Refusal& refusal : refusals) {
    Request request;
    refusal.make(request);
    const bool has_route = refusal.reason != Reason::misdirected && refusal.reason != Reason::no_route;
    BOOST_TEST(request.verdict().route.has_value() == has_route, word(refusal.reason));
  }
}

BOOST_AUTO_TEST_CASE(a_missing_origin_needs_the_routes_leave) {
  Request request;
  request.without_origin();
  BOOST_TEST(said(request.verdict()) == "origin");
  request.route.origins = {pattern("*")};
  BOOST_TEST(said(request.verdict()) == "origin");
  request.route.allow_missing_origin = true;
  BOOST_TEST(said(request.verdict()) == "admitted");
  // That leave says nothing about origins that are there.
  request.route.origins = {pattern("https://app.example.org")};
  BOOST_TEST(said(request.from("https://evil.example").verdict()) == "origin");
}

// What would have been refused is told in the order of the rules, and the rest are asked as if those were not there.
BOOST_AUTO_TEST_CASE(a_rule_that_is_not_enforced_is_only_told) {
  Request request;
  request.from("https://evil.example").route.enforce_origins = false;
  request.route.origins_position = {"a.yaml", 1, 2};
  BOOST_TEST(said(request.verdict()) == "admitted");
  BOOST_TEST((request.verdict().only_told == std::vector<policy::Refusal>{{Reason::origin, "origins (a.yaml:1:2)"}}));
  BOOST_TEST(said(request.from("null").verdict()) == "admitted");
  BOOST_TEST(request.from("https://app.example.org").verdict().only_told.empty());

  const config::Access nobody{.allow = {*client::parse_network("10.0.0.1")},
                              .deny = {*client::parse_network("192.0.2.0/24")},
                              .enforce_allow = false,
                              .enforce_deny = false,
                              .allow_position = {},
                              .deny_position = {}};
  request.from("https://evil.example").route.access = nobody;
  request.circumstances.access = &nobody;
  request.circumstances.client = client::parse_address("192.0.2.1");
  BOOST_TEST(said(request.verdict()) == "admitted");
  const policy::Refusal deny{Reason::client_denied, "deny"};
  const policy::Refusal allow{Reason::client_denied, "allow"};
  const policy::Refusal origins{Reason::origin, "origins (a.yaml:1:2)"};
  BOOST_TEST((request.verdict().only_told == std::vector{deny, allow, deny, allow, origins}));

  // One rule that is tried does not stand in for another that holds.
  request.route.access.enforce_allow = true;
  BOOST_TEST(said(request.verdict()) == "client_denied");
  BOOST_TEST(request.verdict().rule == "allow");
  BOOST_TEST((request.verdict().only_told == std::vector{deny, allow, deny}));
  request.route.access = {};
  request.circumstances.full = true;
  BOOST_TEST(said(request.verdict()) == "full");
  BOOST_TEST((request.verdict().only_told == std::vector{deny, allow, origins}));
}

BOOST_AUTO_TEST_CASE(origins_that_are_not_enforced_give_no_leave_to_come_without_one) {
  Request request;
  request.without_origin().route.enforce_origins = false;
  BOOST_TEST(said(request.verdict()) == "origin");
  BOOST_TEST(request.verdict().rule == "allow_missing_origin");
  BOOST_TEST(request.verdict().only_told.empty());
}

// They can have a session: a Close frame gives them nothing more.
BOOST_AUTO_TEST_CASE(pages_that_origins_only_would_keep_out_may_see_a_close_frame) {
  Request request;
  request.from("https://evil.example").told_by(Rejection::close).circumstances.full = true;
  BOOST_TEST(!request.verdict().in_close_frame);
  request.route.enforce_origins = false;
  BOOST_TEST(said(request.verdict()) == "full");
  BOOST_TEST(request.verdict().in_close_frame);
}

BOOST_AUTO_TEST_CASE(any_of_the_listed_origins_will_do) {
  Request request;
  request.route.origins = {pattern("https://a.example"), pattern("https://*.b.example"),
                           pattern("capacitor://localhost")};
  for (const auto* origin :
       {"https://a.example", "https://A.example:443", "https://x.y.b.example", "capacitor://localhost"}) {
    BOOST_TEST(said(request.from(origin).verdict()) == "admitted", origin);
  }
  for (const auto* origin : {"http://a.example", "https://a.example:8443", "https://b.example", "https://evilb.example",
                             "https://x.b.example.evil.net", "null"}) {
    BOOST_TEST(said(request.from(origin).verdict()) == "origin", origin);
  }
}

BOOST_AUTO_TEST_CASE(null_enters_only_where_it_is_listed) {
  Request request;
  request.from("null").route.origins = {pattern("*")};
  BOOST_TEST(said(request.verdict()) == "origin");
  request.route.origins = {pattern("*"), pattern("null")};
  BOOST_TEST(said(request.verdict()) == "admitted");
  BOOST_TEST(said(request.from("https://anybody.example").verdict()) == "admitted");
}

BOOST_AUTO_TEST_CASE(without_a_list_the_first_offered_subprotocol_is_answered) {
  Request request;
  request.upgrade.subprotocols = {"chat", "mqtt"};
  BOOST_TEST(request.verdict().subprotocol.value_or("none") == "chat");
}

BOOST_AUTO_TEST_CASE(with_a_list_its_first_that_was_offered_is_answered) {
  Request request;
  request.route.subprotocols = {"binary", "mqtt", "chat"};
  request.upgrade.subprotocols = {"chat", "mqtt"};
  BOOST_TEST(request.verdict().subprotocol.value_or("none") == "mqtt");
  request.upgrade.subprotocols = {};
  BOOST_TEST(said(request.verdict()) == "admitted");
  BOOST_TEST(!request.verdict().subprotocol);
  request.upgrade.subprotocols = {"MQTT"};  // compared as they are
  BOOST_TEST(said(request.verdict()) == "subprotocol");
}

BOOST_AUTO_TEST_CASE(an_empty_list_refuses_every_offer) {
  Request request;
  request.route.subprotocols = std::vector<std::string>{};
  BOOST_TEST(said(request.verdict()) == "admitted");
  request.upgrade.subprotocols = {"chat"};
  BOOST_TEST(said(request.verdict()) == "subprotocol");
}

BOOST_AUTO_TEST_CASE(a_close_frame_answers_the_offer_too_or_the_browser_would_not_see_it) {
  Request request;
  request.told_by(Rejection::close).circumstances.full = true;
  request.upgrade.subprotocols = {"chat", "mqtt"};
  BOOST_TEST(request.verdict().subprotocol.value_or("none") == "chat");
  request.route.subprotocols = {"mqtt"};
  BOOST_TEST(request.verdict().subprotocol.value_or("none") == "mqtt");
  request.upgrade.subprotocols = {};
  BOOST_TEST(request.verdict().in_close_frame);
  BOOST_TEST(!request.verdict().subprotocol);
  // An earlier refusal and no match in the list.
  request.circumstances.draining = true;
  request.upgrade.subprotocols = {"irc", "chat"};
  BOOST_TEST(said(request.verdict()) == "draining");
  BOOST_TEST(request.verdict().subprotocol.value_or("none") == "irc");
}

BOOST_AUTO_TEST_CASE(the_questions_are_asked_of_the_matching_host_and_route) {
  Request request;
  std::vector routes{request.route, request.route, request.route};
  routes[0].path = "/a";
  routes[1].path = "/";
  routes[1].prefix = true;
  routes[2].host = "b.example";
  request.upgrade.host.host = "b.example";
  request.circumstances.host_is_ours = [](std::string_view host) { return host == "b.example"; };
  request.circumstances.route_is_full = [](std::size_t route) { return route == 2; };
  const auto verdict = [&] { return admit(routes, RouteTable(routes), {}, request.upgrade, request.circumstances); };
  BOOST_TEST(said(verdict()) == "route_full");
  BOOST_TEST((verdict().route == 2U));
  request.upgrade.target.path = "/x";
  BOOST_TEST(said(verdict()) == "admitted");
  BOOST_TEST((verdict().route == 1U));
}

BOOST_AUTO_TEST_CASE(files_are_for_everybody_who_may_come) {
  Request request;
  const auto verdict = [&](bool of_route = true) {
    return admit_to_files(of_route ? &request.route : nullptr, "bridge.example", request.circumstances);
  };
  // Neither origins nor room for sessions concern them.
  request.circumstances.full = true;
  request.circumstances.route_is_full = [](std::size_t) { return true; };
  BOOST_TEST(said(verdict()) == "admitted");

  request.circumstances.client = client::parse_address("192.0.2.1");
  request.route.access.deny = {client::parse_network("192.0.2.0/24").value()};
  BOOST_TEST(said(verdict()) == "client_denied");
  BOOST_TEST(said(verdict(false)) == "admitted");
  request.route.access.enforce_deny = false;
  BOOST_TEST(said(verdict()) == "admitted");
  BOOST_TEST(verdict().only_told.size() == 1U);

  request.circumstances.host_is_ours = [](std::string_view host) { return host != "bridge.example"; };
  BOOST_TEST(said(verdict()) == "misdirected");
  request.circumstances.refusal = Reason::rate;
  request.circumstances.retry_after = 3;
  BOOST_TEST(said(verdict()) == "rate");
  BOOST_TEST(verdict().retry_after == 3U);
  config::Access access;
  access.allow = {client::parse_network("198.51.100.0/24").value()};
  request.circumstances.access = &access;
  BOOST_TEST(said(verdict()) == "client_denied");
  request.circumstances.draining = true;
  BOOST_TEST(said(verdict()) == "draining");
}

BOOST_AUTO_TEST_CASE(refusals_of_the_dial_are_told_as_the_route_says) {
  Request request;
  for (const ReasonInfo& row : reasons()) {
    BOOST_TEST_CONTEXT(row.word) {
      const bool told = row.http_status == 401 || row.http_status == 403 || row.http_status == 429 ||
                        (row.http_status >= 502 && row.http_status <= 504);
      BOOST_TEST(!told_in_close_frame(request.told_by(Rejection::http).route, row.reason));
      BOOST_TEST(told_in_close_frame(request.told_by(Rejection::close).route, row.reason) ==
                 (told && row.reason != Reason::origin));
      BOOST_TEST(told_in_close_frame(request.told_by(Rejection::close_any).route, row.reason) == told);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_late_refusal_names_the_same_delay_as_an_early_one) {
  for (const Refusal& refusal : refusals) {
    // Only the limiter knows how long a rate takes.
    const unsigned expected = refusal.reason == Reason::rate ? 1 : refusal.retry_after;
    BOOST_TEST(retry_after(refusal.reason) == expected, word(refusal.reason));
  }
  BOOST_TEST(retry_after(Reason::auth_unavailable) == 5U);
  BOOST_TEST(retry_after(Reason::backend_refused) == 0U);
}

BOOST_AUTO_TEST_CASE(a_rejection_is_a_code_and_a_word_with_the_delay) {
  BOOST_TEST(rejection_code(Reason::origin) == 4403);
  BOOST_TEST(rejection_code(Reason::rate) == 4429);
  BOOST_TEST(rejection_code(Reason::backend_timeout) == 4504);
  BOOST_TEST(rejection_text(Reason::origin, 0) == "origin");
  BOOST_TEST(rejection_text(Reason::rate, 5) == "rate;retry=5");
  BOOST_TEST(rejection_text(Reason::client_sessions, 120) == "client_sessions;retry=120");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace drawbridge::policy
