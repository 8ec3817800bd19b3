#include "unit/config/memory_files.hpp"

#include <boost/test/unit_test.hpp>

using namespace drawbridge::config;

namespace {

std::string route(std::string_view name) {
  return "routes: [ { name: " + std::string(name) + ", path: /" + std::string(name) +
         ", origins: [ '*' ], backend: 'tcp://b:1' } ]\n";
}

constexpr std::string_view listeners = "listeners: [ { bind: 127.0.0.1:1 } ]\n";

Loaded load_files(std::map<std::string, std::string> all) {
  MemoryFiles files(std::move(all));
  return load("/etc/main.yaml", files);
}

std::string including(std::string_view patterns) {
  return "include: [ " + std::string(patterns) + " ]\n" + std::string(listeners) + route("main");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(include)

BOOST_AUTO_TEST_CASE(adds_routes_and_listeners_relative_to_each_file) {
  const Loaded loaded = load_files({
      {"/etc/main.yaml", "include: [ conf.d/*.yaml ]\n" + std::string(listeners)},
      {"/etc/conf.d/b.yaml", route("b") + "listeners:\n"
                                          "  - bind: '*:2'\n"
                                          "    tls: { certificates: [ { chain: c.pem, key: ../k.pem } ] }\n"},
      {"/etc/conf.d/a.yaml", "include: [ more/c.part ]\n" + route("a")},
      {"/etc/conf.d/more/c.part", route("c") + "listeners: [ { bind: unix:s } ]\n"},
  });
  BOOST_REQUIRE_MESSAGE(loaded.valid(), told(loaded));
  std::string names;
  for (const Route& route : loaded.config.routes) names += route.name + " ";
  BOOST_TEST(names == "a c b ");
  BOOST_REQUIRE(loaded.config.listeners.size() == 3U);
  BOOST_TEST(loaded.config.listeners[1].bind.path == "/etc/conf.d/more/s");
  const Certificate& certificate = loaded.config.listeners[2].tls.value().certificates.at(0);
  BOOST_TEST(certificate.chain == "/etc/conf.d/c.pem");
  BOOST_TEST(certificate.key == "/etc/conf.d/../k.pem");
  BOOST_TEST(certificate.position.file == "/etc/conf.d/b.yaml");
}

BOOST_AUTO_TEST_CASE(of_a_pattern_may_match_nothing_but_a_name_must_exist) {
  BOOST_TEST(told(load_files({{"/etc/main.yaml", including("conf.d/*.yaml")}})) == "");
  BOOST_TEST(told(load_files({{"/etc/main.yaml", including("a.yaml, conf.d/*.yaml, b.yaml")}})) ==
             "1:12: cannot read `/etc/a.yaml`: there is no such file\n"
             "1:35: cannot read `/etc/b.yaml`: there is no such file\n");
}

BOOST_AUTO_TEST_CASE(of_the_same_file_counts_once) {
  const Loaded loaded =
      load_files({{"/etc/main.yaml", including("a.yaml, ./a.yaml, '*.yaml'")}, {"/etc/a.yaml", route("a")}});
  BOOST_TEST(told(loaded) ==
             "1:30: the include of `/etc/main.yaml` goes round in a circle: /etc/main.yaml, /etc/main.yaml\n");
  BOOST_TEST(loaded.config.routes.size() == 2U);
}

BOOST_AUTO_TEST_CASE(in_a_circle_is_an_error) {
  BOOST_TEST(told(load_files({{"/etc/main.yaml", including("a.yaml")},
                              {"/etc/a.yaml", "include: [ b.yaml ]\n" + route("a")},
                              {"/etc/b.yaml", "include: [ x/../a.yaml ]\n" + route("b")}})) ==
             "/etc/b.yaml:1:12: the include of `/etc/x/../a.yaml` goes round in a circle: /etc/main.yaml, /etc/a.yaml, "
             "/etc/b.yaml, /etc/x/../a.yaml\n");
}

BOOST_AUTO_TEST_CASE(nests_only_so_deep) {
  std::map<std::string, std::string> files{{"/etc/main.yaml", including("1.yaml")}};
  for (int i = 1; i <= 17; ++i) {
    files["/etc/" + std::to_string(i) + ".yaml"] = "include: [ " + std::to_string(i + 1) + ".yaml ]\n";
  }
  BOOST_TEST(told(load_files(files)) == "/etc/16.yaml:1:12: includes nest more than 16 deep\n");
}

BOOST_AUTO_TEST_CASE(takes_only_routes_and_listeners) {
  BOOST_TEST(told(load_files({{"/etc/main.yaml", including("a.yaml")},
                              {"/etc/a.yaml", "limits: { head: 5KB }\nrouts: []\nlog:\n" + route("a")}})) ==
             "/etc/a.yaml:1:1: `limits` belongs in the main file; an included one gives listeners and routes\n"
             "/etc/a.yaml:2:1: unknown key `routs`; did you mean `routes`?\n"
             "/etc/a.yaml:3:1: `log` belongs in the main file; an included one gives listeners and routes\n");
}

BOOST_AUTO_TEST_CASE(of_an_empty_file_is_only_suspicious) {
  const Loaded loaded = load_files({{"/etc/main.yaml", including("a.yaml")}, {"/etc/a.yaml", "# nothing yet\n"}});
  BOOST_TEST(told(loaded) == "/etc/a.yaml:1:1: warning: the file is empty\n");
  BOOST_TEST(loaded.valid());
}

BOOST_AUTO_TEST_CASE(errors_come_in_the_order_of_files_and_name_the_other_one) {
  BOOST_TEST(told(load_files({{"/etc/main.yaml", including("z.yaml, a.yaml") + "workers: 0\n"},
                              {"/etc/z.yaml", std::string(listeners) + "routes: 5\n"},
                              {"/etc/a.yaml", route("main")}})) ==
             "4:10: `workers` must be a whole number from 1 to 1024 or auto, not `0`\n"
             "/etc/z.yaml:1:22: `127.0.0.1:1` is already taken by `127.0.0.1:1` on line 2 of /etc/main.yaml\n"
             "/etc/z.yaml:2:9: `routes` must be a list of mappings, not `5`\n"
             "/etc/a.yaml:1:19: repeated route name `main`; first given on line 3 of /etc/main.yaml\n"
             "/etc/a.yaml:1:31: the route on line 3 of /etc/main.yaml has the same host and path\n");
}

BOOST_AUTO_TEST_CASE(of_a_broken_file_hides_no_other_error_and_adds_none) {
  BOOST_TEST(told(load_files({{"/etc/main.yaml", "include: [ a.yaml ]\nworkers: 0\n"}, {"/etc/a.yaml", "a: [\n"}})) ==
             "2:10: `workers` must be a whole number from 1 to 1024 or auto, not `0`\n"
             "/etc/a.yaml:2:1: not valid YAML: end of sequence flow not found; a ] is missing\n");
}

BOOST_AUTO_TEST_CASE(wants_a_list_of_names) {
  BOOST_TEST(told(load_files({{"/etc/main.yaml", "include: a.yaml\n" + std::string(listeners) + route("a")}})) ==
             "1:10: `include` must be a list of files such as [ conf.d/*.yaml ], not `a.yaml`\n");
  BOOST_TEST(told(load_files({{"/etc/main.yaml", including("[], \"a\\0b\"")}})) ==
             "1:12: an item of `include` must be a file or a pattern such as conf.d/*.yaml, not a list\n"
             "1:16: an item of `include` must be a file or a pattern such as conf.d/*.yaml, not `a\\x00b`\n");
}

BOOST_AUTO_TEST_CASE(all_values_of_all_files_count_together) {
  std::string many = "routes: [ ";
  for (int i = 0; i < 60'000; ++i) many += "1,";
  many += " ]\n";
  const Loaded loaded =
      load_files({{"/etc/main.yaml", including("a.yaml, b.yaml")}, {"/etc/a.yaml", many}, {"/etc/b.yaml", many}});
  BOOST_REQUIRE(!loaded.diagnostics.empty());
  BOOST_TEST(loaded.diagnostics.back().message == "more than 100000 values, aliases expanded");
}

BOOST_AUTO_TEST_CASE(the_main_file_itself_may_be_missing) {
  MemoryFiles files({});
  BOOST_TEST(load("none.yaml", files).diagnostics.at(0).text() ==
             "none.yaml:1:1: cannot read `none.yaml`: there is no such file");
}

BOOST_AUTO_TEST_SUITE_END()
