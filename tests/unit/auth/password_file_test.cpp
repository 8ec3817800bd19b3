#include "auth/password_file.hpp"

#include "support/process.hpp"
#include "support/temporary_directory.hpp"

#include <array>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <crypt.h>

using namespace drawbridge;
using namespace drawbridge::auth;

namespace {

// Well formed, of no known password.
const std::string bcrypt_form = "$2y$05$" + std::string(53, 'a');
const std::string sha512_form = "$6$saltsalt$" + std::string(86, 'a');
const std::string sha256_form = "$5$saltsalt$" + std::string(43, 'a');
const std::string yescrypt_form = "$y$j9T$saltsaltsaltsaltsalta1$" + std::string(43, 'a');

std::string output_of(const std::vector<std::string>& command) {
  const auto made = testing::run(command);
  BOOST_REQUIRE_MESSAGE(made.code == 0, made.error);
  return made.output.substr(0, made.output.find('\n'));
}

std::unique_ptr<PasswordFile> parsed(const std::string& text) {
  std::string why;
  auto file = PasswordFile::parse(text, why);
  BOOST_REQUIRE_MESSAGE(file, why);
  return file;
}

std::string refusal(const std::string& text) {
  std::string why;
  BOOST_TEST(!PasswordFile::parse(text, why), "parsed: " << text);
  return why;
}

// As a system's tools write it into /etc/shadow.
std::string hashed(const std::string& password, const char* prefix, unsigned long cost) {
  std::array<char, CRYPT_GENSALT_OUTPUT_SIZE> setting{};
  const auto memory = std::make_unique<crypt_data>();
  BOOST_REQUIRE(::crypt_gensalt_rn(prefix, cost, nullptr, 0, setting.data(), setting.size()) != nullptr);
  const char* const hash = ::crypt_rn(password.c_str(), setting.data(), memory.get(), sizeof(crypt_data));
  BOOST_REQUIRE(hash != nullptr);
  return hash;
}

void expect_password(const std::string& hash, const std::string& password) {
  const auto file = parsed("alice:" + hash + "\n");
  BOOST_REQUIRE(file->hash_of("alice") != nullptr);
  BOOST_TEST(*file->hash_of("alice") == hash);
  BOOST_TEST(password_matches(password, hash), hash);
  for (const std::string& wrong : {password + "x", password.substr(1), std::string(), password + '\0'}) {
    BOOST_TEST(!password_matches(wrong, hash), hash);
  }
  BOOST_TEST(!password_matches(password, file->decoy()));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(password_file)

BOOST_AUTO_TEST_CASE(holds_what_htpasswd_writes) {
  const testing::TemporaryDirectory directory;
  const std::string path = directory.path("users");
  const std::string euro = "100 \xE2\x82\xAC: ja";
  output_of({"/usr/bin/htpasswd", "-cbB", "-C", "4", path, "alice", "correct horse"});
  output_of({"/usr/bin/htpasswd", "-bB", path, "bob", euro});
  output_of({"/usr/bin/htpasswd", "-b5", path, "carol", "battery"});  // SHA-512
  std::ifstream stream(path);
  const auto file = parsed({std::istreambuf_iterator<char>(stream), {}});
  BOOST_REQUIRE((file->hash_of("alice") && file->hash_of("bob") && file->hash_of("carol")));
  BOOST_TEST(file->hash_of("alice")->starts_with("$2y$04$"));
  BOOST_TEST(password_matches("correct horse", *file->hash_of("alice")));
  BOOST_TEST(!password_matches("correct horse", *file->hash_of("bob")));
  BOOST_TEST(password_matches(euro, *file->hash_of("bob")));
  BOOST_TEST(password_matches("battery", *file->hash_of("carol")));
  BOOST_TEST(!file->hash_of("dave"));
  BOOST_TEST(!file->hash_of("Alice"));
  BOOST_TEST(!file->hash_of(""));
}

BOOST_AUTO_TEST_CASE(holds_what_other_tools_write) {
  for (const char* kind : {"-5", "-6"})
    expect_password(output_of({"/usr/bin/openssl", "passwd", kind, "correct horse"}), "correct horse");
  for (const char* prefix : {"$2a$", "$2b$", "$2y$"})
    expect_password(hashed("correct horse", prefix, 4), "correct horse");
  for (const char* prefix : {"$5$", "$6$"}) expect_password(hashed("correct horse", prefix, 1'234), "correct horse");
  for (const char* prefix : {"$y$", "$gy$"}) {
    for (const unsigned long cost : {0U, 1U, 2U, 3U, 4U, 5U, 6U})
      expect_password(hashed("correct horse", prefix, cost), "correct horse");
  }
}

BOOST_AUTO_TEST_CASE(comments_and_other_fields_are_no_hash) {
  const auto file = parsed("# users\n\nalice:" + bcrypt_form + "\r\n  # bob:x\n");
  BOOST_TEST(*file->hash_of("alice") == bcrypt_form);
  BOOST_TEST(!file->hash_of("# bob"));
  BOOST_TEST(refusal("alice:" + bcrypt_form + ":admin").starts_with("line 1: "));
}

BOOST_AUTO_TEST_CASE(weak_hashes_are_refused_with_their_line) {
  const std::string plain = "it is plain text, or a hash that is too weak or unknown; use htpasswd -B";
  const std::string md5 = "the hash is MD5, which is too weak; use htpasswd -B";
  const std::string sha1 = "the hash is SHA-1 without salt, which is too weak; use htpasswd -B";
  const std::vector<std::pair<std::vector<std::string>, std::string>> tools{
      {{"/usr/bin/htpasswd", "-nbp", "bob", "secret"}, plain},
      {{"/usr/bin/htpasswd", "-nbd", "bob", "secret"}, plain},
      {{"/usr/bin/htpasswd", "-nbm", "bob", "secret"}, md5},
      {{"/usr/bin/htpasswd", "-nbs", "bob", "secret"}, sha1},
  };
  for (const auto& [command, why] : tools) {
    BOOST_TEST(refusal("alice:" + bcrypt_form + "\n" + output_of(command)) == "line 2: " + why, command[1]);
  }
  BOOST_TEST(refusal("bob:" + output_of({"/usr/bin/openssl", "passwd", "-1", "secret"})) == "line 1: " + md5);
  for (const char* kind : {"$sha1", "$md5"}) {
    BOOST_TEST(refusal("bob:" + hashed("secret", kind, 0)) == "line 1: " + plain, kind);
  }
  for (const std::string& hash :
       {"$2x$" + bcrypt_form.substr(4), "$2$" + bcrypt_form.substr(4), std::string(), std::string("{SSHA}YWJj"),
        std::string("$7$CU..../....salt$digest"), std::string("$3$$8846f7eaee8fb117ad06bdd830b7586c"), std::string("*"),
        std::string("!") + sha512_form, std::string(" ") + bcrypt_form}) {
    BOOST_TEST(refusal("bob:" + hash) == "line 1: " + plain, hash);
  }
}

BOOST_AUTO_TEST_CASE(broken_hashes_are_refused) {
  const std::string bcrypt = "line 1: the bcrypt hash is broken";
  const std::string cost = "line 1: the cost of bcrypt is not 4 to 14; make it anew with htpasswd -B -C 10";
  const std::string sha = "line 1: the SHA-crypt hash is broken";
  const std::string rounds = "line 1: the rounds of SHA-crypt are not 1000 to 700000";
  const std::string yescrypt = "line 1: the yescrypt hash is broken";
  const std::string parameters = "line 1: the parameters of yescrypt are none of its costs 1 to 8";
  const std::string a53(53, 'a');
  const std::string a43(43, 'a');
  const std::string a86(86, 'a');
  const std::vector<std::pair<std::string, std::string>> cases{
      {"$2y$", bcrypt},
      {"$2y$05$" + a53 + "a", bcrypt},
      {"$2y$05$" + a53.substr(1), bcrypt},
      {"$2y$05$" + a53.substr(1) + "+", bcrypt},
      {"$2y$05$" + a53.substr(1) + " ", bcrypt},
      {"$2y$5$a" + a53, bcrypt},
      {"$2y$03$" + a53, cost},
      {"$2y$15$" + a53, cost},
      {"$2y$31$" + a53, cost},
      {"$2y$+9$" + a53, cost},
      {"$2y$9 $" + a53, cost},
      {"$6$", sha},
      {"$6$salt", sha},
      {"$6$salt$", sha},
      {"$6$$" + a86, sha},
      {"$6$saltsaltsaltsalt1$" + a86, sha},
      {"$6$salt$" + a43, sha},
      {"$5$salt$" + a86, sha},
      {"$5$sa*t$" + a43, sha},
      {"$5$salt$" + a43 + "$", sha},
      {"$5$rounds=$salt$" + a43, sha},
      {"$5$rounds=05000$salt$" + a43, sha},
      {"$5$rounds=5000x$salt$" + a43, sha},
      {"$5$rounds=99999999999$salt$" + a43, sha},
      {"$5$rounds=5000$" + a43, sha},
      {"$5$rounds=999$salt$" + a43, rounds},
      {"$5$rounds=700001$salt$" + a43, rounds},
      {"$6$rounds=999999999$salt$" + a86, rounds},
      {"$y$", yescrypt},
      {"$y$j9T$$" + a43, yescrypt},
      {"$y$j9T$salt$" + a43 + "a", yescrypt},
      {"$y$j9T$salt$salt$" + a43, yescrypt},
      {"$y$j9T$" + a86 + "a$" + a43, yescrypt},
      {"$y$$salt$" + a43, parameters},
      {"$y$jDT$salt$" + a43, parameters},
      {"$y$jFT$salt$" + a43, parameters},
      {"$y$j9T5$salt$" + a43, parameters},
      {"$gy$jDT$salt$" + a43, parameters},
  };
  for (const auto& [hash, why] : cases) BOOST_TEST(refusal("alice:" + hash) == why, hash);
  for (const std::string& hash :
       {"$2a$04$" + a53, "$2b$14$" + a53, "$5$rounds=1000$s$" + a43, "$6$rounds=700000$saltsaltsaltsalt$" + a86,
        "$y$jCT$s$" + a43, "$gy$j75$" + a86 + "$" + a43}) {
    parsed("alice:" + hash);
  }
}

BOOST_AUTO_TEST_CASE(users_are_named_once_and_can_be_asked_for) {
  const std::string user = "it must begin with a user of 1 to 256 bytes and a colon, without blanks around the user";
  for (const std::string& name :
       {std::string(), std::string("alice "), std::string("alice\t"), std::string(257, 'a')}) {
    BOOST_TEST(refusal(name + ":" + bcrypt_form) == "line 1: " + user, name);
  }
  parsed(std::string(256, 'a') + ":" + bcrypt_form);
  parsed("Alice the 1st:" + bcrypt_form + "\nalice the 1st:" + bcrypt_form);
  BOOST_TEST(refusal("alice:" + bcrypt_form + "\n#\nalice:" + sha512_form) == "line 3: the same user stands above");
  BOOST_TEST(refusal("alice").starts_with("line 1: "));
}

BOOST_AUTO_TEST_CASE(ten_thousand_users_are_the_most) {
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += std::to_string(i) + ":" + bcrypt_form + "\n";
  BOOST_TEST(parsed(text)->hash_of("9999") != nullptr);
  BOOST_TEST(refusal(text + "one:" + bcrypt_form) == "line 10001: there are more than 10000 users");
}

BOOST_AUTO_TEST_CASE(the_decoy_is_of_the_kind_and_cost_that_most_users_have) {
  const std::string bcrypt = "$2y$05$" + std::string(22, 'a') + std::string(31, '.');
  BOOST_TEST(parsed("a:" + bcrypt_form)->decoy() == bcrypt);
  BOOST_TEST(parsed("a:" + sha512_form)->decoy() == "$6$saltsalt$" + std::string(86, '.'));
  BOOST_TEST(parsed("a:" + sha256_form)->decoy() == "$5$saltsalt$" + std::string(43, '.'));
  BOOST_TEST(parsed("a:" + yescrypt_form)->decoy() == "$y$j9T$saltsaltsaltsaltsalta1$" + std::string(43, '.'));
  BOOST_TEST(parsed("a:" + sha512_form + "\nb:" + bcrypt_form + "\nc:" + bcrypt_form)->decoy() == bcrypt);
  // Other costs are other kinds; the other letters of bcrypt and SHA-crypt's 5000 rounds, said or not, are none.
  const std::string costly = "$2y$06$" + std::string(53, 'a');
  BOOST_TEST(
      parsed("a:" + costly + "\nb:" + bcrypt_form + "\nc:$2b$05$" + std::string(53, 'a'))->decoy().substr(4, 2) ==
      "05");
  BOOST_TEST(
      parsed("a:" + bcrypt_form + "\nb:" + sha256_form + "\nc:$5$rounds=5000$s$" + std::string(43, 'a'))->decoy() ==
      "$5$rounds=5000$s$" + std::string(43, '.'));
}

BOOST_AUTO_TEST_CASE(the_decoy_takes_as_long_as_a_hash) {
  // It is computed to the end: a setting that crypt refuses would be no work at all.
  const auto memory = std::make_unique<crypt_data>();
  for (const std::string& text :
       {std::string(), "a:" + bcrypt_form, "a:" + sha512_form, "a:" + hashed("x", "$y$", 1)}) {
    const std::string decoy = parsed(text)->decoy();
    const char* const computed = ::crypt_rn("x", decoy.c_str(), memory.get(), sizeof(crypt_data));
    BOOST_REQUIRE_MESSAGE(computed != nullptr, decoy);
    BOOST_TEST(std::string(computed).size() == decoy.size());
    BOOST_TEST(!password_matches("x", decoy));
  }
}

BOOST_AUTO_TEST_CASE(bcrypt_takes_no_password_that_it_reads_in_part) {
  const std::string longest(72, 'x');
  const std::string hash = hashed(longest, "$2b$", 4);
  BOOST_TEST(password_matches(longest, hash));
  BOOST_TEST(!password_matches(longest + "y", hash));
  const std::string sha = hashed(longest + "y", "$5$", 1'000);
  BOOST_TEST(password_matches(longest + "y", sha));
  BOOST_TEST(!password_matches(longest + "z", sha));
  BOOST_TEST(!password_matches(std::string(100'000, 'x'), sha));
}

BOOST_AUTO_TEST_CASE(what_is_no_hash_matches_nothing) {
  for (const char* hash : {"", "*", "*0", "*1", "x", "$2y$", "$y$"}) {
    BOOST_TEST(!password_matches("", hash), hash);
    BOOST_TEST(!password_matches("x", hash), hash);
  }
}

BOOST_AUTO_TEST_CASE(threads_check_at_once) {
  const std::string hash = hashed("correct horse", "$2b$", 4);
  std::array<int, 4> right{};
  std::vector<std::thread> threads;
  for (int& count : right) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) {
        count += password_matches("correct horse", hash) && !password_matches(std::to_string(i), hash) ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const int count : right) BOOST_TEST(count == 20);
}

BOOST_AUTO_TEST_SUITE_END()
