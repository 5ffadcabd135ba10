// Rules of CRDs (`x-kubernetes-validations`), evaluated as the API server does.
//
// The Common Expression Language (https://github.com/google/cel-spec), as much of it as our CRDs use:
// literals, variables, selection, has(), `in`, && || ! with the absorption of errors, ?:, comparisons, + and
// -, the macros all exists exists_one filter map, and the functions of functions.hpp and matches() with a
// literal pattern in RE2's syntax. Everything else is refused when a rule is compiled, so that no rule is
// half understood. Types are checked when a rule is evaluated; the API server has checked them when the CRD
// was installed.
//
// Conditions on what a query gave (EvalGates, spec.prometheus) speak the same language about another
// variable, with functions for numbers that CEL lacks.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "crds/base/result.hpp"
#include "crds/cel/value.hpp"

namespace llmops::cel {

struct Expression;

inline constexpr std::size_t kMaxSourceBytes = 4096;
inline constexpr std::size_t kMaxDepth = 32;         // of parentheses and the like
inline constexpr std::size_t kMaxSteps = 1'000'000;  // of one evaluation

enum class Language {
  Rules,      // about self and oldSelf, with what API servers know
  Conditions  // about result, with isNaN(x), isInf(x) and len(x) besides
};

class Program {
 public:
  // Errors: InvalidArgument "byte 12: found …, allowed …"; TooLarge.
  static Result<Program> compile(std::string_view source, Language language = Language::Rules);

  // A transition rule: it compares with the object before, and says nothing about a new one.
  bool uses_old_self() const { return uses_old_self_; }

  // A function or method of this name stands in it.
  bool calls(std::string_view function) const;

  // `value`: of self, or of result. Errors: InvalidArgument (no such key, a type that an operation does not
  // take, oldSelf), TooLarge.
  Result<Value> evaluate(const Value& value) const;

 private:
  Program(std::shared_ptr<const Expression> root, std::vector<std::string> called, Language language,
          bool uses_old_self)
      : root_(std::move(root)),
        called_(std::move(called)),
        language_(language),
        uses_old_self_(uses_old_self) {}
  std::shared_ptr<const Expression> root_;
  std::vector<std::string> called_;
  Language language_ = Language::Rules;
  bool uses_old_self_ = false;
};

}  // namespace llmops::cel
