# GTest: the world of the unit tests settles itself, and says with gtest when it cannot.
add_executable(operator_decide operator_decide.cpp ../unit/controllers/release_world.cpp)
target_link_libraries(operator_decide PRIVATE llmops_flags llmops_release benchmark::benchmark GTest::gtest)
set_target_properties(operator_decide PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
