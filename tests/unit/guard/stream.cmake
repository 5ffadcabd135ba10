llmops_test(guard_stream_test SOURCES stream_test.cpp LINKS llmops_guard_stream LABELS unit)
