// Test cases by their numbers, `tls/6_utf8/6.4.1` and `plain/6_utf8/6.4.1`. Each section has a daemon of its own.

#include "conformance/case.hpp"
#include "conformance/run.hpp"

#include <csignal>
#include <memory>
#include <optional>

#include <boost/make_shared.hpp>
#include <boost/test/unit_test.hpp>

using namespace drawbridge::conformance;

namespace {

namespace test = boost::unit_test;

// The section's daemon runs from its first case to its last.
class Section {
 public:
  Section(const char* name, Transport transport) : suite_(BOOST_TEST_SUITE(name)) {
    suite_->p_fixtures.value.push_back(boost::make_shared<test::function_based_fixture>(
        [bridge = bridge_, transport] { bridge->emplace(transport); }, [bridge = bridge_] { bridge->reset(); }));
  }

  template <class MakeCase>
  void add(const std::string& number, MakeCase make) {
    suite_->add(test::make_test_case([bridge = bridge_, make] { run(make(), **bridge); }, number, __FILE__, __LINE__));
  }

  test::test_suite* suite() const { return suite_; }

 private:
  test::test_suite* suite_;
  std::shared_ptr<std::optional<Bridge>> bridge_ = std::make_shared<std::optional<Bridge>>();
};

test::test_suite* all_sections(const char* name, Transport transport) {
  constexpr std::pair<const char*, std::vector<Case> (*)()> sections[] = {{"1_framing", framing},
                                                                          {"2_pings", pings},
                                                                          {"3_reserved_bits", reserved_bits},
                                                                          {"4_opcodes", opcodes},
                                                                          {"5_fragmentation", fragmentation},
                                                                          {"6_utf8", utf8},
                                                                          {"7_closing", closing},
                                                                          {"10_miscellaneous", miscellaneous},
                                                                          {"R_beyond", beyond}};
  test::test_suite* all = BOOST_TEST_SUITE(name);
  for (const auto& [section_name, cases] : sections) {
    Section section(section_name, transport);
    for (const Case& each : cases()) section.add(each.number, [each] { return each; });
    all->add(section.suite());
  }
  Section section("9_limits", transport);
  for (const Load& load : limits()) section.add(load.number, [load] { return to_case(load); });
  all->add(section.suite());
  return all;
}

bool register_cases() {
  test::framework::master_test_suite().add(all_sections("tls", Transport::tls));
  test::framework::master_test_suite().add(all_sections("plain", Transport::plain));
  return true;
}

}  // namespace

int main(int argc, char* argv[]) {
  std::signal(SIGPIPE, SIG_IGN);  // the daemon may close while a case still writes
  return test::unit_test_main(register_cases, argc, argv);
}
