llmops_room(llmops_structural DIR crds/structural
  SOURCES structural/schema.cpp structural/unknown_fields.cpp structural/metadata.cpp structural/values.cpp
          structural/lists.cpp structural/rules.cpp structural/check.cpp ${definitions}
  LINKS llmops_cel)
