llmops_test(guard_recognisers_test
  SOURCES recognisers/harness.cpp recognisers/check_digits_test.cpp recognisers/overlaps_test.cpp
          recognisers/pii_rule_test.cpp recognisers/secrets_rule_test.cpp recognisers/law_test.cpp
          recognisers/measured.cpp recognisers/labelled_set_test.cpp
  LINKS llmops_guard_recognisers llmops_guard_text LABELS unit)
add_test(NAME RecognisersLabelledSet.IsWhatItsScriptWrites
  COMMAND python3 -B "${CMAKE_SOURCE_DIR}/tests/data/recognisers/generate.py" --check)
set_tests_properties(RecognisersLabelledSet.IsWhatItsScriptWrites PROPERTIES LABELS unit)
