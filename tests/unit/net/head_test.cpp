#include "net/head.hpp"

#include <boost/test/unit_test.hpp>

using namespace drawbridge;

BOOST_AUTO_TEST_SUITE(head)

BOOST_AUTO_TEST_CASE(a_head_is_whole_with_its_empty_line) {
  BOOST_TEST(net::head_size("GET / HTTP/1.1\r\nHost: a\r\n") == 0U);
  BOOST_TEST(net::head_size("GET / HTTP/1.1\r\nHost: a\r\n\r\nrest") == 27U);
}

BOOST_AUTO_TEST_CASE(the_end_of_a_head_is_found_however_it_comes) {
  const std::string text = "GET / HTTP/1.1\r\nHost: a\r\n\r\n\r\n\r\n";
  const std::size_t whole = text.size() - 4;
  for (std::size_t step = 1; step <= 5; ++step) {
    std::size_t seen = 0;
    while (net::head_size(text.substr(0, seen + step), seen) == 0) {
      BOOST_REQUIRE(seen + step < whole);
      seen += step;
    }
    BOOST_TEST(seen < whole);
    BOOST_TEST(seen + step >= whole);
    BOOST_TEST(net::head_size(text.substr(0, seen + step), seen) == whole);
  }
}

BOOST_AUTO_TEST_CASE(what_was_seen_is_not_searched_again) {
  const std::string text = "GET / HTTP/1.1\r\n\r\nmore";
  BOOST_TEST(net::head_size(text, text.size()) == 0U);
}

BOOST_AUTO_TEST_CASE(a_head_beyond_its_limit_is_too_large_or_its_target_too_long) {
  const std::string head = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
  BOOST_TEST((net::excess_of(head, 16) == Reason::head_too_large));
  BOOST_TEST((net::excess_of(head, 15) == Reason::target_too_long));
}

BOOST_AUTO_TEST_CASE(a_field_beyond_any_limit_is_too_large) {
  const std::string long_text(70'000, 'a');
  for (const std::string& line : {"Cookie: " + long_text, long_text + ": b"}) {
    const auto parsed = net::Head::parse("GET / HTTP/1.1\r\nHost: a\r\n" + line + "\r\n\r\n");
    BOOST_REQUIRE(parsed.has_error());
    BOOST_TEST((parsed.error() == Reason::head_too_large));
  }
}

BOOST_AUTO_TEST_CASE(the_request_is_what_was_sent) {
  const std::string text =
      "GET /desk?x=1 HTTP/1.1\r\nHost: example.org\r\nX-Twice: a\r\nx-twice:  b  \r\nUpgrade: websocket\r\n\r\n";
  auto parsed = net::Head::parse(text);
  BOOST_REQUIRE(parsed.has_value());
  const net::Head moved = std::move(*parsed);
  const ws::Request& request = moved.request();
  BOOST_TEST(request.method == "GET");
  BOOST_TEST(request.target == "/desk?x=1");
  BOOST_TEST(request.version == 11U);
  BOOST_REQUIRE(request.fields.size() == 4U);
  BOOST_TEST(request.fields[2].value == "b");
  BOOST_TEST(request.field("host").value() == "example.org");
  BOOST_TEST(!request.field("x-twice").has_value());
}

BOOST_AUTO_TEST_CASE(what_is_not_strict_is_refused) {
  for (const std::string text :
       {"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", "GET / HTTP/1.1\nHost: a\n\n\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", "GET / HTTP/9.9\r\nHost: a\r\n\r\n",
        "nonsense\r\n\r\n", "\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n"}) {
    const auto parsed = net::Head::parse(text);
    BOOST_TEST_CONTEXT(text) {
      BOOST_REQUIRE(parsed.has_error());
      BOOST_TEST((parsed.error() == Reason::bad_request));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_target_has_a_longest_length) {
  const auto with_target = [](std::size_t size) {
    return net::Head::parse("GET /" + std::string(size - 1, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n");
  };
  BOOST_TEST(with_target(net::longest_target).has_value());
  BOOST_TEST((with_target(net::longest_target + 1).error() == Reason::target_too_long));
}

BOOST_AUTO_TEST_CASE(a_body_is_left_to_the_rules_of_the_upgrade) {
  const auto parsed = net::Head::parse("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
  BOOST_REQUIRE(parsed.has_value());
  BOOST_TEST(parsed->request().field("content-length").value() == "5");
}

BOOST_AUTO_TEST_SUITE_END()
