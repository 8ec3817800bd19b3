#define BOOST_TEST_MODULE drawbridge
#include <csignal>

#include <boost/test/unit_test.hpp>

// A peer that goes away while a test writes to it is an error to look at, not the end of the program.
struct IgnoreBrokenPipes {
  IgnoreBrokenPipes() { std::signal(SIGPIPE, SIG_IGN); }
};
BOOST_TEST_GLOBAL_FIXTURE(IgnoreBrokenPipes);
