llmops_test(guard_rules_test SOURCES rules_urls_test.cpp rules_text_test.cpp rules_leak_test.cpp
  rules_injection_test.cpp rules_detector_test.cpp
  LINKS llmops_guard_rules llmops_guard_text LABELS unit)
llmops_test(guard_redteam_test SOURCES rules_redteam_test.cpp
  LINKS llmops_guard_rules llmops_guard_text LABELS unit)
