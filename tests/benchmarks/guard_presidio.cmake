add_executable(guard_presidio guard_presidio.cpp "${CMAKE_SOURCE_DIR}/tests/unit/guard/engine_prose.cpp")
target_link_libraries(guard_presidio PRIVATE llmops_flags llmops_guard)
target_include_directories(guard_presidio PRIVATE "${CMAKE_SOURCE_DIR}")
set_target_properties(guard_presidio PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
