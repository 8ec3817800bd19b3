#include "auth/credential.hpp"

#include "support/base64.hpp"

#include <vector>

#include <boost/test/unit_test.hpp>

using namespace drawbridge;
using namespace drawbridge::auth;
using Kind = config::CredentialPlace::Kind;
using Places = std::vector<config::CredentialPlace>;

namespace {

const std::string prefix = "base64url.bearer.authorization.drawbridge.";

std::string told(const Result<std::string>& found) {
  return found ? "found " + *found : std::string(word(found.error()));
}

std::string told(const Result<BasicCredential>& found) {
  return found ? found->user + " with " + found->password : std::string(word(found.error()));
}

ws::Request with(std::vector<ws::Field> fields) {
  fields.insert(fields.begin(), {"Host", "a.example"});
  return {.method = "GET", .target = "/", .version = 11, .fields = std::move(fields)};
}

std::string in_authorization(std::string_view value) {
  return told(find_bearer(with({{"authorization", value}}), {}, Places{{Kind::authorization, ""}}));
}

std::string in_basic(const std::string& user_and_password) {
  const std::string value = "Basic " + testing::base64(user_and_password);
  return told(find_basic(with({{"Authorization", value}})));
}

std::string in_cookie(std::string_view value) {
  return told(find_bearer(with({{"Cookie", value}}), {}, Places{{Kind::cookie, "session"}}));
}

std::string in_query(const std::string& query) {
  ws::Upgrade upgrade;
  upgrade.target.query = query;
  return told(find_bearer(with({}), upgrade, Places{{Kind::query, "token"}}));
}

ws::Upgrade offering(std::vector<std::string> subprotocols) {
  ws::Upgrade upgrade;
  upgrade.subprotocols = std::move(subprotocols);
  return upgrade;
}

std::string in_subprotocols(std::vector<std::string> subprotocols) {
  return told(find_bearer(with({}), offering(std::move(subprotocols)), Places{{Kind::subprotocol, ""}}));
}

constexpr std::string_view missing = "credential_missing";
constexpr std::string_view invalid = "credential_invalid";

}  // namespace

BOOST_AUTO_TEST_SUITE(credential)

BOOST_AUTO_TEST_CASE(authorization_carries_a_bearer) {
  BOOST_TEST(in_authorization("Bearer mF_9.B5f-4.1JqM") == "found mF_9.B5f-4.1JqM");  // RFC 6750 §2.1
  BOOST_TEST(in_authorization("bEARER   a~+/b==") == "found a~+/b==");
  for (const char* other :
       {"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Bearerx abc", "Bear abc", "", "abc", "Bearer\tabc"}) {
    BOOST_TEST(in_authorization(other) == missing, other);
  }
  for (const char* broken : {"Bearer", "Bearer ", "Bearer a b", "Bearer a,b", "Bearer \"a\"", "Bearer a=b",
                             "Bearer =", "Bearer \ta", "Bearer a\t", "Bearer a\xC3\xA4", "Bearer a%20", "Bearer a:b"}) {
    BOOST_TEST(in_authorization(broken) == invalid, broken);
  }
}

BOOST_AUTO_TEST_CASE(two_authorization_fields_are_a_bad_request) {
  const Places places{{Kind::authorization, ""}};
  for (const char* second : {"Bearer a", "Bearer b", "Basic YTpi", ""}) {
    const auto request = with({{"Authorization", "Bearer a"}, {"AUTHORIZATION", second}});
    BOOST_TEST(told(find_bearer(request, {}, places)) == "bad_request", second);
    BOOST_TEST(told(find_basic(request)) == "bad_request", second);
  }
}

BOOST_AUTO_TEST_CASE(authorization_carries_a_user_and_a_password) {
  BOOST_TEST(told(find_basic(with({{"Authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}}))) ==
             "Aladdin with open sesame");  // RFC 7617 §2
  BOOST_TEST(told(find_basic(with({{"Authorization", "Basic dGVzdDoxMjPCow=="}}))) == "test with 123\xC2\xA3");  // §2.1
  BOOST_TEST(told(find_basic(with({{"Authorization", "bASIC  YTpi"}}))) == "a with b");
  BOOST_TEST(in_basic("a:") == "a with ");
  BOOST_TEST(in_basic("a:b:c") == "a with b:c");
  BOOST_TEST(in_basic(" a : b ") == " a  with  b ");
  BOOST_TEST(in_basic("a\xE4:\xFF") == "a\xE4 with \xFF");
}

BOOST_AUTO_TEST_CASE(what_is_no_user_and_password_is_invalid) {
  BOOST_TEST(told(find_basic(with({}))) == missing);
  BOOST_TEST(told(find_basic(with({{"Authorization", "Bearer abc"}}))) == missing);
  for (const char* broken : {"Basic", "Basic ", "Basic YTpi YTpi", "Basic YTpi=", "Basic YTo",
                             "Basic YTp=", "Basic a:b", "Basic YT_i", "Basic user=\"a\"", "Basic ===="}) {
    BOOST_TEST(told(find_basic(with({{"Authorization", broken}}))) == invalid, broken);
  }
  for (const std::string& text :
       {std::string("a"), std::string(":"), std::string(":b"), std::string("a:b\n"), std::string("a\0:b", 4),
        std::string("a:b\0", 4), std::string("a\x1B:b"), std::string("a\x7F:b"), std::string("a:\tb")}) {
    BOOST_TEST(in_basic(text) == invalid, text);
  }
}

BOOST_AUTO_TEST_CASE(users_and_passwords_are_bounded) {
  const std::string user(longest_user, 'u');
  const std::string password(longest_password, 'p');
  BOOST_TEST(in_basic(user + ":" + password) == user + " with " + password);
  BOOST_TEST(in_basic(user + "u:" + password) == invalid);
  BOOST_TEST(in_basic(user + ":" + password + "p") == invalid);
}

BOOST_AUTO_TEST_CASE(a_cookie_carries_a_bearer) {
  for (const char* value :
       {"session=abc", "a=b; session=abc", "session=abc; a=b", "a=b;session=abc;", "session=\"abc\"", "session = abc ",
        ";; session=abc", "session; session=abc", "=session; session=abc",
        "Session=x; session=abc; session2=y; xsession=z", "a=\"; session=abc"}) {
    BOOST_TEST(in_cookie(value) == "found abc", value);
  }
  BOOST_TEST(in_cookie("session=a=") == "found a=");
  for (const char* value :
       {"", "a=b", "session", "Session=abc", "session=", "session=\"\"", "a=session=abc", "sessio=n"}) {
    BOOST_TEST(in_cookie(value) == missing, value);
  }
  for (const char* value :
       {"session=abc; session=abc", "session=abc; session=", "session=\"abc", "session=abc\"", "session=\"",
        "session=a b", "session=a,b", "session=a%2B", "session==", "session=\"\"abc\"\""}) {
    BOOST_TEST(in_cookie(value) == invalid, value);
  }
}

BOOST_AUTO_TEST_CASE(cookies_may_stand_in_several_fields) {
  const Places places{{Kind::cookie, "session"}};
  BOOST_TEST(told(find_bearer(with({{"Cookie", "a=b"}, {"cookie", "session=abc"}}), {}, places)) == "found abc");
  BOOST_TEST(told(find_bearer(with({{"Cookie", "session=abc"}, {"Cookie", "session=abc"}}), {}, places)) == invalid);
  BOOST_TEST(told(find_bearer(with({{"Cookies", "session=abc"}}), {}, places)) == missing);
}

BOOST_AUTO_TEST_CASE(the_query_carries_a_bearer) {
  for (const char* query : {"token=abc", "a=b&token=abc", "&&token=abc&", "token=%61b%63", "%74oken=abc",
                            "token2=x&Token=y&token=abc", "token%3Dx=y&token=abc", "a=token&token=abc"}) {
    BOOST_TEST(in_query(query) == "found abc", query);
  }
  BOOST_TEST(in_query("token=a+b") == "found a+b");
  BOOST_TEST(in_query("token=a%2Bb%2fc%3D") == "found a+b/c=");
  BOOST_TEST(in_query("token=abc==") == "found abc==");
  for (const char* query : {"", "token", "token=", "Token=abc", "a=token=abc", "token%3Dabc", "to+ken=abc"}) {
    BOOST_TEST(in_query(query) == missing, query);
  }
  for (const char* query :
       {"token=abc&token=abc", "token=abc&token", "token=abc&%74oken=x", "token=a%20b", "token=a%00", "token=a%",
        "token=a%6", "token=a%6g", "%=x&token=abc", "token=a;b", "token=a%25%32%42"}) {
    BOOST_TEST(in_query(query) == invalid, query);
  }
}

BOOST_AUTO_TEST_CASE(a_subprotocol_carries_a_bearer) {
  BOOST_TEST(in_subprotocols({prefix + testing::base64url("abc"), "mqtt"}) == "found abc");
  BOOST_TEST(in_subprotocols({"mqtt", prefix + testing::base64url("a~+/b=")}) == "found a~+/b=");
  BOOST_TEST(in_subprotocols({}) == missing);
  BOOST_TEST(in_subprotocols({"mqtt", "base64url.bearer.authorization.k8s.io.YWJj", "x" + prefix + "YWJj"}) == missing);
  for (const char* text : {"", "Y", "YWJj=", "YWI=", "YWJ", "YW+j", "YW/j", "YWJj.YWJj", "YWJj ", "IA", "w6Q", "AA"}) {
    BOOST_TEST(in_subprotocols({prefix + text}) == invalid, text);
  }
  BOOST_TEST(in_subprotocols({prefix + "YWJj", "mqtt", prefix + "YWJk"}) == invalid);
}

BOOST_AUTO_TEST_CASE(a_bearer_is_of_8_kib_at_most_wherever_it_stands) {
  const std::string most(longest_bearer, 'a');
  const std::string more = most + "a";
  BOOST_TEST(in_authorization("Bearer " + most) == "found " + most);
  BOOST_TEST(in_authorization("Bearer " + more) == invalid);
  BOOST_TEST(in_cookie("session=" + more) == invalid);
  BOOST_TEST(in_query("token=" + most) == "found " + most);
  BOOST_TEST(in_query("token=" + more) == invalid);
  BOOST_TEST(in_subprotocols({prefix + testing::base64url(more)}) == invalid);
}

BOOST_AUTO_TEST_CASE(the_first_place_that_holds_one_decides) {
  const auto request = with({{"Authorization", "Bearer a"}, {"Cookie", "session=b; empty=; twice=x; twice=y"}});
  ws::Upgrade upgrade = offering({prefix + testing::base64url("d")});
  upgrade.target.query = "token=c";
  const config::CredentialPlace authorization{Kind::authorization, ""};
  const config::CredentialPlace cookie{Kind::cookie, "session"};
  const config::CredentialPlace empty{Kind::cookie, "empty"};
  const config::CredentialPlace twice{Kind::cookie, "twice"};
  const config::CredentialPlace query{Kind::query, "token"};
  const config::CredentialPlace subprotocol{Kind::subprotocol, ""};
  BOOST_TEST(told(find_bearer(request, upgrade, Places{authorization, cookie})) == "found a");
  BOOST_TEST(told(find_bearer(request, upgrade, Places{cookie, authorization})) == "found b");
  BOOST_TEST(told(find_bearer(request, upgrade, Places{empty, query, cookie})) == "found c");
  BOOST_TEST(told(find_bearer(request, upgrade, Places{subprotocol, twice})) == "found d");
  BOOST_TEST(told(find_bearer(request, upgrade, Places{twice, authorization})) == invalid);
  BOOST_TEST(told(find_bearer(request, upgrade, Places{empty})) == missing);
  BOOST_TEST(told(find_bearer(request, upgrade, Places{})) == missing);
}

BOOST_AUTO_TEST_CASE(credentials_are_no_offer_of_a_subprotocol) {
  ws::Upgrade upgrade = offering({"mqtt", prefix + "YWJj", "chat", prefix, prefix + "?"});
  BOOST_TEST(!remove_credentials(upgrade));
  BOOST_TEST(upgrade.subprotocols == (std::vector<std::string>{"mqtt", "chat"}), boost::test_tools::per_element());
  upgrade = offering({prefix + "YWJj"});
  BOOST_TEST(remove_credentials(upgrade));
  BOOST_TEST(upgrade.subprotocols.empty());
  BOOST_TEST(!remove_credentials(upgrade));
}

BOOST_AUTO_TEST_SUITE_END()
