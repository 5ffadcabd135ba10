# Compiler, warnings, hardening, sanitizers and the borrowed libraries: one place for all targets.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

# g++ 12 miscompiles ordinary coroutines, so only clang is supported.
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang" OR CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
  message(FATAL_ERROR "llmops-operator needs clang 19 or newer; use a preset: cmake --preset release")
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  # CCACHE_BASEDIR lets clones at different paths share one cache.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env "CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}" CCACHE_NOHASHDIR=1 CCACHE_DEPEND=1
      CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE_PROGRAM})
endif()

# A build with sanitizers is one more beside the release build: what nearly all files include is parsed once there. The
# release build goes without, so that a file which forgets an include does not compile.
option(LLMOPS_PRECOMPILED "precompile the borrowed headers and the API's types" OFF)
if(LLMOPS_PRECOMPILED)
  set(CMAKE_CXX_COMPILE_OPTIONS_PIC -fPIE)  # one header for rooms and programs; nothing here is a shared library
endif()

set(LLMOPS_SANITIZE "" CACHE STRING "comma-separated sanitizers: 'address,undefined' or 'thread'")

add_library(llmops_flags INTERFACE)
target_compile_options(llmops_flags INTERFACE
  -Wall -Wextra -Werror -Wshadow -Wnon-virtual-dtor -Wno-missing-field-initializers
  -fstack-protector-strong -fstack-clash-protection -fcf-protection -ftrivial-auto-var-init=zero
  -ffile-prefix-map=${CMAKE_SOURCE_DIR}=. -ffile-prefix-map=${CMAKE_BINARY_DIR}=build
  $<$<CONFIG:Debug>:-g1>
  $<$<CONFIG:Release>:-ffunction-sections -fdata-sections>)
target_compile_definitions(llmops_flags INTERFACE
  _GLIBCXX_ASSERTIONS
  $<$<CONFIG:Release>:_FORTIFY_SOURCE=3>
  BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION
  SPDLOG_HEADER_ONLY FMT_HEADER_ONLY SPDLOG_FMT_EXTERNAL
  LLMOPS_VERSION="${PROJECT_VERSION}")
target_link_options(llmops_flags INTERFACE -fuse-ld=lld-19 -Wl,-z,relro,-z,now
  $<$<CONFIG:Release>:-Wl,--gc-sections>)
if(LLMOPS_SANITIZE)
  target_compile_options(llmops_flags INTERFACE -fsanitize=${LLMOPS_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(llmops_flags INTERFACE -fsanitize=${LLMOPS_SANITIZE})
endif()

find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(GTest REQUIRED)
find_package(ZLIB REQUIRED)
find_package(simdjson REQUIRED)
# The system's interpreter: the one that Debian's python3-yaml belongs to.
set(Python3_ROOT_DIR /usr)
set(Python3_FIND_STRATEGY LOCATION)
find_package(Python3 REQUIRED COMPONENTS Interpreter)
