#include "daemon/version.hpp"

#include <boost/version.hpp>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <spdlog/version.h>

namespace drawbridge::daemon {

std::string version() {
  return fmt::format("drawbridge {}\n{}\nBoost {}.{}.{}\nyaml-cpp {}\nspdlog {}.{}.{}\nprometheus-cpp {}\n",
                     DRAWBRIDGE_VERSION, OpenSSL_version(OPENSSL_VERSION), BOOST_VERSION / 100'000,
                     BOOST_VERSION / 100 % 1'000, BOOST_VERSION % 100, DRAWBRIDGE_YAML_CPP_VERSION, SPDLOG_VER_MAJOR,
                     SPDLOG_VER_MINOR, SPDLOG_VER_PATCH, DRAWBRIDGE_PROMETHEUS_CPP_VERSION);
}

std::string_view our_version() {
  return DRAWBRIDGE_VERSION;
}

std::string openssl_version() {
  return OpenSSL_version(OPENSSL_VERSION_STRING);
}

}  // namespace drawbridge::daemon
