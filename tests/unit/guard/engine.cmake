llmops_test(guard_engine_test
  SOURCES engine_actions_test.cpp engine_pseudonyms_test.cpp engine_detectors_test.cpp engine_cuts_test.cpp
          engine_prose_test.cpp engine_prose.cpp engine_white_space_test.cpp
  LINKS llmops_guard LABELS unit)
llmops_test(guard_cli_test SOURCES engine_cli_test.cpp LINKS llmops_cli llmops_platform_real LABELS unit)
target_include_directories(guard_cli_test PRIVATE "${CMAKE_SOURCE_DIR}")
