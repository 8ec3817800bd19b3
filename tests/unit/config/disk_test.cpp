#include "config/disk.hpp"

#include "support/temporary_directory.hpp"

#include <filesystem>

#include <boost/test/unit_test.hpp>
#include <sys/stat.h>

using namespace drawbridge::config;
using drawbridge::testing::TemporaryDirectory;

namespace {

std::string refusal(const std::string& path) {
  std::string why;
  BOOST_TEST(!read_regular_file(path, why), "read: " << path);
  return why;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(disk)

BOOST_AUTO_TEST_CASE(a_file_is_read_with_its_mode) {
  const TemporaryDirectory directory;
  const std::string path = directory.write("a", std::string("x\0y", 3));
  BOOST_REQUIRE(::chmod(path.c_str(), 0640) == 0);
  std::string why;
  const auto content = read_regular_file(path, why);
  BOOST_REQUIRE_MESSAGE(content, why);
  BOOST_TEST(content->bytes == std::string("x\0y", 3));
  BOOST_TEST(content->mode == 0640U);
}

BOOST_AUTO_TEST_CASE(what_is_no_file_is_refused_at_once) {
  const TemporaryDirectory directory;
  BOOST_TEST(refusal(directory.path("none")) == "there is no such file");
  BOOST_TEST(refusal(directory.path("")) == "it is a directory");
  BOOST_TEST(refusal("/dev/zero") == "it is not a regular file");
  const std::string fifo = directory.path("fifo");
  BOOST_REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  BOOST_TEST(refusal(fifo) == "it is not a regular file");
}

BOOST_AUTO_TEST_CASE(a_mebibyte_is_the_most) {
  const TemporaryDirectory directory;
  std::string why;
  BOOST_TEST(read_regular_file(directory.write("most", std::string(largest_file, ' ')), why).has_value());
  BOOST_TEST(refusal(directory.write("more", std::string(largest_file + 1, ' '))) == "it is larger than 1 MiB");
}

BOOST_AUTO_TEST_CASE(patterns_give_paths_in_the_order_of_bytes) {
  const TemporaryDirectory directory;
  for (const char* name : {"b.yaml", "B.yaml", "a.yaml", "a.yaml~", ".hidden.yaml"}) directory.write(name, "");
  DiskFiles files;
  const std::vector<std::string> expected{directory.path("B.yaml"), directory.path("a.yaml"), directory.path("b.yaml")};
  const auto found = files.match(directory.path("*.yaml"));
  BOOST_TEST(found == expected, boost::test_tools::per_element());
  BOOST_TEST(files.match(directory.path("*.yml")).empty());
}

BOOST_AUTO_TEST_CASE(a_configuration_is_loaded_from_the_disk_with_what_it_includes) {
  const TemporaryDirectory directory;
  std::filesystem::create_directory(directory.path("[etc]"));
  // A directory's name is no pattern, whatever it looks like.
  const std::string main = directory.write("[etc]/main.yaml",
                                           "include: [ '*.part' ]\n"
                                           "listeners: [ { bind: 127.0.0.1:0 } ]\n");
  directory.write("[etc]/desk.part",
                  "routes:\n  - name: desk\n    path: /desk\n    origins: [ '*' ]\n"
                  "    backend: tcp://127.0.0.1:5900\n");
  const Loaded loaded = load(main);
  for (const auto& diagnostic : loaded.diagnostics) BOOST_ERROR(diagnostic.text());
  BOOST_REQUIRE(loaded.config.routes.size() == 1U);
  BOOST_TEST(loaded.config.routes[0].position.file == directory.path("[etc]/desk.part"));
}

BOOST_AUTO_TEST_SUITE_END()
