#include "daemon/revocation_store.hpp"

#include "support/temporary_directory.hpp"

#include <fstream>
#include <iterator>

#include <boost/test/unit_test.hpp>

using namespace drawbridge;
using daemon::RevocationStore;

namespace {

class Lines : public net::Log {
 public:
  config::Log settings() const override { return {}; }
  std::string all;

 protected:
  void put(drawbridge::LogLevel /*level*/, std::string line) override { all += line + "\n"; }
};

bool revokes(const RevocationStore& store, const std::string& identity, const std::string& token = "") {
  auth::Principal who;
  who.identity = identity;
  who.token_id = token;
  const auto all = store.get();
  return all && all->revoked(who);
}

std::string line(std::string_view kind, std::string_view name) {
  std::string why;
  return RevocationStore::line(kind, name, why);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(revocation_store)

BOOST_AUTO_TEST_CASE(what_was_named_outlives_a_restart) {
  const testing::TemporaryDirectory directory;
  const std::string state = directory.path("state");
  Lines log;
  {
    RevocationStore store(state, log);
    store.restore();
    BOOST_TEST(!store.get());
    BOOST_TEST(store.add(line("identity", "alice o'hara")) == "");
    BOOST_TEST(store.add(line("token", "t-1")) == "");
    BOOST_TEST(store.add(line("token", "t-2")) == "");
    BOOST_TEST(store.remove(line("token", "t-2")) == "");
    BOOST_TEST(store.remove(line("token", "t-3")) == "");
  }
  RevocationStore store(state, log);
  store.restore();
  BOOST_TEST(revokes(store, "alice o'hara"));
  BOOST_TEST(revokes(store, "bob", "t-1"));
  BOOST_TEST(!revokes(store, "bob", "t-2"));
  BOOST_TEST(store.lines().size() == 2U);
  BOOST_TEST(log.all == "");
}

BOOST_AUTO_TEST_CASE(it_moves_and_finds_who_is_revoked_there) {
  const testing::TemporaryDirectory directory;
  Lines log;
  {
    RevocationStore there(directory.path("there"), log);
    BOOST_TEST(there.add(line("identity", "bob")) == "");
  }
  RevocationStore store(directory.path("here"), log);
  BOOST_TEST(store.add(line("identity", "alice")) == "");
  store.move_to(directory.path("there"));
  BOOST_TEST(revokes(store, "alice"));
  BOOST_TEST(revokes(store, "bob"));
  RevocationStore next(directory.path("there"), log);
  next.restore();
  BOOST_TEST(revokes(next, "alice"));
  BOOST_TEST(revokes(next, "bob"));
  BOOST_TEST(log.all == "");
  store.move_to(directory.path("missing/below"));
  BOOST_TEST(log.all.find("\"event\":\"revocations_not_kept\"") != std::string::npos, log.all);
  BOOST_TEST(revokes(store, "alice"));
}

BOOST_AUTO_TEST_CASE(it_adds_to_the_configurations_file) {
  const testing::TemporaryDirectory directory;
  Lines log;
  config::Config config;
  config.revocations = directory.write("revoked.txt", "identity bob\n");
  std::vector<config::Diagnostic> errors;
  RevocationStore store("", log);
  store.use(RevocationStore::open(config, "", errors));
  BOOST_TEST(store.add(line("identity", "alice")).starts_with("there is no directory to keep it in"));
  BOOST_TEST(revokes(store, "alice"));
  BOOST_TEST(revokes(store, "bob"));
  BOOST_TEST(!store.refresh());
  directory.write("revoked.txt", "identity carol\n# and some more, so that its size differs\n");
  BOOST_TEST(store.refresh());
  BOOST_TEST(!revokes(store, "bob"));
  BOOST_TEST(revokes(store, "carol"));
  BOOST_TEST(revokes(store, "alice"));
  config.revocations = directory.write("wrong.txt", "nonsense\n");
  BOOST_TEST(!RevocationStore::open(config, "", errors));
  BOOST_TEST(errors.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_no_good_is_left_alone) {
  const testing::TemporaryDirectory directory;
  directory.write("revoked", "identiti alice\n");
  const std::string state = directory.path("");
  Lines log;
  RevocationStore store(state, log);
  store.restore();
  BOOST_TEST(log.all.find("revocations_not_restored") != std::string::npos, log.all);
  BOOST_TEST(store.add(line("identity", "bob")).find("is left as it is") != std::string::npos);
  BOOST_TEST(revokes(store, "bob"));
  std::ifstream file(directory.path("revoked"));
  const std::string kept{std::istreambuf_iterator<char>(file), {}};
  BOOST_TEST(kept == "identiti alice\n");
}

BOOST_AUTO_TEST_CASE(a_name_that_could_not_stand_in_the_file_is_refused) {
  BOOST_TEST(line("identity", "alice") == "identity alice");
  BOOST_TEST(line("identity", "#alice") == "identity #alice");
  for (const std::string& name : {std::string(), std::string(" alice"), std::string("alice "), std::string("a\nb"),
                                  std::string("a\x01b"), std::string(257, 'a')}) {
    BOOST_TEST(line("identity", name) == "", name);
  }
  BOOST_TEST(line("user", "alice") == "");
}

BOOST_AUTO_TEST_SUITE_END()
