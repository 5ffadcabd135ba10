llmops_room(llmops_guard DIR gateway/guard
  SOURCES guard/engine/rule_table.cpp guard/engine/literal_rule.cpp guard/engine/pseudonyms.cpp
          guard/engine/json_position.cpp guard/engine/program.cpp guard/engine/enforcer.cpp
          guard/engine/detector_gate.cpp guard/engine/session.cpp
  LINKS llmops_guard_stream llmops_guard_pattern llmops_guard_recognisers llmops_guard_rules llmops_api)
