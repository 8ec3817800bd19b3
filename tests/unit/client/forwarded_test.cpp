#include "client/forwarded.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace drawbridge::client {
namespace {

using namespace std::string_view_literals;
using Lines = std::vector<std::string_view>;

// 10.0.0.0/8 and fd00::/8 are proxies, and so is whoever comes on a Unix socket.
const Peers proxies{{*parse_network("10.0.0.0/8"), *parse_network("fd00::/8")}, true};

std::string shown(const Result<Trace>& trace) {
  if (!trace) return std::string(word(trace.error()));
  const char* const ends[] = {"", " first", " untold"};
  return (trace->client ? text(*trace->client) : "unix") + " " + std::to_string(trace->trusted_hops) +
         ends[static_cast<std::size_t>(trace->end)];
}

std::string forwarded(const Lines& lines, std::string_view peer = "10.0.0.1") {
  return shown(trace_forwarded(parse_address(peer), proxies, lines));
}

std::string x_forwarded_for(const Lines& lines, std::string_view peer = "10.0.0.1") {
  return shown(trace_x_forwarded_for(parse_address(peer), proxies, lines));
}

// A value of X-Forwarded-For as Forwarded.
std::string as_forwarded(std::string_view addresses) {
  std::string out;
  for (const std::string_view address : split(addresses, ',')) {
    const std::string bare(trim(address));
    if (!out.empty()) out += ", ";
    out += bare.find(':') == std::string::npos ? "for=" + bare : "for=\"[" + bare + "]\"";
  }
  return out;
}

// What a client may write before a proxy it came through, to be believed or to break something.
const std::initializer_list<std::string_view> hostile{
    ""sv,
    " "sv,
    ","sv,
    ",,,"sv,
    "6.6.6.6"sv,
    "10.6.6.6"sv,
    "10.6.6.6, 10.6.6.7"sv,
    "for=6.6.6.6"sv,
    "for=10.6.6.6"sv,
    "for=\"10.6.6.6\""sv,
    "unknown"sv,
    "for=unknown"sv,
    "for=_hidden"sv,
    "nonsense"sv,
    "for="sv,
    "for=6.6.6.6;"sv,
    "="sv,
    ";"sv,
    "\""sv,
    "\"\""sv,
    "\"\"\""sv,
    "\\"sv,
    "\\\""sv,
    "\"\\"sv,
    "for=\""sv,
    "for=\"x"sv,
    "for=\"6.6.6.6"sv,
    "for=\"6.6.6.6;a=\\\""sv,
    "for=6.6.6.6;a=\""sv,
    "for=6.6.6.6;a=\"\\"sv,
    "for=6.6.6.6;a=\"\\\\"sv,
    "for=\"[::1"sv,
    "[::1"sv,
    "::1%eth0"sv,
    "999999999999999999999999"sv,
    "1.2.3.4:99999999999999999999"sv,
    "\0"sv,
    "\xFF\xFE"sv,
};

BOOST_AUTO_TEST_SUITE(forwarded_clients)

BOOST_AUTO_TEST_CASE(nobody_is_believed_but_trusted_proxies) {
  for (const std::string_view line : hostile) {
    BOOST_TEST(forwarded({line}, "203.0.113.7") == "203.0.113.7 0", line);
    BOOST_TEST(x_forwarded_for({line}, "203.0.113.7") == "203.0.113.7 0", line);
    BOOST_TEST(x_forwarded_for({line}, "2001:db8::7") == "2001:db8::7 0", line);
  }
  // ::10.0.0.1 is another address, ::ffff:10.0.0.1 is the same.
  BOOST_TEST(x_forwarded_for({"6.6.6.6"}, "::10.0.0.1") == "::10.0.0.1 0");
  BOOST_TEST(x_forwarded_for({"6.6.6.6"}, "::ffff:10.0.0.1") == "6.6.6.6 1");
  const Peers nobody;
  BOOST_TEST(shown(trace_x_forwarded_for(std::nullopt, nobody, Lines{"6.6.6.6"})) == "unix 0");
  BOOST_TEST(shown(trace_x_forwarded_for(parse_address("10.0.0.1"), nobody, Lines{"6.6.6.6"})) == "10.0.0.1 0");
}

BOOST_AUTO_TEST_CASE(a_proxy_that_tells_of_nobody_is_the_client) {
  for (const Lines& lines : {Lines{}, Lines{""}, Lines{"", " \t"}, Lines{",", " , ,"}}) {
    BOOST_TEST(forwarded(lines) == "10.0.0.1 1 first");
    BOOST_TEST(x_forwarded_for(lines) == "10.0.0.1 1 first");
    BOOST_TEST(shown(trace_forwarded(std::nullopt, proxies, lines)) == "unix 1 first");
  }
}

BOOST_AUTO_TEST_CASE(each_trusted_proxy_is_asked_whom_it_heard) {
  const std::pair<Lines, std::string_view> cases[] = {
      {{"203.0.113.7"}, "203.0.113.7 1"},
      {{"203.0.113.7, 10.0.0.2"}, "203.0.113.7 2"},
      {{"203.0.113.7,10.0.0.2\t,  fd00::1"}, "203.0.113.7 3"},
      {{"10.0.0.3, 10.0.0.2"}, "10.0.0.3 3 first"},
      {{"6.6.6.6, 203.0.113.7, 10.0.0.2"}, "203.0.113.7 2"},
      {{"6.6.6.6, 10.6.6.6, 203.0.113.7"}, "203.0.113.7 1"},
      {{"203.0.113.7", "10.0.0.2"}, "203.0.113.7 2"},
      {{"6.6.6.6", "203.0.113.7", "10.0.0.3, 10.0.0.2"}, "203.0.113.7 3"},
      {{"10.6.6.6", "203.0.113.7, 10.0.0.2"}, "203.0.113.7 2"},
  };
  for (const auto& [lines, says] : cases) {
    BOOST_TEST(x_forwarded_for(lines) == says, lines.front());
    std::vector<std::string> written;
    std::transform(lines.begin(), lines.end(), std::back_inserter(written), as_forwarded);
    BOOST_TEST(forwarded(Lines(written.begin(), written.end())) == says, written.front());
  }
  const Lines lines{"203.0.113.7, 10.0.0.2"};
  BOOST_TEST(shown(trace_x_forwarded_for(std::nullopt, proxies, lines)) == "203.0.113.7 2");
}

BOOST_AUTO_TEST_CASE(what_a_client_writes_before_its_proxy_changes_nothing) {
  const std::string_view told[] = {"for=203.0.113.7",
                                   "for=\"203.0.113.7:80\"",
                                   "for=\"203.0.113.7\";by=\"a, \\\"b\\\", c\"",
                                   "by=\"for=9.9.9.9, \\\\\";for=203.0.113.7",
                                   "for=203.0.113.7, for=10.0.0.2",
                                   "for=203.0.113.7;x=\"\\\"\", for=\"10.0.0.2\";x=\"\\\\\\\",\""};
  const std::string_view addresses[] = {"203.0.113.7", "203.0.113.7:80", "203.0.113.7, 10.0.0.2"};
  for (const std::string_view written : hostile) {
    for (const std::string_view right : told) {
      const std::string expected = right.find("10.0.0.2") == std::string_view::npos ? "203.0.113.7 1" : "203.0.113.7 2";
      for (const std::string_view comma : {",", ", ", " ,\t", ",,"}) {
        BOOST_TEST(forwarded({std::string(written).append(comma).append(right)}) == expected,
                   written << comma << right);
      }
      BOOST_TEST(forwarded({written, right}) == expected, written << " and " << right);
      BOOST_TEST(forwarded({written, written, right}) == expected, written << " twice and " << right);
    }
    for (const std::string_view right : addresses) {
      const std::string expected = right.find("10.0.0.2") == std::string_view::npos ? "203.0.113.7 1" : "203.0.113.7 2";
      BOOST_TEST(x_forwarded_for({std::string(written).append(", ").append(right)}) == expected, written);
      BOOST_TEST(x_forwarded_for({written, right}) == expected, written);
    }
  }
}

BOOST_AUTO_TEST_CASE(an_empty_element_is_not_skipped) {
  // What a proxy writes whose variable is empty: the client's words must not take its place.
  for (const Lines& lines : {Lines{"6.6.6.6, "}, Lines{"6.6.6.6,"}, Lines{"6.6.6.6", ""}, Lines{"6.6.6.6", " ", ","},
                             Lines{"6.6.6.6,,10.0.0.2"}, Lines{"6.6.6.6", "", "10.0.0.2"}}) {
    BOOST_TEST(x_forwarded_for(lines) == "bad_request", lines.front());
  }
  for (const Lines& lines :
       {Lines{"for=6.6.6.6, "}, Lines{"for=6.6.6.6", ""}, Lines{"for=6.6.6.6,,for=10.0.0.2"}, Lines{"\",", ","}}) {
    BOOST_TEST(forwarded(lines) == "bad_request", lines.front());
  }
  // What is left by a proxy that appends to an empty field.
  for (const Lines& lines : {Lines{", 10.0.0.2"}, Lines{"", "10.0.0.2"}, Lines{" ", ",, ,10.0.0.2"}}) {
    BOOST_TEST(x_forwarded_for(lines) == "10.0.0.2 2 first");
  }
  BOOST_TEST(forwarded({"", ",for=10.0.0.2"}) == "10.0.0.2 2 first");
}

BOOST_AUTO_TEST_CASE(x_forwarded_for_holds_addresses_with_and_without_ports) {
  const std::pair<std::string_view, std::string_view> good[] = {
      {"203.0.113.7:0", "203.0.113.7 1"},
      {"203.0.113.7:65535", "203.0.113.7 1"},
      {"2001:DB8::7", "2001:db8::7 1"},
      {"2001:db8::7:8080", "2001:db8::7:8080 1"},
      {"[2001:db8::7]", "2001:db8::7 1"},
      {"[2001:db8::7]:443", "2001:db8::7 1"},
      {"::ffff:203.0.113.7", "203.0.113.7 1"},
      {"[::ffff:cb00:7107]:1", "203.0.113.7 1"},
      {"203.0.113.7, ::ffff:10.0.0.2", "203.0.113.7 2"},
      {"203.0.113.7, [::ffff:10.0.0.2]:99", "203.0.113.7 2"},
      {"6.6.6.6, unknown", "10.0.0.1 1 untold"},
      {"6.6.6.6, UnKnown, 10.0.0.2", "10.0.0.2 2 untold"},
      {"6.6.6.6, _hidden", "10.0.0.1 1 untold"},
      {"6.6.6.6, 0.0.0.0", "0.0.0.0 1"},
  };
  for (const auto& [line, says] : good) BOOST_TEST(x_forwarded_for({line}) == says, line);

  for (const std::string_view entry : {"203.0.113"sv,
                                       "203.0.113.7.8"sv,
                                       "203.0.113.007"sv,
                                       "0203.0.113.7"sv,
                                       "0xCB.0.113.7"sv,
                                       "3405803783"sv,
                                       "203.0.113.256"sv,
                                       "203.0.113.7:"sv,
                                       "203.0.113.7:65536"sv,
                                       "203.0.113.7:000080"sv,
                                       "203.0.113.7:+80"sv,
                                       "203.0.113.7:-1"sv,
                                       "203.0.113.7:99999999999999999999"sv,
                                       "203.0.113.7:80:80"sv,
                                       "203.0.113.7/32"sv,
                                       "203.0.113.7 10.0.0.2"sv,
                                       "203.0.113.7;10.0.0.2"sv,
                                       "203.0. 113.7"sv,
                                       "203.0.113.7 :80"sv,
                                       "\v203.0.113.7"sv,
                                       "203.0.113.7\r"sv,
                                       "203.0.113.7\0"sv,
                                       "\xC2\xA0"
                                       "203.0.113.7"sv,
                                       "\"203.0.113.7\""sv,
                                       "for=203.0.113.7"sv,
                                       "[203.0.113.7]"sv,
                                       "[203.0.113.7]:80"sv,
                                       "[2001:db8::7"sv,
                                       "2001:db8::7]"sv,
                                       "[2001:db8::7]80"sv,
                                       "[2001:db8::7]:"sv,
                                       "[2001:db8::7]:65536"sv,
                                       "[[2001:db8::7]]"sv,
                                       "[]"sv,
                                       "[]:80"sv,
                                       "["sv,
                                       "]"sv,
                                       ":"sv,
                                       "fe80::1%eth0"sv,
                                       "[fe80::1%25eth0]:80"sv,
                                       "2001:db8::7::"sv,
                                       "2001:db8:0:0:0:0:0:0:7"sv,
                                       "localhost"sv,
                                       "unix:"sv,
                                       "unknown6.6.6.6"sv,
                                       "_"sv,
                                       "_a b"sv,
                                       "_a:b"sv,
                                       "-"sv}) {
    BOOST_TEST(x_forwarded_for({entry}) == "bad_request", entry);
    BOOST_TEST(x_forwarded_for({std::string("6.6.6.6, ").append(entry)}) == "bad_request", entry);
    BOOST_TEST(x_forwarded_for({std::string(entry).append(", 203.0.113.7")}) == "203.0.113.7 1", entry);
  }
}

BOOST_AUTO_TEST_CASE(forwarded_is_read_as_rfc_7239_writes_it) {
  const std::pair<std::string_view, std::string_view> good[] = {
      // The RFC's examples, §4 and §7.1, on behalf of 10.0.0.1.
      {"for=\"_gazonk\"", "10.0.0.1 1 untold"},
      {"For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17 1"},
      {"for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60 1"},
      {"for=192.0.2.43, for=198.51.100.17", "198.51.100.17 1"},
      {"for=192.0.2.43, for=\"[2001:db8:cafe::17]\"", "2001:db8:cafe::17 1"},
      {"for=_hidden, for=_SEVKISEK", "10.0.0.1 1 untold"},
      {"for=\"192.0.2.43:47011\"", "192.0.2.43 1"},
      {"for=\"192.0.2.43:_obf-port.1\"", "192.0.2.43 1"},
      {"FOR=192.0.2.43", "192.0.2.43 1"},
      {"proto=https;host=\"desk.example.org:8443\";for=192.0.2.43", "192.0.2.43 1"},
      {"proto=https; for=192.0.2.43 ;\tby=_x", "192.0.2.43 1"},
      {";;for=192.0.2.43;;", "192.0.2.43 1"},
      {"for=\"1\\92.0.2.4\\3\"", "192.0.2.43 1"},
      {"for=\"[::ffff:192.0.2.43]\"", "192.0.2.43 1"},
      {"for=192.0.2.43, for=\"[::ffff:10.0.0.2]:1\"", "192.0.2.43 2"},
      {"for=192.0.2.43;x=\", for=6.6.6.6\"", "192.0.2.43 1"},
      {"for=192.0.2.43;x=\"\\\", for=6.6.6.6\"", "192.0.2.43 1"},
      {"for=192.0.2.43;x=\"\\\\\\\", for=6.6.6.6\\\\\"", "192.0.2.43 1"},
      {"x=\"\";for=192.0.2.43", "192.0.2.43 1"},
      {"x=\"\xC3\xA9\t\";for=192.0.2.43", "192.0.2.43 1"},
      {"for=6.6.6.6, for=unknown", "10.0.0.1 1 untold"},
      {"for=6.6.6.6, for=\"UNKNOWN:80\"", "10.0.0.1 1 untold"},
      {"for=6.6.6.6, for=unknown, for=10.0.0.2", "10.0.0.2 2 untold"},
      {"for=6.6.6.6, proto=https", "10.0.0.1 1 untold"},
      {"for=6.6.6.6, ;", "10.0.0.1 1 untold"},
      {"for=6.6.6.6, xfor=9.9.9.9", "10.0.0.1 1 untold"},
      {"for=6.6.6.6, fo=9.9.9.9", "10.0.0.1 1 untold"},
  };
  for (const auto& [line, says] : good) BOOST_TEST(forwarded({line}) == says, line);

  for (const std::string_view element : {"for"sv,
                                         "for="sv,
                                         "=192.0.2.43"sv,
                                         "for==192.0.2.43"sv,
                                         "for =192.0.2.43"sv,
                                         "for= 192.0.2.43"sv,
                                         "for=192.0.2.43 by=_x"sv,
                                         "for=192.0.2.43;by"sv,
                                         "for=192.0.2.43;by="sv,
                                         "for=192.0.2.43;for=192.0.2.44"sv,
                                         "for=192.0.2.43;For=192.0.2.43"sv,
                                         "for=192.0.2.43:80"sv,
                                         "for=[2001:db8::7]"sv,
                                         "for=2001:db8::7"sv,
                                         "for=\"2001:db8::7\""sv,
                                         "for=\"[2001:db8::7\""sv,
                                         "for=\"2001:db8::7]\""sv,
                                         "for=\"[2001:db8::7]:\""sv,
                                         "for=\"[2001:db8::7]:65536\""sv,
                                         "for=\"[2001:db8::7]x\""sv,
                                         "for=\"[fe80::1%eth0]\""sv,
                                         "for=\"[192.0.2.43]\""sv,
                                         "for=\"192.0.2.43:\""sv,
                                         "for=\"192.0.2.43:123456\""sv,
                                         "for=\"192.0.2.43:_\""sv,
                                         "for=\" 192.0.2.43\""sv,
                                         "for=\"192.0.2.43 \""sv,
                                         "for=\"192.0.2.43, 192.0.2.44\""sv,
                                         "for=\"\""sv,
                                         "for=\"_\""sv,
                                         "for=_"sv,
                                         "for=_a!b"sv,
                                         "for=\"_a b\""sv,
                                         "for=unknown."sv,
                                         "for=localhost"sv,
                                         "for=3221225985"sv,
                                         "for=0xC0.0.2.43"sv,
                                         "for=192.0.2.043"sv,
                                         "for='192.0.2.43'"sv,
                                         "for=\"192.0.2.43"sv,
                                         "for=192.0.2.43\""sv,
                                         "for=\"192.0.2.43\"\""sv,
                                         "for=\"192.0.2.43\\\""sv,
                                         "for=\"192.0.2.43\"x"sv,
                                         "for=\"192.0.2.43\"\"\""sv,
                                         "for=192.0.2.43;x=\"\n\""sv,
                                         "for=192.0.2.43;x=\"\\\n\""sv,
                                         "for=192.0.2.43;x=\"\0\""sv,
                                         "for=192.0.2.43;x=\"\x7F\""sv,
                                         "f\0or=192.0.2.43"sv,
                                         "for=192.0.2.43\0"sv,
                                         "192.0.2.43"sv,
                                         "\"for=192.0.2.43\""sv,
                                         "\"for\"=192.0.2.43"sv}) {
    BOOST_TEST(forwarded({element}) == "bad_request", element);
    BOOST_TEST(forwarded({"for=6.6.6.6", element}) == "bad_request", element);
    BOOST_TEST(forwarded({std::string(element).append(", for=203.0.113.7")}) == "203.0.113.7 1", element);
    BOOST_TEST(forwarded({element, "for=203.0.113.7"}) == "203.0.113.7 1", element);
  }
}

BOOST_AUTO_TEST_CASE(lines_are_not_glued_together) {
  // A quoted string does not go on in the next line.
  BOOST_TEST(forwarded({"for=6.6.6.6;x=\"", "for=10.0.0.2;y=\""}) == "bad_request");
  BOOST_TEST(forwarded({"for=\"6.6.6", ".6\""}) == "bad_request");
  BOOST_TEST(x_forwarded_for({"6.6.", "6.6"}) == "bad_request");
}

BOOST_AUTO_TEST_CASE(long_lists_are_read_to_their_beginning) {
  std::string list = "203.0.113.7";
  while (list.size() < 16'000) list += ",10.0.0.2";
  const std::string hops = std::to_string(1 + (list.size() - 11) / 9);
  BOOST_TEST(x_forwarded_for({list}) == "203.0.113.7 " + hops);
  // Quotes and backslashes without end, for a scan that would be tempted to go back and forth.
  std::string quotes = "for=10.0.0.2;x=\"";
  while (quotes.size() < 2'000'000) quotes += "\\\\\\\"";
  BOOST_TEST(forwarded({"for=203.0.113.7", quotes + "\""}) == "203.0.113.7 2");
  BOOST_TEST(forwarded({std::string(2'000'000, '\\') + "\""}) == "bad_request");
  BOOST_TEST(forwarded({std::string(2'000'000, '"')}) == "bad_request");
  BOOST_TEST(forwarded({std::string(2'000'000, ',')}) == "10.0.0.1 1 first");
}

BOOST_AUTO_TEST_CASE(how_it_ended_can_be_said) {
  for (const TraceEnd end : {TraceEnd::untrusted, TraceEnd::first, TraceEnd::untold}) BOOST_TEST(!text(end).empty());
  BOOST_TEST(text(TraceEnd::first) != text(TraceEnd::untold));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace drawbridge::client
