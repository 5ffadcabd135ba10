find_library(LLMOPS_UTF8PROC_LIBRARY NAMES libutf8proc.a REQUIRED)
llmops_room(llmops_guard_text DIR gateway/guard/text
  SOURCES guard/text/characters.cpp guard/text/code_point_reader.cpp guard/text/offset_map.cpp
          guard/text/plain_run.cpp guard/text/unicode_text.cpp guard/text/normalised_text.cpp
  LINKS "${LLMOPS_UTF8PROC_LIBRARY}")
