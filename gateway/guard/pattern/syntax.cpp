#include "gateway/guard/pattern/syntax.hpp"

#include <string>
#include <utility>

#include "gateway/guard/pattern/class_syntax.hpp"

namespace llmops::guard {
namespace {

constexpr int kMostNesting = 100;
constexpr int kMostRepetition = 1000;  // as in RE2

Expression set_of(CodePointSet set) {
  Expression expression;
  expression.kind = Expression::Kind::Set;
  expression.set = std::move(set);
  return expression;
}

Expression code_point_of(std::uint32_t code_point, bool ignore_case) {
  CodePointSet set(code_point);
  if (ignore_case) set.add_other_cases();
  return set_of(std::move(set));
}

Expression assertion_of(Assertion assertion) {
  Expression expression;
  expression.kind = Expression::Kind::Assertion;
  expression.assertion = assertion;
  return expression;
}

struct Flags {
  bool dot_is_all = false;
  bool lines = false;
};

class Parser {
 public:
  Parser(std::string_view text, bool ignore_case) {
    reader_.text = text;
    reader_.ignore_case = ignore_case;
  }

  Result<Expression> parse() {
    Expression whole = choice(0);
    if (!reader_.done()) reader_.fail(reader_.position, ") without (");
    if (!reader_.error.empty()) return Error{ErrorCode::InvalidArgument, reader_.error};
    return whole;
  }

 private:
  Expression choice(int depth) {
    std::vector<Expression> alternatives;
    if (depth > kMostNesting)
      reader_.fail(reader_.position, "groups are nested deeper than " + std::to_string(kMostNesting));
    do alternatives.push_back(sequence(depth));
    while (reader_.error.empty() && reader_.take("|"));
    if (alternatives.size() == 1) return std::move(alternatives.front());
    Expression expression;
    expression.kind = Expression::Kind::Choice;
    expression.parts = std::move(alternatives);
    return expression;
  }

  Expression sequence(int depth) {
    Expression expression;
    expression.kind = Expression::Kind::Sequence;
    while (!reader_.done() && !reader_.next_is("|") && !reader_.next_is(")")) {
      if (reader_.take("\\Q")) {
        quoted(expression);
        continue;
      }
      const std::size_t at = reader_.position;
      std::optional<Expression> atom = read_atom(depth);
      if (!reader_.error.empty()) break;
      if (!atom) continue;
      expression.parts.push_back(repeated(std::move(*atom), at));
    }
    return expression;
  }

  void quoted(Expression& sequence) {
    while (!reader_.done() && !reader_.take("\\E"))
      if (const auto code = reader_.code_point())
        sequence.parts.push_back(code_point_of(*code, reader_.ignore_case));
    if (!sequence.parts.empty() && reader_.error.empty())
      sequence.parts.back() = repeated(std::move(sequence.parts.back()), reader_.position);
  }

  // Nullopt without an error: something that only sets flags.
  std::optional<Expression> read_atom(int depth) {
    const std::size_t at = reader_.position;
    switch (reader_.text[at]) {
      case '(':
        return group(depth);
      case '[':
        return set_of(read_class(reader_));
      case '.': {
        ++reader_.position;
        CodePointSet all{{0, CodePointSet::kLast}};
        if (!flags_.dot_is_all) all = CodePointSet{{0, '\n' - 1}, {'\n' + 1, CodePointSet::kLast}};
        return set_of(std::move(all));
      }
      case '^':
        ++reader_.position;
        return assertion_of(flags_.lines ? Assertion::LineBegin : Assertion::TextBegin);
      case '$':
        ++reader_.position;
        return assertion_of(flags_.lines ? Assertion::LineEnd : Assertion::TextEnd);
      case '*':
      case '+':
      case '?':
        reader_.fail(at, "there is nothing to repeat before this");
        return std::nullopt;
      case '\\':
        return escape();
      default:
        break;
    }
    const auto code = reader_.code_point();
    if (!code) return std::nullopt;
    return code_point_of(*code, reader_.ignore_case);
  }

  std::optional<Expression> escape() {
    if (reader_.take("\\b")) return assertion_of(Assertion::WordBoundary);
    if (reader_.take("\\B")) return assertion_of(Assertion::NoWordBoundary);
    if (reader_.take("\\A")) return assertion_of(Assertion::TextBegin);
    if (reader_.take("\\z")) return assertion_of(Assertion::TextEnd);
    if (auto set = read_class_escape(reader_)) return set_of(std::move(*set));
    const auto code = read_escape(reader_);
    if (!code) return std::nullopt;
    return code_point_of(*code, reader_.ignore_case);
  }

  std::optional<Expression> group(int depth) {
    const std::size_t at = reader_.position;
    const Flags outer = flags_;
    const bool outer_ignore_case = reader_.ignore_case;
    reader_.take("(");
    if (reader_.take("?") && !group_head(at)) return std::nullopt;
    Expression inside = choice(depth + 1);
    if (reader_.error.empty() && !reader_.take(")")) reader_.fail(at, "( without )");
    flags_ = outer;
    reader_.ignore_case = outer_ignore_case;
    return inside;
  }

  // Behind "(?". False when no group follows: flags for the rest of the group around, or an error.
  bool group_head(std::size_t at) {
    for (const std::string_view head : {"=", "!", "<=", "<!"})
      if (reader_.next_is(head)) {
        reader_.fail(at,
                     "look-around (?" + std::string(head) +
                         " is not allowed: it has no linear time; allowed on the neighbours are \\b \\B ^ $");
        return false;
      }
    if (reader_.take("P<") || reader_.take("<")) {
      const std::size_t end = reader_.text.find('>', reader_.position);
      if (end == std::string_view::npos || end == reader_.position) {
        reader_.fail(at, "the name of the group has no end or is empty");
        return false;
      }
      reader_.position = end + 1;
      return true;
    }
    return flag_letters(at);
  }

  bool flag_letters(std::size_t at) {
    bool on = true;
    while (!reader_.done()) {
      switch (reader_.text[reader_.position++]) {
        case 'i':
          reader_.ignore_case = on;
          break;
        case 's':
          flags_.dot_is_all = on;
          break;
        case 'm':
          flags_.lines = on;
          break;
        case 'U':
          break;  // greedy or lazy makes no difference to the longest match
        case '-':
          on = false;
          break;
        case ':':
          return true;
        case ')':
          return false;
        default:
          reader_.fail(
              at, "this kind of group is not allowed; allowed: (…) (?:…) (?P<name>…) and the flags i m s U");
          return false;
      }
    }
    reader_.fail(at, "( without )");
    return false;
  }

  Expression repeated(Expression atom, std::size_t at) {
    int least = 0;
    int most = 0;
    if (!quantifier(least, most)) return atom;
    if (atom.kind == Expression::Kind::Assertion) reader_.fail(at, "an assertion cannot be repeated");
    reader_.take("?");
    const std::size_t next = reader_.position;
    int ignored = 0;
    if (reader_.error.empty() && quantifier(ignored, ignored))
      reader_.fail(next, "a repetition is repeated; put the inner one into a group");
    Expression expression;
    expression.kind = Expression::Kind::Repeat;
    expression.parts.push_back(std::move(atom));
    expression.least = least;
    expression.most = most;
    return expression;
  }

  bool quantifier(int& least, int& most) {
    const std::size_t at = reader_.position;
    most = Expression::kUnbounded;
    if (reader_.take("*")) return least = 0, true;
    if (reader_.take("+")) return least = 1, true;
    if (reader_.take("?")) return least = 0, most = 1, true;
    if (!reader_.take("{")) return false;
    const std::optional<int> first = number();
    const bool comma = first && reader_.take(",");
    std::optional<int> second = first;
    if (comma) second = number();
    if (!first || !reader_.take("}")) {
      reader_.position = at;  // then it is a brace like any other character
      return false;
    }
    least = *first;
    most = second.value_or(Expression::kUnbounded);
    if (least > kMostRepetition || most > kMostRepetition || (most >= 0 && most < least))
      reader_.fail(at, "the repetition must have the form {least,most} with least ≤ most ≤ " +
                           std::to_string(kMostRepetition));
    return true;
  }

  std::optional<int> number() {
    std::optional<int> value;
    while (!reader_.done() && reader_.text[reader_.position] >= '0' &&
           reader_.text[reader_.position] <= '9') {
      value = value.value_or(0) * 10 + (reader_.text[reader_.position++] - '0');
      if (*value > kMostRepetition) value = kMostRepetition + 1;
    }
    return value;
  }

  ExpressionReader reader_;
  Flags flags_;
};

}  // namespace

Neighbour neighbour_kind(unsigned char byte) {
  if (byte == '\n') return kNewline;
  const bool word = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                    (byte >= 'a' && byte <= 'z') || byte == '_';
  return word ? kWord : kOther;
}

unsigned char allowed_after(Assertion assertion, Neighbour before) {
  constexpr unsigned char kNoWord = kAnyNeighbour & ~kWord;
  switch (assertion) {
    case Assertion::TextBegin:
      return before == kTextEdge ? kAnyNeighbour : 0;
    case Assertion::LineBegin:
      return (before & (kTextEdge | kNewline)) != 0 ? kAnyNeighbour : 0;
    case Assertion::TextEnd:
      return kTextEdge;
    case Assertion::LineEnd:
      return kTextEdge | kNewline;
    case Assertion::WordBoundary:
      return before == kWord ? kNoWord : static_cast<unsigned char>(kWord);
    case Assertion::NoWordBoundary:
      return before == kWord ? static_cast<unsigned char>(kWord) : kNoWord;
  }
  return 0;
}

Result<Expression> parse_expression(std::string_view text, bool ignore_case) {
  return Parser(text, ignore_case).parse();
}

Result<Expression> literal_expression(std::string_view text, bool ignore_case) {
  ExpressionReader reader;
  reader.text = text;
  Expression sequence;
  sequence.kind = Expression::Kind::Sequence;
  while (!reader.done())
    if (const auto code = reader.code_point()) sequence.parts.push_back(code_point_of(*code, ignore_case));
  if (!reader.error.empty()) return Error{ErrorCode::InvalidArgument, reader.error};
  return sequence;
}

}  // namespace llmops::guard
