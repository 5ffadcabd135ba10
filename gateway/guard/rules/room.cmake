find_library(LLMOPS_UTF8PROC_LIBRARY NAMES libutf8proc.a REQUIRED)
llmops_room(llmops_guard_rules DIR gateway/guard
  SOURCES guard/rules/characters.cpp guard/rules/max_tokens.cpp guard/rules/language.cpp
          guard/rules/json_schema_rule.cpp guard/rules/url_text.cpp guard/rules/urls.cpp guard/rules/words.cpp
          guard/rules/system_prompt_leak.cpp guard/rules/canary.cpp guard/rules/injection_patterns.cpp
          guard/rules/injection.cpp guard/rules/detector_api.cpp
  LINKS llmops_api llmops_guard_pattern llmops_gateway_schema "${LLMOPS_UTF8PROC_LIBRARY}")
