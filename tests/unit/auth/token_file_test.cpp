#include "auth/token_file.hpp"

#include "support/process.hpp"

#include <boost/test/unit_test.hpp>
#include <openssl/evp.h>

using namespace drawbridge;
using namespace drawbridge::auth;

namespace {

constexpr UnixSeconds now = 1'800'000'000;  // 2027-01-15T08:00:00Z
const std::string token = "oBLnVXTsIe8ZhJUDHVgVYlLYOT7fNfZ0Q9SZNAg5cz4=";

std::string hash_of(const std::string& text) {
  std::string digest(32, '\0');
  BOOST_REQUIRE(EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(digest.data()), nullptr,
                           EVP_sha256(), nullptr) == 1);
  std::string out = "sha256:";
  for (const char byte : digest) {
    for (const unsigned shift : {4U, 0U})
      out.push_back("0123456789abcdef"[(static_cast<unsigned>(byte) >> shift) & 15U]);
  }
  return out;
}

std::unique_ptr<TokenFile> parsed(const std::string& text) {
  std::string why;
  auto file = TokenFile::parse(text, why);
  BOOST_REQUIRE_MESSAGE(file, why);
  return file;
}

Result<Principal> checked(const TokenFile& file, const std::string& bearer, UnixSeconds at = now) {
  std::string why;
  auto principal = file.check(bearer, at, why);
  BOOST_TEST(principal.has_value() == why.empty());
  BOOST_TEST((why.empty() || why.find(bearer) == std::string::npos));
  return principal;
}

std::string refusal(const std::string& text) {
  std::string why;
  BOOST_TEST(!TokenFile::parse(text, why), "parsed: " << text);
  return why;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(token_file)

BOOST_AUTO_TEST_CASE(a_token_names_its_bearer) {
  const auto file =
      parsed("# probes\n" + hash_of(token) + " alice\n" + hash_of("another token of some length") + " bob");
  const auto alice = checked(*file, token);
  BOOST_TEST_REQUIRE(alice.has_value());
  BOOST_TEST(alice->identity == "alice");
  BOOST_TEST(alice->token_id.empty());
  BOOST_TEST(!alice->expires.has_value());
  BOOST_TEST(!alice->backend.has_value());
  BOOST_TEST(checked(*file, "another token of some length")->identity == "bob");
}

BOOST_AUTO_TEST_CASE(options_stand_in_any_order) {
  const auto file =
      parsed(hash_of(token) + "\talice  id=laptop backend=tcp://10.0.0.5:5900 expires=2027-01-31T00:00:00Z");
  const auto alice = checked(*file, token);
  BOOST_TEST_REQUIRE(alice.has_value());
  BOOST_TEST(alice->token_id == "laptop");
  BOOST_TEST(*alice->backend == "tcp://10.0.0.5:5900");
  BOOST_TEST(*alice->expires == 1'801'353'600);
}

BOOST_AUTO_TEST_CASE(the_commands_of_the_header_make_a_line) {
  const auto made = testing::run({"/bin/sh", "-c",
                                  "TOKEN=$(openssl rand -base64 32); echo \"$TOKEN\"; "
                                  "printf 'sha256:'; printf %s \"$TOKEN\" | sha256sum | sed 's/ .*/ alice/'"});
  BOOST_REQUIRE_MESSAGE(made.code == 0, made.error);
  const auto end = made.output.find('\n');
  const auto file = parsed(made.output.substr(end + 1));
  BOOST_TEST(checked(*file, made.output.substr(0, end))->identity == "alice");
}

BOOST_AUTO_TEST_CASE(other_tokens_are_invalid) {
  const auto file = parsed(hash_of(token) + " alice\n" + hash_of("fifteen bytes..") + " bob\n" + hash_of("") +
                           " eve\n" + hash_of("sixteen bytes...") + " carol\n");
  for (const std::string& other : {token + " ", token.substr(1), hash_of(token), hash_of(token).substr(7),
                                   std::string("fifteen bytes.."), std::string()}) {
    std::string why;
    BOOST_TEST((file->check(other, now, why).error() == Reason::credential_invalid), other);
    BOOST_TEST(!why.empty());
  }
  BOOST_TEST(checked(*file, "sixteen bytes...")->identity == "carol");
  BOOST_TEST((checked(*parsed(""), token).error() == Reason::credential_invalid));
}

BOOST_AUTO_TEST_CASE(a_token_ends_at_its_second) {
  const auto file = parsed(hash_of(token) + " alice expires=2027-01-15T08:00:00Z");
  BOOST_TEST(checked(*file, token, now - 1).has_value());
  BOOST_TEST((checked(*file, token, now).error() == Reason::credential_expired));
  BOOST_TEST((checked(*file, token, now + 1).error() == Reason::credential_expired));
}

BOOST_AUTO_TEST_CASE(hashes_are_read_in_either_case) {
  std::string line = hash_of(token);
  for (char& c : line) {
    if (c >= 'a' && c <= 'f') c = static_cast<char>(c - ('a' - 'A'));
  }
  line.replace(0, 7, "sha256:");
  BOOST_TEST(checked(*parsed(line + " alice"), token)->identity == "alice");
}

BOOST_AUTO_TEST_CASE(a_line_without_a_hash_is_named_but_not_told) {
  const std::string hash = hash_of(token);
  const std::string digits = hash.substr(7);
  for (const std::string& line :
       {token, token + " alice", digits + " alice", "sha256: " + digits, "sha256:" + digits.substr(1) + " alice",
        hash + "0 alice", hash.substr(0, 70) + "g alice", "SHA256:" + digits + " alice", "sha1:" + digits + " alice",
        "alice " + hash}) {
    BOOST_TEST(refusal("\n" + line) ==
               "line 2: it must begin with sha256: and the 64 hexadecimal digits of a token's hash");
  }
}

BOOST_AUTO_TEST_CASE(what_stands_behind_the_hash_is_judged) {
  const std::string longest(256, 'a');
  const std::string identity = "line 1: an identity of 1 to 256 bytes must stand behind the hash";
  const std::string backend = "line 1: `backend` is not tcp://host:port";
  const std::string expires = "line 1: `expires` is no time such as 2027-01-31T00:00:00Z";
  const std::string id = "line 1: `id` is not of 1 to 256 bytes";
  const std::string unknown = "line 1: behind the identity stand only expires=, backend= and id=";
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", identity},
      {longest + "a", identity},
      {"expires=2027-01-31T00:00:00Z", identity},
      {"id=laptop alice", identity},
      {"alice bob", unknown},
      {"alice Expires=2027-01-31T00:00:00Z", unknown},
      {"alice expires 2027-01-31T00:00:00Z", expires},
      {"alice # laptop", unknown},
      {"alice expires=", expires},
      {"alice expires=2027-01-31", expires},
      {"alice expires=2027-01-31T00:00:00Z expires=2028-01-31T00:00:00Z", "line 1: `expires` stands twice"},
      {"alice backend=", backend},
      {"alice backend=10.0.0.5:5900", backend},
      {"alice backend=tcp://10.0.0.5", backend},
      {"alice backend=tcp://10.0.0.5:0", backend},
      {"alice backend=tcp://10.0.0.5:65536", backend},
      {"alice backend=tcp://10.0.0.5:5900/", backend},
      {"alice backend=echo:", backend},
      {"alice backend=tcp://a:1 backend=tcp://b:1", "line 1: `backend` stands twice"},
      {"alice id=", id},
      {"alice id=" + longest + "a", id},
      {"alice id=a id=b", "line 1: `id` stands twice"},
  };
  for (const auto& [words, why] : cases) BOOST_TEST(refusal(hash_of(token) + " " + words) == why, words);
  parsed(hash_of(token) + " " + longest + " id=" + longest + " backend=tcp://[::1]:1");
}

BOOST_AUTO_TEST_CASE(a_hash_and_an_id_stand_once) {
  BOOST_TEST(refusal(hash_of(token) + " alice\n" + hash_of(token) + " bob") ==
             "line 2: another line has the same hash");
  BOOST_TEST(refusal(hash_of("a") + " alice id=1\n\n" + hash_of("b") + " bob id=1") ==
             "line 3: another line has the same id");
  parsed(hash_of("a") + " alice id=1\n" + hash_of("b") + " alice id=2\n" + hash_of("c") + " alice\n");
}

BOOST_AUTO_TEST_CASE(times_are_utc_and_whole) {
  BOOST_TEST(parse_timestamp("1970-01-01T00:00:00Z").value() == 0);
  BOOST_TEST(parse_timestamp("1970-01-02T03:04:05Z").value() == 97'445);
  BOOST_TEST(parse_timestamp("2024-02-29T23:59:59Z").value() == 1'709'251'199);
  BOOST_TEST(parse_timestamp("2027-01-15T08:00:00Z").value() == now);
  BOOST_TEST(parse_timestamp("9999-12-31T23:59:59Z").value() == 253'402'300'799);
  for (const char* text : {"",
                           "2027-01-31",
                           "2027-01-31T00:00:00",
                           "2027-01-31t00:00:00Z",
                           "2027-01-31T00:00:00z",
                           "2027-01-31 00:00:00Z",
                           "2027-01-31T00:00:00.0Z",
                           "2027-01-31T00:00:00+00:00",
                           "2027-1-31T00:00:00Z",
                           "2027-02-29T00:00:00Z",
                           "2100-02-29T00:00:00Z",
                           "2027-04-31T00:00:00Z",
                           "2027-00-10T00:00:00Z",
                           "2027-13-10T00:00:00Z",
                           "2027-01-00T00:00:00Z",
                           "2027-01-32T00:00:00Z",
                           "2027-01-31T24:00:00Z",
                           "2027-01-31T00:60:00Z",
                           "2027-01-31T23:59:60Z",
                           "1969-12-31T23:59:59Z",
                           "0000-01-01T00:00:00Z",
                           "12027-01-31T00:00:00Z",
                           "+027-01-31T00:00:00Z",
                           "2027-01-31T-1:00:00Z",
                           "2027-01-31T00:00:00Zx",
                           " 2027-01-31T00:00:00Z"}) {
    BOOST_TEST(!parse_timestamp(text).has_value(), text);
  }
}

BOOST_AUTO_TEST_SUITE_END()
