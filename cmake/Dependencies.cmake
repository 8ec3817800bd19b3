# Debian 12's packages. Boost 1.81's headers live beside the default 1.74 packages, so no component search by suffix.

find_package(Boost 1.81 REQUIRED COMPONENTS json unit_test_framework)
find_package(OpenSSL 3.0 REQUIRED)
find_package(Threads REQUIRED)
find_library(CRYPT_LIBRARY crypt REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(spdlog REQUIRED)
find_package(fmt REQUIRED)
find_package(CLI11 REQUIRED)
find_package(PkgConfig REQUIRED)
# Not by its CMake file, which asks for what its parts need that are not used here: a web server and a client.
pkg_check_modules(PROMETHEUS REQUIRED IMPORTED_TARGET prometheus-cpp-core)
pkg_check_modules(SYSTEMD REQUIRED IMPORTED_TARGET libsystemd)

# Not by pkg-config: cjose.pc asks for jansson's headers, which cjose's own do not need and Debian does not bring along.
find_path(CJOSE_INCLUDE_DIRECTORY cjose/jws.h REQUIRED)
find_library(CJOSE_LIBRARY cjose REQUIRED)
add_library(Cjose::Cjose UNKNOWN IMPORTED)
set_target_properties(Cjose::Cjose PROPERTIES
  IMPORTED_LOCATION ${CJOSE_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${CJOSE_INCLUDE_DIRECTORY})

# Headers of other people are not held to our warnings.
foreach(target Boost::headers yaml-cpp)
  if(TARGET ${target})
    get_target_property(directories ${target} INTERFACE_INCLUDE_DIRECTORIES)
    if(directories)
      set_target_properties(${target} PROPERTIES INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${directories}")
    endif()
  endif()
endforeach()
