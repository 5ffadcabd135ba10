find_package(benchmark REQUIRED)
add_executable(guard_pattern guard_pattern.cpp)
target_link_libraries(guard_pattern PRIVATE llmops_flags llmops_guard_pattern benchmark::benchmark)
set_target_properties(guard_pattern PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
