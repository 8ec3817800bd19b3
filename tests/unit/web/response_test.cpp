#include "web/response.hpp"

#include "unit/web/request.hpp"

#include <algorithm>

#include <boost/test/unit_test.hpp>

namespace drawbridge::web {
namespace {

std::string field(const Response& response, std::string_view name) {
  std::string value = "(none)";
  for (const Response::Field& each : response.fields) {
    if (each.name != name) continue;
    BOOST_TEST(value == "(none)", name << " stands there twice");
    value = each.value;
  }
  return value;
}

File page() {
  return {.name = "page.css", .size = 1'000, .modified = 784'111'777, .version = 0xABC};
}

ws::Request head(std::vector<ws::Field> fields = {}) {
  ws::Request request = get(std::move(fields));
  request.method = "HEAD";
  return request;
}

const config::Web web{.directory = "/srv/www"};

// What no answer lacks.
void check_guards(const Response& response) {
  BOOST_TEST(field(response, "X-Content-Type-Options") == "nosniff");
  BOOST_TEST(field(response, "Content-Security-Policy") == web.content_security_policy);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(responses)

BOOST_AUTO_TEST_CASE(a_file_is_sent_whole) {
  const Response response = respond(get(), page(), web);
  check_guards(response);
  BOOST_TEST(response.status == 200);
  BOOST_TEST(response.first == 0U);
  BOOST_TEST(response.size == 1'000U);
  BOOST_TEST(field(response, "Content-Type") == "text/css; charset=utf-8");
  BOOST_TEST(field(response, "Content-Length") == "1000");
  BOOST_TEST(field(response, "Cache-Control") == "no-cache");
  BOOST_TEST(field(response, "ETag") == "\"abc-3e8\"");
  BOOST_TEST(field(response, "Last-Modified") == "Sun, 06 Nov 1994 08:49:37 GMT");
  BOOST_TEST(field(response, "Accept-Ranges") == "bytes");
  BOOST_TEST(field(response, "Vary") == "(none)");
  BOOST_TEST(field(response, "Content-Encoding") == "(none)");
}

BOOST_AUTO_TEST_CASE(a_head_gets_the_same_fields_and_no_body) {
  for (const std::vector<ws::Field>& fields :
       {std::vector<ws::Field>{}, {{"If-None-Match", "\"abc-3e8\""}}, {{"If-Match", "\"x\""}}}) {
    const Response whole = respond(get(fields), page(), web);
    const Response response = respond(head(fields), page(), web);
    BOOST_TEST(response.status == whole.status);
    BOOST_TEST(response.size == 0U);
    BOOST_TEST(response.text == "");
    BOOST_TEST_REQUIRE(response.fields.size() == whole.fields.size());
    for (std::size_t i = 0; i < response.fields.size(); ++i) {
      BOOST_TEST(response.fields[i].name == whole.fields[i].name);
      BOOST_TEST(response.fields[i].value == whole.fields[i].value);
    }
  }
  // A range is of a GET (RFC 9110 §14.2).
  BOOST_TEST(respond(head({{"Range", "bytes=0-1"}}), page(), web).status == 200);
}

BOOST_AUTO_TEST_CASE(a_part_says_where_it_stands) {
  const Response response = respond(get({{"Range", "bytes=990-"}}), page(), web);
  check_guards(response);
  BOOST_TEST(response.status == 206);
  BOOST_TEST(response.first == 990U);
  BOOST_TEST(response.size == 10U);
  BOOST_TEST(field(response, "Content-Range") == "bytes 990-999/1000");
  BOOST_TEST(field(response, "Content-Length") == "10");
}

BOOST_AUTO_TEST_CASE(a_part_that_is_not_there) {
  const Response response = respond(get({{"Range", "bytes=1000-"}}), page(), web);
  check_guards(response);
  BOOST_TEST(response.status == 416);
  BOOST_TEST(response.size == 0U);
  BOOST_TEST(field(response, "Content-Range") == "bytes */1000");
  BOOST_TEST(field(response, "Content-Length") == std::to_string(response.text.size()));
}

BOOST_AUTO_TEST_CASE(what_the_browser_has_is_not_sent_again) {
  const Response response = respond(get({{"If-None-Match", "\"abc-3e8\""}, {"Range", "bytes=0-1"}}), page(), web);
  check_guards(response);
  BOOST_TEST(response.status == 304);
  BOOST_TEST(response.size == 0U);
  BOOST_TEST(field(response, "ETag") == "\"abc-3e8\"");
  BOOST_TEST(field(response, "Cache-Control") == "no-cache");
  BOOST_TEST(field(response, "Content-Length") == "(none)");
}

BOOST_AUTO_TEST_CASE(a_compressed_copy_is_another_representation) {
  File file = page();
  file.has_copies = true;
  const Response plain = respond(get(), file, web);
  file.coding = "gzip";
  const Response compressed = respond(get(), file, web);
  BOOST_TEST(field(plain, "Vary") == "Accept-Encoding");
  BOOST_TEST(field(compressed, "Vary") == "Accept-Encoding");
  BOOST_TEST(field(compressed, "Content-Encoding") == "gzip");
  BOOST_TEST(field(compressed, "Content-Type") == "text/css; charset=utf-8");
  BOOST_TEST(field(compressed, "ETag") != field(plain, "ETag"));
  // A cache must learn that from a 304 too.
  BOOST_TEST(field(respond(get({{"If-None-Match", "*"}}), file, web), "Vary") == "Accept-Encoding");
}

BOOST_AUTO_TEST_CASE(an_empty_file) {
  File file = page();
  file.size = 0;
  const Response response = respond(get(), file, web);
  BOOST_TEST(response.status == 200);
  BOOST_TEST(response.size == 0U);
  BOOST_TEST(field(response, "Content-Length") == "0");
}

BOOST_AUTO_TEST_CASE(the_settings_of_the_folder_hold) {
  config::Web other{
      .directory = "/srv/www", .content_security_policy = "default-src *", .cache = config::Milliseconds(90'500)};
  const Response response = respond(get(), page(), other);
  BOOST_TEST(field(response, "Content-Security-Policy") == "default-src *");
  BOOST_TEST(field(response, "Cache-Control") == "max-age=90");
  BOOST_TEST(field(not_found(get(), other), "Content-Security-Policy") == "default-src *");
}

BOOST_AUTO_TEST_CASE(nothing_there) {
  const Response response = not_found(get(), web);
  check_guards(response);
  BOOST_TEST(response.status == 404);
  BOOST_TEST(field(response, "Cache-Control") == "no-store");
  BOOST_TEST(field(response, "Content-Length") == std::to_string(response.text.size()));
  BOOST_TEST(not_found(head(), web).text == "");
  BOOST_TEST(field(not_found(head(), web), "Content-Length") == field(response, "Content-Length"));
}

BOOST_AUTO_TEST_CASE(something_that_cannot_be_read) {
  const Response response = unreadable(get(), web);
  check_guards(response);
  BOOST_TEST(response.status == 503);
  BOOST_TEST(field(response, "Cache-Control") == "no-store");
}

BOOST_AUTO_TEST_CASE(a_folder_without_its_slash) {
  const Response response = moved(get(), "/desk", "", web);
  check_guards(response);
  BOOST_TEST(response.status == 308);
  BOOST_TEST(field(response, "Location") == "/desk/");
  BOOST_TEST(field(moved(get(), "/desk", "a=/%2F", web), "Location") == "/desk/?a=/%2F");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace drawbridge::web
