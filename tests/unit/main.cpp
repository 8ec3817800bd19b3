#define BOOST_TEST_MODULE drawbridge
#include <boost/test/unit_test.hpp>
