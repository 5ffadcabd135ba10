llmops_room(llmops_guard_stream DIR gateway/guard
  SOURCES guard/stream/hit_list.cpp guard/stream/swallowed.cpp guard/stream/span_search.cpp guard/stream/whole_judgement.cpp
          guard/stream/hold_back.cpp
  LINKS llmops_guard_text)
