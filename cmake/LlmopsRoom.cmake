# llmops_room(<target> DIR <folder from the root> SOURCES … [LINKS …])
#
# One static library for one folder. Headers are published under their path from the root
# ("gateway/router/router.hpp"), and only to targets that link the room: an #include that the
# dependency rules forbid does not compile.
function(llmops_room target)
  cmake_parse_arguments(ROOM "" "DIR" "SOURCES;LINKS" ${ARGN})
  set(published "${CMAKE_BINARY_DIR}/rooms/${target}")
  get_filename_component(parent "${published}/${ROOM_DIR}" DIRECTORY)
  file(MAKE_DIRECTORY "${parent}")
  file(CREATE_LINK "${CMAKE_SOURCE_DIR}/${ROOM_DIR}" "${published}/${ROOM_DIR}" SYMBOLIC)
  if(ROOM_SOURCES)
    add_library(${target} STATIC ${ROOM_SOURCES})
    target_include_directories(${target} PUBLIC "${published}")
    target_link_libraries(${target} PUBLIC llmops_flags ${ROOM_LINKS})
    llmops_use_precompiled(${target} llmops_precompiled_optimised)
  else()
    add_library(${target} INTERFACE)
    target_include_directories(${target} INTERFACE "${published}")
    target_link_libraries(${target} INTERFACE llmops_flags ${ROOM_LINKS})
  endif()
endfunction()

# llmops_test(<name> SOURCES … LINKS … [LABELS …])
# A GoogleTest program whose cases ctest sees one by one; built by the target tests_<label>.
function(llmops_test name)
  cmake_parse_arguments(TEST "" "" "SOURCES;LINKS;LABELS" ${ARGN})
  add_executable(${name} ${TEST_SOURCES})
  target_link_libraries(${name} PRIVATE llmops_flags ${TEST_LINKS} GTest::gmock_main)
  llmops_use_precompiled(${name} llmops_precompiled)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
  target_compile_definitions(${name} PRIVATE LLMOPS_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
    LLMOPS_BINARY_DIR="${CMAKE_BINARY_DIR}")
  include(GoogleTest)
  foreach(label ${TEST_LABELS})
    add_dependencies(tests_${label} ${name})
  endforeach()
  gtest_discover_tests(${name} PROPERTIES LABELS "${TEST_LABELS}" TIMEOUT 3000 DISCOVERY_TIMEOUT 60)
endfunction()

# What a target includes anyway, parsed once for all of them that are optimised alike (LLMOPS_PRECOMPILED; made by
# crds/precompiled.cmake).
function(llmops_use_precompiled target header)
  if(LLMOPS_PRECOMPILED)
    target_precompile_headers(${target} REUSE_FROM ${header})
    target_link_libraries(${target} PRIVATE ${header}_options)
    target_link_libraries(${target} PRIVATE llmops_asio)  # its headers have variables of their own
    target_compile_options(${target} PRIVATE -Xclang -fno-pch-timestamp)
  endif()
endfunction()
