#include "auth/key_file.hpp"

#include "support/temporary_directory.hpp"

#include <boost/test/unit_test.hpp>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

using namespace drawbridge;

namespace {

using Texts = auth::KeyFile<std::string>;
using News = Texts::News;

// A content that begins with "bad" is no good.
std::shared_ptr<const std::string> parse(std::string_view bytes, std::string& why) {
  if (!bytes.starts_with("bad")) return std::make_shared<const std::string>(bytes);
  why = "it is bad";
  return nullptr;
}

// While it lives this process can open nothing.
class NoDescriptors {
 public:
  NoDescriptors() {
    getrlimit(RLIMIT_NOFILE, &before_);
    rlimit none = before_;
    none.rlim_cur = 0;
    setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit before_{};
};

}  // namespace

BOOST_TEST_DONT_PRINT_LOG_VALUE(News)

BOOST_AUTO_TEST_SUITE(key_file)

BOOST_AUTO_TEST_CASE(a_changed_file_is_read_and_a_bad_one_changes_nothing) {
  const testing::TemporaryDirectory directory;
  Texts file(directory.write("keys", "one"), parse);
  std::string why;
  BOOST_TEST((file.refresh(why) == News::fresh));
  BOOST_TEST((file.refresh(why) == News::none));
  directory.write("keys", "bad one");
  BOOST_TEST((file.refresh(why) == News::failed));
  BOOST_TEST(why == "it is bad");
  BOOST_TEST(!file.is_current());
  BOOST_TEST((file.refresh(why) == News::none));
  BOOST_TEST(!file.is_current());
  BOOST_TEST(*file.get() == "one");
  directory.write("keys", "two and more");
  BOOST_TEST((file.refresh(why) == News::fresh));
  BOOST_TEST(file.is_current());
  BOOST_TEST(*file.get() == "two and more");
}

BOOST_AUTO_TEST_CASE(a_file_that_went_away_is_told_of_once_and_its_last_content_holds) {
  const testing::TemporaryDirectory directory;
  Texts file(directory.write("keys", "one"), parse);
  std::string why;
  BOOST_TEST((file.refresh(why) == News::fresh));
  ::unlink(directory.path("keys").c_str());
  BOOST_TEST((file.refresh(why) == News::failed));
  BOOST_TEST((file.refresh(why) == News::none));
  BOOST_TEST(!file.is_current());
  BOOST_TEST(*file.get() == "one");
  directory.write("keys", "two");
  BOOST_TEST((file.refresh(why) == News::fresh));
}

BOOST_AUTO_TEST_CASE(a_file_that_comes_back_as_it_was_is_in_force_and_told_of_when_it_goes_again) {
  const testing::TemporaryDirectory directory;
  const std::string target = directory.write("target", "one");
  const std::string link = directory.path("keys");
  BOOST_REQUIRE(::symlink(target.c_str(), link.c_str()) == 0);
  Texts file(link, parse);
  std::string why;
  BOOST_TEST(!file.is_current());
  BOOST_TEST((file.refresh(why) == News::fresh));
  for (int i = 0; i < 2; ++i) {
    ::unlink(link.c_str());
    BOOST_TEST((file.refresh(why) == News::failed));
    BOOST_TEST(!file.is_current());
    BOOST_REQUIRE(::symlink(target.c_str(), link.c_str()) == 0);
    BOOST_TEST((file.refresh(why) == News::none));
    BOOST_TEST(file.is_current());
  }
}

BOOST_AUTO_TEST_CASE(a_change_that_came_while_no_descriptor_was_left_is_not_missed) {
  const testing::TemporaryDirectory directory;
  Texts file(directory.write("revoked", "nobody"), parse);
  std::string why;
  BOOST_TEST((file.refresh(why) == News::fresh));
  directory.write("revoked", "identity alice");
  {
    const NoDescriptors flood;
    BOOST_TEST((file.refresh(why) == News::failed));
    BOOST_TEST((file.refresh(why) == News::none));  // told once
  }
  BOOST_TEST((file.refresh(why) == News::fresh));
  BOOST_TEST(*file.get() == "identity alice");
}

BOOST_AUTO_TEST_SUITE_END()
