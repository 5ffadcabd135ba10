find_library(LLMOPS_RE2_LIBRARY NAMES libre2.a REQUIRED)
llmops_room(llmops_gateway_schema DIR gateway/schema
  SOURCES schema/keywords.cpp schema/compile.cpp schema/validate.cpp schema/equal.cpp schema/defaults.cpp
  LINKS llmops_base ${LLMOPS_RE2_LIBRARY} Threads::Threads)
