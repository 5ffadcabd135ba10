find_library(LLMOPS_RE2_LIBRARY NAMES libre2.a REQUIRED)
llmops_room(llmops_guard_refusal DIR gateway/guard/refusal
  SOURCES guard/refusal/refusal.cpp
  LINKS llmops_guard_text "${LLMOPS_RE2_LIBRARY}" Threads::Threads)
