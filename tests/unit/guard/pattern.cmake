llmops_test(guard_pattern_test
  SOURCES pattern_samples.cpp pattern_set_test.cpp pattern_stream_test.cpp pattern_syntax_test.cpp
          pattern_limits_test.cpp pattern_long_texts_test.cpp pattern_rules_test.cpp
  LINKS llmops_guard_pattern LABELS unit)
