#include "admin/door.hpp"

#include "support/temporary_directory.hpp"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace drawbridge;
using admin::Door;

namespace {

const std::string token = "0123456789abcdef0123456789abcdef";

struct Place {
  testing::TemporaryDirectory directory;
  config::AdminListener listener;

  Place() {
    listener.bind.host = "127.0.0.1";
    listener.bind.port = 9180;
    listener.token = directory.write("token", token + "\n");
    listener.hosts = {"admin.example.org"};
  }
  std::shared_ptr<const Door> door() const {
    std::string why;
    auto made = Door::make(listener, "", why);
    BOOST_REQUIRE_MESSAGE(made, why);
    return made;
  }
};

unsigned status(const Door& door, const Door::Fields& fields, bool open = false) {
  const auto refusal = door.refusal(fields, "127.0.0.1:9180", open);
  return refusal ? refusal->status : 200;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(doors)

BOOST_AUTO_TEST_CASE(a_browsers_address_asks_for_host_origin_and_token) {
  const Place place;
  const auto door = place.door();
  const std::string bearer = "Bearer " + token;
  for (const std::string_view host : {"127.0.0.1:9180", "localhost:9180", "LOCALHOST:9180", "admin.example.org"}) {
    BOOST_TEST(status(*door, {host, "", bearer}) == 200U, host);
  }
  for (const std::string_view host :
       {"", "localhost", "localhost:1", "127.0.0.1", "evil.example:9180", "admin.example.org:1"}) {
    BOOST_TEST(status(*door, {host, "", bearer}) == 421U, host);
    BOOST_TEST(status(*door, {host, "", ""}, true) == 421U, host);
  }
  BOOST_TEST(status(*door, {"127.0.0.1:9180", "http://127.0.0.1:9180", bearer}) == 200U);
  BOOST_TEST(status(*door, {"admin.example.org", "https://admin.example.org", bearer}) == 200U);
  for (const std::string_view origin :
       {"null", "https://evil.example", "http://localhost:9180", "http://127.0.0.1:91801"}) {
    BOOST_TEST(status(*door, {"127.0.0.1:9180", origin, bearer}) == 403U, origin);
  }
  for (const std::string& sent : std::vector<std::string>{
           "", token, "Basic " + token, "Bearer ", "Bearer " + token.substr(1), bearer + "0", "Bearer" + token}) {
    BOOST_TEST(status(*door, {"127.0.0.1:9180", "", sent}) == 401U, sent);
    BOOST_TEST(status(*door, {"127.0.0.1:9180", "", sent}, true) == 200U, sent);
  }
  BOOST_TEST(status(*door, {"127.0.0.1:9180", "", "bearer  " + token}) == 200U);
}

BOOST_AUTO_TEST_CASE(a_unix_socket_asks_for_a_token_only_where_there_is_one) {
  Place place;
  place.listener.bind.kind = config::Bind::Kind::unix_socket;
  BOOST_TEST(status(*place.door(), {"anything", "", ""}) == 401U);
  place.listener.token.clear();
  BOOST_TEST(status(*place.door(), {"anything", "", ""}) == 200U);
}

BOOST_AUTO_TEST_CASE(a_token_that_can_be_guessed_is_none) {
  Place place;
  for (const std::string& text : std::vector<std::string>{"", "short\n", token.substr(1), token + "\n" + token,
                                                          token + " ", "\xEF\xBB\xBF" + token}) {
    place.listener.token = place.directory.write("other", text);
    std::string why;
    BOOST_TEST(!Door::make(place.listener, "", why), text);
    BOOST_TEST(why.starts_with("the token: it must hold one line"), why);
  }
  place.listener.token = "/nosuch";
  std::string why;
  BOOST_TEST(!Door::make(place.listener, "", why));
  BOOST_TEST(why == "the token: there is no such file");
}

BOOST_AUTO_TEST_SUITE_END()
