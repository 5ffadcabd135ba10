find_library(LLMOPS_RE2_LIBRARY NAMES libre2.a REQUIRED)
llmops_room(llmops_cel DIR crds/cel
  SOURCES cel/value.cpp cel/lexer.cpp cel/functions.cpp cel/build.cpp cel/parser.cpp cel/evaluator.cpp
  LINKS llmops_base ${LLMOPS_RE2_LIBRARY} Threads::Threads)
