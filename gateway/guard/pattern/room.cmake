find_library(LLMOPS_UTF8PROC_LIBRARY NAMES libutf8proc.a REQUIRED)
find_library(LLMOPS_RE2_LIBRARY NAMES libre2.a REQUIRED)
llmops_room(llmops_guard_pattern DIR gateway/guard
  SOURCES guard/pattern/automaton.cpp guard/pattern/class_syntax.cpp guard/pattern/code_points.cpp
          guard/pattern/lazy_dfa.cpp guard/pattern/machines.cpp guard/pattern/pattern_rule.cpp
          guard/pattern/pattern_set.cpp guard/pattern/regex_rule.cpp guard/pattern/resume.cpp
          guard/pattern/search.cpp guard/pattern/search_hits.cpp guard/pattern/search_single.cpp
          guard/pattern/start_bytes.cpp guard/pattern/steps.cpp
          guard/pattern/syntax.cpp guard/pattern/words_rule.cpp
  LINKS llmops_api "${LLMOPS_RE2_LIBRARY}" "${LLMOPS_UTF8PROC_LIBRARY}" Threads::Threads)
