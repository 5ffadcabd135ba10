llmops_room(llmops_guard_recognisers DIR gateway/guard/recognisers
  SOURCES guard/recognisers/check_digits.cpp guard/recognisers/neighbours.cpp guard/recognisers/context_words.cpp
          guard/recognisers/overlaps.cpp guard/recognisers/ip_address.cpp guard/recognisers/korean_numbers.cpp
          guard/recognisers/contact_numbers.cpp guard/recognisers/international_numbers.cpp guard/recognisers/number_family.cpp
          guard/recognisers/spaced_family.cpp guard/recognisers/letters_family.cpp guard/recognisers/address.cpp
          guard/recognisers/pii_rule.cpp guard/recognisers/secret_patterns.cpp guard/recognisers/secrets_rule.cpp
  LINKS llmops_guard_pattern llmops_api)
