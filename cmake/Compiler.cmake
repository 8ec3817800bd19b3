# What every translation unit is compiled and linked with.

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Werror -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
                    -Woverloaded-virtual -Wnull-dereference -Wold-style-cast -Wimplicit-fallthrough)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports these in its own standard library and in coroutine frames, where there is nothing to mend.
  add_compile_options(-Wno-maybe-uninitialized -Wno-null-dereference -Wno-mismatched-new-delete -Wno-restrict)
endif()

add_link_options(-fuse-ld=lld)

if(DRAWBRIDGE_SANITIZE)
  add_compile_options(-fsanitize=${DRAWBRIDGE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${DRAWBRIDGE_SANITIZE})
  if(DRAWBRIDGE_SANITIZE MATCHES "undefined")
    # Its check of virtual tables opens a pipe to look at memory, and calls it wrong when no descriptor is left.
    add_compile_options(-fno-sanitize=vptr)
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND DRAWBRIDGE_SANITIZE MATCHES "undefined")
    # clang 14 cannot compile its check of function types into coroutines.
    add_compile_options(-fno-sanitize=function)
  endif()
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection)
  if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
    add_compile_options(-fcf-protection)
  endif()
  add_link_options(LINKER:-z,relro LINKER:-z,now LINKER:-z,noexecstack)
endif()

if(DRAWBRIDGE_COVERAGE)
  add_compile_options(-fprofile-instr-generate -fcoverage-mapping)
  add_link_options(-fprofile-instr-generate)
endif()

if(DRAWBRIDGE_LIBFUZZER)
  # Coverage in everything; each target links the engine itself (fuzz/CMakeLists.txt).
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_link_options(-fsanitize=fuzzer-no-link)
endif()

set(CMAKE_POSITION_INDEPENDENT_CODE ON)
include(CheckPIESupported)
check_pie_supported()
