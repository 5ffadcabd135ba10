# The headers that nearly every file includes, directly or not, precompiled. It names what is borrowed and what the lowest
# rooms publish; whether a room may include them is what the release build checks.
add_custom_target(llmops_generated DEPENDS ${generated})
set(types ${generated})
list(FILTER types INCLUDE REGEX "\\.hpp$")
file(CONFIGURE OUTPUT precompiled.cpp CONTENT "")

# Once for rooms, which are optimised a little: tests with sanitizers spend their time there. And once for tests and programs,
# which are compiled faster without.
add_library(llmops_precompiled_options INTERFACE)
add_library(llmops_precompiled_optimised_options INTERFACE)
target_compile_options(llmops_precompiled_optimised_options INTERFACE -O1)

foreach(header llmops_precompiled llmops_precompiled_optimised)
  add_library(${header} OBJECT "${CMAKE_CURRENT_BINARY_DIR}/precompiled.cpp")
  add_dependencies(${header} llmops_generated)
  target_link_libraries(${header} PRIVATE llmops_flags ${header}_options GTest::gmock)
  target_include_directories(${header} PRIVATE "${CMAKE_BINARY_DIR}/rooms/llmops_base" "${CMAKE_BINARY_DIR}/rooms/llmops_api"
    "${CMAKE_BINARY_DIR}/generated")
  target_compile_options(${header} PRIVATE -Xclang -fno-pch-timestamp)
  target_precompile_headers(${header} PRIVATE
    <algorithm> <array> <charconv> <chrono> <cmath> <cstdint> <cstdio> <cstdlib> <deque> <filesystem> <fstream> <functional>
    <limits> <map> <memory> <optional> <ostream> <random> <set> <span> <sstream> <string> <string_view> <tuple> <unordered_map>
    <utility> <variant> <vector>
    <boost/asio/awaitable.hpp> <boost/asio/use_awaitable.hpp> <nlohmann/json.hpp> <gmock/gmock.h> <gtest/gtest.h>
    ${types})
  set_target_properties(${header} PROPERTIES PCH_INSTANTIATE_TEMPLATES ON)
endforeach()
