// Names that stand for real values within one session.
//
// A pseudonym looks like the kind of value it stands for and can never be a real one: a month 00, a top-level
// domain that is reserved for it (RFC 2606), an area that is never issued. It says nothing about the value:
// it is drawn from the session's randomness in the order in which values come.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace llmops::guard {

class Pseudonyms {
 public:
  explicit Pseudonyms(std::uint64_t random) : state_(random) {}

  // The pseudonym of a value of a kind ("rrn", "email"; others get a general form). `value` is normalised:
  // the same value has the same pseudonym however it was written; the first `original` is what comes back.
  // `comes_back`: the client gave it, and may read it in the answer.
  const std::string& stand_in(std::string_view kind, const std::string& value, std::string_view original,
                              bool comes_back);

  // Pseudonyms whose values come back.
  std::vector<std::string> returning() const;
  // What comes back for a pseudonym, null for any other text.
  const std::string* original(const std::string& pseudonym) const;

 private:
  std::string invent(std::string_view kind);
  std::uint64_t draw();
  std::string digits(std::size_t count);
  std::string fill(std::string_view form);

  std::uint64_t state_;
  std::map<std::pair<std::string, std::string>, std::string> by_value_;
  struct Known {
    std::string original;
    bool comes_back = false;
  };
  std::map<std::string, Known> by_pseudonym_;
};

}  // namespace llmops::guard
