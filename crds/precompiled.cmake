# The headers that nearly every file includes, directly or not, as one precompiled header. It names what is borrowed and what
# the lowest rooms publish; whether a room may include them is what the release build checks.
add_custom_target(llmops_generated DEPENDS ${generated})
set(types ${generated})
list(FILTER types INCLUDE REGEX "\\.hpp$")
file(CONFIGURE OUTPUT precompiled.cpp CONTENT "")
add_library(llmops_precompiled OBJECT "${CMAKE_CURRENT_BINARY_DIR}/precompiled.cpp")
add_dependencies(llmops_precompiled llmops_generated)
target_link_libraries(llmops_precompiled PRIVATE llmops_flags GTest::gmock)
target_include_directories(llmops_precompiled PRIVATE "${CMAKE_BINARY_DIR}/rooms/llmops_base" "${CMAKE_BINARY_DIR}/rooms/llmops_api"
  "${CMAKE_BINARY_DIR}/generated")
target_compile_options(llmops_precompiled PRIVATE -Xclang -fno-pch-timestamp)
target_precompile_headers(llmops_precompiled PRIVATE
  <algorithm> <array> <charconv> <chrono> <cmath> <cstdint> <cstdio> <cstdlib> <deque> <filesystem> <fstream> <functional>
  <limits> <map> <memory> <optional> <ostream> <random> <set> <span> <sstream> <string> <string_view> <tuple> <unordered_map>
  <utility> <variant> <vector>
  <boost/asio/awaitable.hpp> <boost/asio/use_awaitable.hpp> <nlohmann/json.hpp> <gmock/gmock.h> <gtest/gtest.h>
  ${types})
set_target_properties(llmops_precompiled PROPERTIES PCH_INSTANTIATE_TEMPLATES ON)
