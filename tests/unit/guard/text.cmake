llmops_test(guard_text_test SOURCES text_test.cpp LINKS llmops_guard_text LABELS unit)
